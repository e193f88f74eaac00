"""What is published of ratings: by branch, point, way, unit and item, of how many that could have rated, and what was done about
the bad ones. Kept as sums (`publish`, a chore of the worker); reading is one statement over a few hundred lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final

from django.db import connection

from doorstep.domains.ratings.call_back import screened
from doorstep.domains.ratings.models import Published
from doorstep.domains.ratings.rate import BAD, unrated
from doorstep.kernel.crypto import open_sealed
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.trust import BRANCHES, keys
from doorstep.rulebook import clock, pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words
from doorstep.web import catalogue

FEW: Final = 10
"""A line with fewer ended matters is not told apart."""
FIVE: Final = 5
"""What became of bad votes is told by line from this many on."""
OUTCOMES: Final[Mapping[str, Words]] = {
    "mended": Words("补救了", "mended"),
    "explained": Words("说明了，对方清楚了", "explained"),
    "unfounded": Words("没有依据（第二个单位定的）", "unfounded (a second unit said so)"),
    "withdrawn": Words("本人收回了", "taken back by the person"),
    "closed": Words("作罢", "dropped"),
    "open": Words("还在办", "still in hand"),
}
SHORT: Final[Mapping[str, Words]] = {
    "mended": Words("补救", "mended"),
    "explained": Words("说明", "explained"),
    "unfounded": Words("没有依据", "unfounded"),
    "withdrawn": Words("收回", "taken back"),
    "closed": Words("作罢", "dropped"),
    "open": Words("在办", "in hand"),
}
"""The same in a table."""
_BRANCH_OF: Final = {str(number): name for name, number in BRANCHES.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """The ratings of one unit, point, branch, way or item. ``votes`` by level hold full fives only, so ``rated`` may lag behind by
    a few. ``hidden``: not told, because of itself or so that another's small number cannot be worked out."""

    subject: str
    key: str
    could: int
    votes: dict[int, int]
    done: dict[str, int] = field(default_factory=dict)
    hidden: bool = False

    @property
    def name(self) -> Words:
        return _NAMES[self.subject](self.key)

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
    def bad(self) -> int:
        return sum(n for level, n in self.votes.items() if level <= BAD)

    @property
    def outcomes(self) -> dict[str, int] | None:
        """What became of the bad ones; None where they are too few to tell."""
        return self.done if self.bad >= FIVE else None

    @property
    def few(self) -> bool:
        """Too few to say anything about: neither how many could have nor how many did."""
        return self.hidden or self.could < FEW


@dataclass(frozen=True, slots=True)
class Figures:
    """All published figures, most votes first; the whole is the sum of the units. ``until``: matters and votes before that day."""

    branches: tuple[Line, ...]
    points: tuple[Line, ...]
    channels: tuple[Line, ...]
    units: tuple[Line, ...]
    items: tuple[Line, ...]
    whole: Line
    until: date


def publish() -> int:
    """Bring what is published up to yesterday. Done again and again by the worker, and never twice in a row: it answers 0."""
    today = calendar().day_of(clock.now())
    midnight = datetime.combine(today, time(0), calendar().zone)
    with connection.cursor() as cursor:
        cursor.execute("select ratings.publish(%s, %s, %s)", [today, midnight, unrated()])
    return 0


def figures(
    *, units: Iterable[int] | None = None, of: Sequence[str] = ("branch", "point", "channel", "unit", "item")
) -> Figures:
    """What is published; of ``units`` and their points only, if given; tables other than ``of`` stay empty. One statement."""
    rows = list(Published.objects.filter(subject__in=[*of, "unit"]))
    within = None if units is None else frozenset(units)
    by = {subject: [_line(row) for row in rows if row.subject == subject] for subject in _NAMES}
    if within is not None:
        by["unit"] = [one for one in by["unit"] if int(one.key) in within]
        by["point"] = [one for one in by["point"] if _unit_of(one.key) in within]
    told = {subject: _told(lines, subject) for subject, lines in by.items()}
    until = min((row.day for row in rows), default=calendar().day_of(clock.now()))
    return Figures(
        told["branch"], told["point"], told["channel"], told["unit"], told["item"], _sum(by["unit"]), until
    )


def _unit_of(point: str) -> int | None:
    found = town().points.get(int(point))
    return found.unit_id if found else None


def _line(row: Published) -> Line:
    votes = {int(level): int(n) for level, n in row.votes.items()}
    return Line(row.subject, row.key, row.could, votes, dict(row.done))


def item_name(code: str) -> Words:
    """What an item is called, also one that is no longer offered: its code."""
    try:
        return pack.current(code).title
    except Refused:
        return Words(code, code)


def _point(key: str) -> Words:
    found = town().points.get(int(key))
    return found.name if found else Words(f"办理点 {key}", f"point {key}")


def _branch(key: str) -> Words:
    return catalogue.BRANCHES[_BRANCH_OF[key]]


_NAMES: Final[Mapping[str, Callable[[str], Words]]] = {
    "branch": _branch,
    "point": _point,
    "channel": lambda key: catalogue.CHANNELS.get(key, Words(key, key)),
    "unit": lambda key: unit_words(int(key)),
    "item": item_name,
    "all": lambda _: Words("全部", "All"),
}


def _told(lines: Sequence[Line], subject: str) -> tuple[Line, ...]:
    """The lines, most votes first; beside small ones so many more are hidden that no small number is the rest of a sum."""
    if subject == "item":
        groups: dict[str, list[Line]] = {}
        for one in lines:
            groups.setdefault(_group(one.key), []).append(one)
        found = [one for group in groups.values() for one in _covered(group)]
    else:
        found = _covered(lines)
    return tuple(sorted(found, key=lambda one: (one.few, -one.rated, -one.could, one.key)))


def _group(code: str) -> str:
    try:
        return pack.current(code).branch
    except Refused:
        return ""


def _covered(lines: Sequence[Line]) -> list[Line]:
    by_size = sorted(lines, key=lambda one: (one.could, one.key))
    small = [one for one in by_size if one.could < FEW]
    if len(small) == 1 or 0 < sum(one.could for one in small) < FEW:
        small = by_size[: len(small) + 1]
    hidden = {one.key for one in small}
    return [replace(one, hidden=one.key in hidden) for one in lines]


def _sum(lines: Sequence[Line]) -> Line:
    votes = {level: sum(one.votes.get(level, 0) for one in lines) for level in range(1, 6)}
    done = {name: sum(one.done.get(name, 0) for one in lines) for name in OUTCOMES}
    return Line("all", "", sum(one.could for one in lines), votes, done)


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
