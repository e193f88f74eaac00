"""Facts: what may be known about a matter, each named once for all packs, so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flaw import Flaw, Flawed
from doorstep.rulebook.words import Words

Class = Literal["public", "personal", "secret"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. ``proved_by``: the materials that show it; ``fresh``: how long a fetched value is good."""

    name: str
    title: Words
    class_: Class
    schema: Mapping[str, Any]
    options: Mapping[str, Words] = field(default_factory=dict)
    proved_by: tuple[str, ...] = ()
    fresh: Limit | None = None


def read_facts(raw: Mapping[str, Any]) -> dict[str, Fact]:
    """All facts of ``packs/facts.yaml`` by name. Flawed if one lacks its words, its class or its type."""
    types = raw.get("types") or {}
    flaws: list[Flaw] = []
    facts = {}
    for name, one in (raw.get("facts") or {}).items():
        try:
            facts[name] = _fact(name, one, types)
        except (KeyError, ValueError, TypeError) as why:
            zh, en = f"事实“{name}”写得不完整：{why}", f"fact '{name}' is incomplete: {why}"
            flaws.append(Flaw(("facts", name), "fact.shape", Words(zh, en)))
    if flaws:
        raise Flawed(flaws)
    return facts


def _fact(name: str, one: Mapping[str, Any], types: Mapping[str, Any]) -> Fact:
    if one["class"] not in get_args(Class):
        raise ValueError(f"class {one['class']!r}")
    options = {str(value): Words.of(words) for value, words in (one.get("options") or {}).items()}
    schema = {"enum": list(options)} if options else types[one["type"]]
    fresh = Limit.parse(one["fresh"]) if one.get("fresh") else None
    proofs = tuple(one.get("proved_by") or ())
    return Fact(name, Words.of(one["title"]), one["class"], schema, options, proofs, fresh)
