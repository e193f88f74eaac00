"""Time: the only place that reads it, and limits counted by a region's calendar of working days.

Counting follows the Civil Code, articles 200-204: the day on which something begins is not counted, a last
day that is no working day moves to the next working day, and a day ends when the office closes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, cast, get_args
from zoneinfo import ZoneInfo

from doorstep.rulebook.words import Words

Unit = Literal["workday", "workhour", "day", "hour", "minute", "second"]
Clock = Callable[[], datetime]

_HOURS: dict[str, float] = {
    # Five working days of eight hours to a week: the measure that compares a promise with the law.
    "workday": 24 * 7 / 5,
    "workhour": 24 * 7 / 40,
    "day": 24,
    "hour": 1,
    "minute": 1 / 60,
    "second": 1 / 3600,
}
_SAID: dict[str, tuple[str, str, str]] = {
    "workday": ("个工作日", "working day", "working days"),
    "workhour": ("个工作小时", "working hour", "working hours"),
    "day": ("天", "day", "days"),
    "hour": ("小时", "hour", "hours"),
    "minute": ("分钟", "minute", "minutes"),
    "second": ("秒", "second", "seconds"),
}
# A longer limit is a slip of the pen, and would make the search for its end very long.
_LONGEST = 40_000


def _machine() -> datetime:
    return datetime.now(tz=UTC)


_process: list[Clock] = [_machine]
_here: ContextVar[Clock | None] = ContextVar("doorstep_clock", default=None)


def now() -> datetime:
    """This moment, aware. Everything that needs the time asks here, and nothing pure does."""
    return (_here.get() or _process[0])()


def set_clock(clock: Clock | None) -> None:
    """Let the whole process read ``clock``; None gives the machine's own back. For demo data and tests."""
    _process[0] = clock or _machine


def shift_clock(seconds: float) -> None:
    """Let the whole process live ``seconds`` ahead of the machine's clock. For demo databases."""
    set_clock(lambda: _machine() + timedelta(seconds=seconds))


@contextmanager
def clock_at(moment: datetime | Clock) -> Iterator[None]:
    """Inside the block ``now()`` answers ``moment`` (or asks it), in this context only."""
    ask = moment if callable(moment) else lambda: moment
    token = _here.set(ask)
    try:
        yield
    finally:
        _here.reset(token)


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take. ``value`` 0 means on the spot. Refuses negative and absurd values."""

    value: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ValueError(f"{self.unit!r} is not one of {', '.join(get_args(Unit))}")
        if self.value < 0 or self.nominal_hours > _LONGEST * 24:
            raise ValueError(f"{self.value} {self.unit} is not a possible limit")

    @classmethod
    def parse(cls, text: str) -> Limit:
        """From ``"5 workday"``, as packs write it. Raises ValueError with what was expected."""
        parts = str(text).split()
        if len(parts) != 2 or not parts[0].isdecimal() or parts[1] not in get_args(Unit):
            raise ValueError(f"{text!r} is not a limit such as '5 workday' ({', '.join(get_args(Unit))})")
        return cls(int(parts[0]), cast("Unit", parts[1]))

    @property
    def nominal_hours(self) -> float:
        """Length on the average calendar; only for comparing two limits."""
        return self.value * _HOURS[self.unit]

    def within(self, other: Limit) -> bool:
        """True if this is not longer than ``other``, also across units (five working days to the week)."""
        return self.nominal_hours <= other.nominal_hours + 1e-9

    @property
    def words(self) -> Words:
        """As a person reads it: ``5 个工作日`` / ``5 working days``."""
        if self.value == 0:
            return Words("当场", "on the spot")
        zh, one, many = _SAID[self.unit]
        return Words(f"{self.value} {zh}", f"{self.value} {one if self.value == 1 else many}")

    def as_dict(self) -> dict[str, Any]:
        return {"value": self.value, "unit": self.unit}

    def __str__(self) -> str:
        return f"{self.value} {self.unit}"


Span = tuple[time, time]


@dataclass(frozen=True)
class Calendar:
    """When a place works: usual hours by weekday (0 = Monday), and the dated exceptions of known years.

    ``holidays`` close a day, ``workdays`` open one (a make-up day has the hours of its weekday, or, if that
    has none, those of the week's first working day). A year outside ``years`` is counted by weekdays alone
    and is provisional.
    """

    zone: ZoneInfo
    hours: Mapping[int, tuple[Span, ...]]
    holidays: Mapping[date, str] = field(default_factory=dict)
    workdays: Mapping[date, str] = field(default_factory=dict)
    years: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if not any(self.hours.values()):
            raise ValueError("a calendar without one working hour in the week never ends a limit")
        for day, spans in self.hours.items():
            edges = [t for span in spans for t in span]
            if day not in range(7) or any(b <= a for a, b in itertools.pairwise(edges)):
                raise ValueError(f"hours of weekday {day} are not in order: {spans}")
        both = set(self.holidays) & set(self.workdays)
        if both:
            raise ValueError(f"{min(both)} is both a holiday and a working day")

    def knows(self, day: date) -> bool:
        """Whether the holidays of this day's year have been published into the calendar."""
        return day.year in self.years

    def open_spans(self, day: date) -> tuple[Span, ...]:
        """The working hours of one day; empty when it is free."""
        if day in self.holidays:
            return ()
        usual = self.hours.get(day.weekday(), ())
        if not usual and day in self.workdays:
            return next(self.hours[d] for d in range(7) if self.hours.get(d))
        return usual

    def is_workday(self, day: date) -> bool:
        return bool(self.open_spans(day))

    def closes(self, day: date) -> datetime:
        """The end of a day's business; midnight at its end if the day is free."""
        spans = self.open_spans(day)
        if spans:
            return datetime.combine(day, spans[-1][1], self.zone)
        return datetime.combine(day + timedelta(days=1), time.min, self.zone)

    def day_of(self, moment: datetime) -> date:
        """The local date of an aware moment."""
        return moment.astimezone(self.zone).date()

    def next_workday(self, day: date) -> date:
        """The first working day on or after ``day``."""
        for ahead in range(_LONGEST):
            if self.is_workday(day + timedelta(days=ahead)):
                return day + timedelta(days=ahead)
        raise ValueError(f"no working day after {day}")

    def last_workday(self, day: date) -> date:
        """The last working day on or before ``day``."""
        while not self.is_workday(day):
            day -= timedelta(days=1)
        return day


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends. ``provisional`` says that a holiday table on the way is not published yet."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a limit stands still, because an expert, a hearing or the applicant has the matter.

    Of days, those after the day it began, up to and with the day it ended, are not counted: what begins again begins the day
    after, as what begins at all does. Hours stand still to the second.
    """

    start: datetime
    end: datetime


def due(start: datetime, limit: Limit, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Due:
    """The end of ``limit`` counted from ``start`` (aware, else ValueError), in the calendar's zone, without ``pauses``.

    Days and working days: the first day is not counted; the last ends when the office closes; a last day that
    is free moves on. Working hours run only while the place is open. Hours, minutes and seconds run always.
    """
    if start.tzinfo is None:
        raise ValueError("a limit starts at an aware time")
    first = calendar.day_of(start)
    if limit.value == 0:
        return Due(start.astimezone(calendar.zone), not calendar.knows(first))
    if limit.unit in ("workday", "day"):
        at = calendar.closes(_last_day(first, limit, calendar, pauses))
    elif limit.unit == "workhour":
        at = _after_open_time(start, timedelta(hours=limit.value), calendar)
        for pause in sorted(pauses, key=lambda one: one.start):
            if pause.start < at:
                at = _after_open_time(
                    at, worked_between(max(pause.start, start), pause.end, calendar), calendar
                )
    else:
        # Elapsed time is added in UTC: a clock that is put forward or back does not lengthen an hour.
        end = start.astimezone(UTC) + timedelta(**{f"{limit.unit}s": limit.value})
        for pause in sorted(pauses, key=lambda one: one.start):
            if pause.start < end:
                end += max(pause.end - max(pause.start, start), timedelta())
        return Due(end.astimezone(calendar.zone), False)
    counted = first if limit.unit == "workhour" else first + timedelta(days=1)
    years = range(counted.year, at.astimezone(calendar.zone).year + 1)
    return Due(at, any(y not in calendar.years for y in years))


def _last_day(first: date, limit: Limit, calendar: Calendar, pauses: Sequence[Pause]) -> date:
    still = [(calendar.day_of(pause.start), calendar.day_of(pause.end)) for pause in pauses]
    day, left = first, limit.value
    while left:
        day += timedelta(days=1)
        counts = limit.unit == "day" or calendar.is_workday(day)
        left -= counts and not any(begun < day <= ended for begun, ended in still)
    while not calendar.is_workday(day) or any(begun < day <= ended for begun, ended in still):
        day += timedelta(days=1)
    return day


def extended(
    start: datetime, limits: Sequence[Limit], calendar: Calendar, pauses: Sequence[Pause] = ()
) -> Due:
    """The end of a limit and of all approved extensions: each is counted on from the end of the one before."""
    end = due(start, limits[0], calendar, pauses)
    for more in limits[1:]:
        later = due(end.at, more, calendar, pauses)
        end = Due(later.at, later.provisional or end.provisional)
    return end


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of the way that one level has: station 3, county 15, city 15 working days. ``ended``: if it has."""

    name: str
    limit: Limit
    ended: datetime | None = None


def legs(
    start: datetime, parts: Sequence[Leg], calendar: Calendar, pauses: Sequence[Pause] = ()
) -> tuple[Mapping[str, Due], Due]:
    """When each leg is due, and the whole. A leg begins when the one before has ended, or is expected to; the whole is the
    legs one after the other from the start, so that a leg that is quick gives nobody's time away and a slow one takes none.
    """
    dues: dict[str, Due] = {}
    begins = start
    for leg in parts:
        dues[leg.name] = due(begins, leg.limit, calendar, pauses)
        begins = leg.ended or dues[leg.name].at
    return dues, extended(start, [leg.limit for leg in parts], calendar, pauses)


def reminder(end: datetime, before: Limit, calendar: Calendar) -> datetime:
    """When to remind of something due at ``end``: when the office opens so many (working) days before, or by the hour."""
    day = calendar.day_of(end)
    if before.unit == "workday":
        for _ in range(before.value):
            day = calendar.last_workday(day - timedelta(days=1))
    elif before.unit == "day":
        day = calendar.last_workday(day - timedelta(days=before.value))
    elif before.unit == "workhour":
        while worked_between(datetime.combine(day, time.min, calendar.zone), end, calendar) < timedelta(
            hours=before.value
        ):
            day -= timedelta(days=1)
        over = worked_between(datetime.combine(day, time.min, calendar.zone), end, calendar) - timedelta(
            hours=before.value
        )
        return _after_open_time(datetime.combine(day, time.min, calendar.zone), over, calendar)
    else:
        run = timedelta(**{f"{before.unit}s": before.value})
        return (end.astimezone(UTC) - run).astimezone(calendar.zone)
    return datetime.combine(day, calendar.open_spans(day)[0][0], calendar.zone)


def earliest(*ends: Due) -> Due:
    """The end that binds, for example a promise capped by the law's own date."""
    return min(ends, key=lambda end: end.at)


def worked_between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Open time from ``start`` to ``end``; zero when ``end`` is not later."""
    total = timedelta()
    day, last = calendar.day_of(start), calendar.day_of(end)
    while day <= last:
        for opens, closes in _moments(day, calendar):
            total += max(min(closes, end) - max(opens, start), timedelta())
        day += timedelta(days=1)
    return total


def workdays_between(start: date, end: date, calendar: Calendar) -> int:
    """Working days after ``start`` up to and including ``end``."""
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(calendar.is_workday(day) for day in days)


def _moments(day: date, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """A day's open spans as moments in UTC, so that differences are real time."""
    return [
        (
            datetime.combine(day, opens, calendar.zone).astimezone(UTC),
            datetime.combine(day, closes, calendar.zone).astimezone(UTC),
        )
        for opens, closes in calendar.open_spans(day)
    ]


def _after_open_time(start: datetime, left: timedelta, calendar: Calendar) -> datetime:
    day = calendar.day_of(start)
    for ahead in range(_LONGEST):
        for opens, closes in _moments(day + timedelta(days=ahead), calendar):
            begin = max(opens, start)
            if begin >= closes:
                continue
            if closes - begin >= left:
                return (begin + left).astimezone(calendar.zone)
            left -= closes - begin
    raise ValueError("the calendar has too few open hours for this limit")
