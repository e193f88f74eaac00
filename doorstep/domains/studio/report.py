"""What each item has: questions, papers, steps, who has it how often, times and how sure they are, examples and what they
notice; and which items ask exactly the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from doorstep.domains.studio.mutant import mutate
from doorstep.domains.studio.national import families
from doorstep.rulebook.flow import Step
from doorstep.rulebook.pack import Pack


@dataclass(frozen=True, slots=True)
class Count:
    """One item in numbers."""

    code: str
    title: str
    questions: int
    materials: int
    steps: int
    legs: tuple[str, ...]
    """Who has it, one after the other: received, competent, county, applicant …; the same twice running is one leg."""
    statutory: str
    promise: str
    visits: int
    rows: int
    limits_sure: int
    limits_unsure: int
    papers: int
    examples: int
    mutants: int
    caught: int
    channels: tuple[str, ...]
    profile: tuple[str, ...]
    asks_like: tuple[str, ...]
    """Other items with the same questions."""

    def as_dict(self) -> dict[str, Any]:
        """The shape that ``packs report --json`` prints."""
        return asdict(self)


def count_all(packs: Sequence[Pack]) -> Iterator[Count]:
    """Each item in numbers, one after the other."""
    same = {one.code: [each.code for each in family] for family in families(packs) for one in family}
    for one in packs:
        yield count(one, tuple(code for code in same.get(one.code, ()) if code != one.code))


def count(one: Pack, asks_like: tuple[str, ...] = ()) -> Count:
    """An item in numbers; its mutants are tried, unless a domain's machine moves it."""
    asked = [item for field in one.form.fields for item in (field.items or (field,))]
    rows = [row for dated in one.raw["limits"].values() for row in dated]
    tried = None if one.flow.machine else mutate(one)
    return Count(
        one.code, one.title.zh, len(asked), len(one.materials),
        len(_waiting(one)), tuple(by for by, _ in itertools.groupby(step.by for step in _waiting(one))),
        str(one.statutory or ""), str(one.promise), int(one.raw["visits"]),
        sum(len(table["rows"]) for table in (one.raw.get("tables") or {}).values()),
        sum(row["sure"] for row in rows), sum(not row["sure"] for row in rows), len(one.gives), len(one.raw["examples"]),
        tried.tried if tried else 0, tried.caught if tried else 0, one.channels, tuple(one.raw.get("profile") or ()), asks_like,
    )  # fmt: skip


def _waiting(one: Pack) -> list[Step]:
    return [step for step in one.flow.steps.values() if step.waits and step.place >= 0]
