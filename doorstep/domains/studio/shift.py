"""What would be different of a point's hours and branches, day by day, and what is promised there for days on which it closes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from doorstep.domains.studio.stack import Stacks
from doorstep.domains.studio.timetable import told
from doorstep.kernel.org import town
from doorstep.kernel.row import fetch
from doorstep.rulebook.hours import Hours, times_words
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES

AHEAD = 400
"""So many days are compared; what still differs then, differs until further notice."""
_PROMISED = "select point, due, n from trust.promised_at(%s, %s, %s, %s)"
_ALL = Words("平时办的都办", "everything it usually takes")


class Counter(Protocol):
    """What is asked of a point of service here."""

    id: int
    code: str
    unit_id: int
    zh: str
    en: str
    hours: Any

    @property
    def name(self) -> Words: ...


@dataclass(frozen=True, slots=True)
class Days:
    """Days that will be another way, all of them alike. ``last`` None: until further notice."""

    first: date
    last: date | None
    count: int
    was: Words
    now: Words


@dataclass(frozen=True)
class Shift:
    """One point as it is and as it would be; ``raw`` is the latter as data."""

    point: Counter
    before: Hours
    after: Hours
    raw: Mapping[str, Any]
    today: date

    @property
    def name(self) -> Words:
        return self.point.name

    @cached_property
    def _ahead(self) -> tuple[date, ...]:
        return tuple(self.today + timedelta(days=n) for n in range(AHEAD))

    @cached_property
    def days(self) -> tuple[Days, ...]:
        """The days that will be another way, those with the same times together, the soonest first."""
        was, then = self.before, self.after
        times = _alike(
            (day, times_words(was.spans(day)), times_words(then.spans(day))) for day in self._ahead
        )
        branches = _alike((day, branches_words(was, day), branches_words(then, day)) for day in self._ahead)
        return tuple(sorted(self._days(times) + self._days(branches), key=lambda one: one.first))

    def _days(self, alike: Mapping[tuple[Words, Words], list[date]]) -> list[Days]:
        far = self._ahead[-1] - timedelta(days=7)
        return [
            Days(held[0], held[-1] if held[-1] < far else None, len(held), was, now)
            for (was, now), held in alike.items()
        ]

    @cached_property
    def shut(self) -> frozenset[date]:
        """Days on which it would be open no more."""
        return frozenset(day for day in self._ahead if self.before.spans(day) and not self.after.spans(day))


def _alike(days: Iterable[tuple[date, Words, Words]]) -> dict[tuple[Words, Words], list[date]]:
    found: dict[tuple[Words, Words], list[date]] = {}
    for day, was, now in days:
        if was != now:
            found.setdefault((was, now), []).append(day)
    return found


def branches_words(hours: Hours, day: date) -> Words:
    """The branches that a point takes on a day."""
    held = hours.taking(day)
    return named(held.branches) if held else _ALL


def named(branches: Iterable[str]) -> Words:
    """只办户籍、交管 / Household, Traffic only."""
    told_ = [BRANCHES[one] for one in branches]
    if not told_:
        return Words("什么都不办", "nothing is taken")
    return Words(f"只办{'、'.join(one.zh for one in told_)}", f"{', '.join(one.en for one in told_)} only")


def shifts(now: Stacks, after: Stacks, codes: Iterable[str], today: date) -> tuple[Shift, ...]:
    """Those of these points of which something else would be said."""
    was, then, found = told(now), told(after), []
    for code in codes:
        point = town().point_by_code.get(code)
        if point and was.get(code) != then.get(code):
            before, later = (Hours.of(one[code], calendar()) for one in (was, then))
            found.append(Shift(point, before, later, then[code], today))
    return tuple(found)


def promised(of: Iterable[Shift]) -> dict[int, int]:
    """By point, how many matters are promised for a day on which it would be closed."""
    shut = {one.point.id: one.shut for one in of if one.shut}
    if not shut:
        return {}
    zone, days = calendar().zone, [day for held in shut.values() for day in held]
    since, till = (
        datetime.combine(day, datetime.min.time(), zone) for day in (min(days), max(days) + timedelta(days=1))
    )
    found: dict[int, int] = {}
    for point, due, count in fetch(_PROMISED, list(shut), since, till, str(zone)):
        if due in shut[point]:
            found[point] = found.get(point, 0) + count
    return found
