"""What each item has, counted: questions, papers, steps, limits and how sure they are, examples and what they notice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from doorstep.domains.studio.mutant import mutate
from doorstep.rulebook.pack import Pack


@dataclass(frozen=True, slots=True)
class Count:
    """One item in numbers."""

    code: str
    title: str
    questions: int
    materials: int
    steps: int
    rows: int
    limits_sure: int
    limits_unsure: int
    papers: int
    examples: int
    mutants: int
    caught: int
    channels: tuple[str, ...]
    profile: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The shape that ``packs report --json`` prints."""
        return asdict(self)


def count(one: Pack) -> Count:
    """An item in numbers; its mutants are tried, unless a domain's machine moves it."""
    asked = [item for field in one.form.fields for item in (field.items or (field,))]
    rows = [row for dated in one.raw["limits"].values() for row in dated]
    tried = None if one.flow.machine else mutate(one)
    return Count(
        one.code, one.title.zh, len(asked), len(one.materials),
        sum(step.waits and step.place >= 0 for step in one.flow.steps.values()),
        sum(len(table["rows"]) for table in (one.raw.get("tables") or {}).values()),
        sum(row["sure"] for row in rows), sum(not row["sure"] for row in rows), len(one.gives), len(one.raw["examples"]),
        tried.tried if tried else 0, tried.caught if tried else 0, one.channels, tuple(one.raw.get("profile") or ()),
    )  # fmt: skip
