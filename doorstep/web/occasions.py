"""What happens to people, and the services they need then: `packs/occasions.yaml`, for those who do not know what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.pack import ROOT, Pack
from doorstep.rulebook.words import Words


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that happens: its name, a line about it, an icon, and what is needed then: first the ``items``, then ``groups``."""

    id: str
    title: Words
    line: Words
    icon: str
    items: tuple[str, ...]
    groups: tuple[str, ...]

    def of(self, packs: Iterable[Pack]) -> tuple[Pack, ...]:
        """Those of ``packs`` that are needed, in the order in which they usually are."""
        offered = list(packs)
        named = {one.code: one for one in offered}
        first = [named[code] for code in self.items if code in named]
        rest = [one for one in offered if one.raw["group"]["zh"] in self.groups and one not in first]
        return (*first, *rest)


@cache
def _read(path: Path = ROOT / "occasions.yaml") -> Mapping[str, Any]:
    found: Mapping[str, Any] = plain(compose(path.read_text(encoding="utf-8"), path.name))
    return found


def tips() -> list[Words]:
    """Questions that many people have, as examples of how to ask."""
    return [Words.of(one) for one in _read()["tips"]]


def usual(packs: Iterable[Pack]) -> list[Pack]:
    """Those of ``packs`` that windows are asked for most, in that order; then the others as they are."""
    first = {code: at for at, code in enumerate(_read()["window"])}
    return sorted(packs, key=lambda one: first.get(one.code, len(first)))


@cache
def occasions() -> tuple[Occasion, ...]:
    """All of them, in the order of the file. KeyError if one lacks a part."""
    return tuple(_occasion(one) for one in _read()["occasions"])


def _occasion(raw: Mapping[str, Any]) -> Occasion:
    return Occasion(
        raw["id"], Words.of(raw["title"]), Words.of(raw["line"]), raw["icon"],
        tuple(raw.get("items", ())), tuple(raw.get("groups", ())),
    )  # fmt: skip
