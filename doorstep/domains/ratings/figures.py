"""What is published of ratings: per unit and per item, of how many that could have rated, in full fives, from the day after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import connection

from doorstep.domains.ratings.call_back import screened
from doorstep.domains.ratings.models import Published
from doorstep.domains.ratings.rate import unrated
from doorstep.kernel.crypto import open_sealed
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.trust import keys
from doorstep.rulebook import clock, pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

FEW = 10
"""A unit or item with fewer ended matters is not told apart."""
_FRESH_MINUTES = 2


@dataclass(frozen=True, slots=True)
class Line:
    """The ratings of one unit or item. ``votes`` by level hold full fives only, so ``rated`` may lag behind by a few."""

    subject: str
    key: str
    name: Words
    could: int
    votes: dict[int, int]

    @property
    def rated(self) -> int:
        return sum(self.votes.values())

    @property
    def satisfied(self) -> int:
        """Of 100 that rated, how many were at least satisfied (levels 4 and 5)."""
        good = self.votes.get(5, 0) + self.votes.get(4, 0)
        return round(100 * good / self.rated) if self.rated else 0

    @property
    def responded(self) -> int:
        """Of 100 that could have rated, how many did, as far as released."""
        return round(100 * self.rated / self.could) if self.could else 0

    @property
    def few(self) -> bool:
        """Too few to say anything about: neither how many could have nor how many did."""
        return self.could < FEW


@dataclass(frozen=True, slots=True)
class Figures:
    """All published figures, most votes first, and the whole: the sum of the units."""

    units: tuple[Line, ...]
    items: tuple[Line, ...]
    whole: Line
    until: Any


def figures(*, units: Iterable[int] | None = None, fresh_minutes: int = _FRESH_MINUTES) -> Figures:
    """The published ratings up to yesterday, brought up to date if they are older than ``fresh_minutes``; of ``units`` only, if
    given.
    """
    today = calendar().day_of(clock.now())
    midnight = datetime.combine(today, time(0), calendar().zone)
    with connection.cursor() as cursor:
        cursor.execute(
            "select ratings.publish(%s, %s, %s, make_interval(mins => %s))",
            [today, midnight, unrated(), fresh_minutes],
        )
    lines = [_line(row) for row in Published.objects.all()]
    wanted = {str(unit) for unit in units} if units is not None else None
    of_units = [one for one in lines if one.subject == "unit" and (wanted is None or one.key in wanted)]
    of_items = [one for one in lines if one.subject == "item"]
    return Figures(_sorted(of_units), _sorted(of_items), _sum(of_units), today)


def _line(row: Published) -> Line:
    name = unit_words(int(row.key)) if row.subject == "unit" else item_name(row.key)
    return Line(row.subject, row.key, name, row.could, {int(level): int(n) for level, n in row.votes.items()})


def item_name(code: str) -> Words:
    """What an item is called, also one that is no longer offered: its code."""
    try:
        return pack.current(code).title
    except Refused:
        return Words(code, code)


def _sorted(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda one: (-one.rated, -one.could, one.key)))


def _sum(lines: Sequence[Line]) -> Line:
    votes = {level: sum(one.votes.get(level, 0) for one in lines) for level in range(1, 6)}
    return Line("all", "", Words("全部", "All"), sum(one.could for one in lines), votes)


def units_within(unit_id: int | None) -> tuple[int, ...]:
    """A unit and everything under it."""
    units = town().units
    here = units.get(unit_id) if unit_id is not None else None
    if here is None:
        return ()
    return tuple(
        u.id
        for u in units.values()
        if u.id == here.id
        or (here.kind == "city" and u.city == here.id)
        or (here.kind == "county" and u.county == here.id)
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote: which unit, item and level, and no more."""

    unit: Words
    item: Words
    level: int
    text: str


def said(most: int = 40) -> list[Said]:
    """What people wrote in released ratings of units in the viewer's scope; numbers and addresses are taken out."""
    with connection.cursor() as cursor:
        cursor.execute("select id, unit_id, item, level, key, sealed from ratings.words(%s)", [most])
        rows = cursor.fetchall()
    return [
        Said(unit_words(unit), item_name(item), level, screened(_open(vote_id, key, sealed)))
        for vote_id, unit, item, level, key, sealed in rows
    ]


def _open(vote_id: Any, key: Any, sealed: Any) -> str:
    clear = keys().unwrap(bytes(key), vote_id.bytes)
    return open_sealed(clear, bytes(sealed), b"rating:" + vote_id.bytes).decode()
