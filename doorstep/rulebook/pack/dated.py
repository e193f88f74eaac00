"""Values that the law may change: each row says when it holds, where it comes from, and how sure that is."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from doorstep.rulebook.flaw import Flaw
from doorstep.rulebook.words import Words


@dataclass(frozen=True, slots=True)
class Dated:
    """One row. ``first`` None: as long as anybody remembers; ``last`` None: until further notice."""

    first: date | None
    last: date | None
    value: Mapping[str, Any]
    source: str
    sure: bool

    def holds(self, on: date) -> bool:
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)


def read_dated(raw: Sequence[Mapping[str, Any]]) -> tuple[Dated, ...]:
    """Rows in the order of their dates. ValueError for a date that is none."""
    rows = []
    for one in raw:
        value = {key: what for key, what in one.items() if key not in ("from", "to", "source", "sure")}
        first, last = (date.fromisoformat(one[key]) if one.get(key) else None for key in ("from", "to"))
        rows.append(Dated(first, last, value, str(one["source"]), bool(one["sure"])))
    return tuple(sorted(rows, key=lambda row: row.first or date.min))


def in_force(rows: Sequence[Dated], on: date | None) -> Dated | None:
    """The row that holds on a day; without a day, the latest."""
    if on is None:
        return rows[-1] if rows else None
    return next((row for row in rows if row.holds(on)), None)


def overlaps(rows: Sequence[Dated], *where: str | int) -> list[Flaw]:
    """A flaw for each pair of rows that hold on the same day, or leave a day between them without a value."""
    flaws = []
    for before, after in itertools.pairwise(rows):
        if before.last is None or after.first is None or before.last >= after.first:
            words = Words("两行的日期重叠", "two rows hold on the same day")
            flaws.append(Flaw(where, "dated.overlap", words))
        elif (after.first - before.last).days > 1:
            words = Words(
                f"{before.last} 到 {after.first} 之间没有值",
                f"no value between {before.last} and {after.first}",
            )
            flaws.append(Flaw(where, "dated.gap", words))
    return flaws
