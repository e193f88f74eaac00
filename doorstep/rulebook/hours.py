"""When a point of service is open: its usual week, weeks that layers set for some days, days or parts of days on which it is
closed and why, days on which it takes only some branches.

As data ``{"mon-fri": ["08:30-12:00"]}``, in words, and asked: open now, until when, when again. Pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from doorstep.rulebook.clock import Calendar, Span
from doorstep.rulebook.flaw import Flaw, Where
from doorstep.rulebook.words import Words

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = time.max
"""The end of a day that is written 24:00."""
_ZH, _EN = "一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AHEAD, _FAR = 15, 60
"""For so many days ahead holidays are told, and what somebody decided for this point."""


def clock_words(at: time) -> str:
    """9:00, and 24:00 for the end of a day."""
    return "24:00" if at >= time(23, 59) else f"{at.hour}:{at.minute:02}"


@dataclass(frozen=True, slots=True)
class Week:
    """The times of each weekday from Monday on. ``holidays``: those of a public holiday, None if they are as usual."""

    days: tuple[tuple[Span, ...], ...]
    holidays: tuple[Span, ...] | None = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Week:
        """From data without flaws (`week_flaws`)."""
        days = [tuple(_span(one) for one in raw[key]) if (key := _key(raw, at)) else () for at in range(7)]
        free = raw.get("holidays", [])
        return cls(tuple(days), None if free == "usual" else tuple(_span(one) for one in free))

    def spans(self, calendar: Calendar, day: date) -> tuple[Span, ...]:
        """A make-up working day has the times of its weekday or, if it has none, those of the week's first day of work."""
        if day in calendar.holidays and self.holidays is not None:
            return self.holidays
        usual = self.days[day.weekday()]
        if not usual and day in calendar.workdays:
            return next((one for one in self.days if one), ())
        return usual

    @property
    def words(self) -> Words:
        """周一至周五 9:00–17:00; days with the same times are said together."""
        if self.days == (self.days[0],) * 7 and _is_always(self.days[0]):
            always = Words("每天 24 小时", "Day and night")
            return (
                Words(f"{always.zh}，节假日也开", f"{always.en}, holidays too")
                if self.holidays is None
                else always
            )
        told = [(days, spans) for spans, days in self._alike() if spans]
        zh = "；".join(f"{_said(days, 'zh')} {'、'.join(_times(spans))}" for days, spans in told)
        en = "; ".join(f"{_said(days, 'en')} {', '.join(_times(spans))}" for days, spans in told)
        return Words(zh, en) if told else Words("不对外开放", "not open to callers")

    def _alike(self) -> list[tuple[tuple[Span, ...], list[int]]]:
        found: dict[tuple[Span, ...], list[int]] = {}
        for at, spans in enumerate(self.days):
            found.setdefault(spans, []).append(at)
        return list(found.items())


@dataclass(frozen=True, slots=True)
class Opening:
    """``until`` when it is open now; else ``next``, when it opens again (None: not within two weeks), and ``why`` it is
    closed today, if it usually is open."""

    open: bool
    until: time | None = None
    next: datetime | None = None
    why: Words | None = None


@dataclass(frozen=True, slots=True)
class Shut:
    """Days on which a point is closed, all day or at these times, and why."""

    first: date
    last: date
    why: Words
    times: tuple[Span, ...] = ()

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Only:
    """Days on which a point takes these branches only, and why."""

    first: date
    last: date
    branches: tuple[str, ...]
    why: Words

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Turn:
    """From a day on another week holds; ``last``: until when, as far as is told. ``why`` None: the usual one is back."""

    first: date
    last: date | None
    week: Week
    why: Words | None


def layered(usual: Mapping[str, Any], layers: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """What is said of a point when layers say something over its usual week, the highest first: each with its unit's code."""
    if not layers:
        return dict(usual)
    told = {
        key: [{**row, "unit": unit} for unit, one in layers for row in one.get(part, ())]
        for key, part in (("set", "hours"), ("closed", "closed"), ("branches", "branches"))
    }
    return {"week": dict(usual), **told}


def usual_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The usual week of what is said of a point, as data."""
    found: Mapping[str, Any] = raw.get("week", {}) if "set" in raw else raw
    return found


@dataclass(frozen=True)
class Hours:
    """All that was said of one point. ``set``: weeks over the usual one, the last that holds on a day counts; so of ``only``."""

    calendar: Calendar
    usual: Week
    set: tuple[tuple[date, date, Week, Words], ...] = ()
    closed: tuple[Shut, ...] = ()
    only: tuple[Only, ...] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any], calendar: Calendar) -> Hours:
        """From what a region says of a point: a week, or with ``set`` and ``closed`` of its layers. Nothing: as the region."""
        plain = usual_of(raw)
        days = tuple(calendar.hours.get(day, ()) for day in range(7))
        rows = ((*_dates(one), Week.of(one["week"]), Words.of(one["why"])) for one in raw.get("set", ()))
        shut = (
            Shut(*_dates(one), Words.of(one["why"]), tuple(map(_span, one.get("times") or ())))
            for one in raw.get("closed", ())
        )
        only = (
            Only(*_dates(one), tuple(one["branches"]), Words.of(one["why"]))
            for one in raw.get("branches", ())
        )
        usual = Week.of(plain) if plain else Week(days)
        return cls(calendar, usual, tuple(rows), tuple(shut), tuple(only))

    def week(self, day: date) -> Week:
        """The week that holds on a day."""
        row = self._row(day)
        return row[2] if row else self.usual

    def shut(self, day: date) -> Words | None:
        """Why it is closed on a day on which it would be open."""
        return next((one.why for one in self.closed if one.holds(day) and not one.times), None)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The times of one day."""
        if self.shut(day):
            return ()
        spans = self.week(day).spans(self.calendar, day)
        for one in self.closed:
            if one.holds(day):
                spans = _without(spans, one.times)
        return spans

    def taking(self, day: date) -> Only | None:
        """The branches to which it is held on a day; None: it takes what it always does."""
        return next((one for one in reversed(self.only) if one.holds(day)), None)

    def takes(self, branch: str, day: date) -> bool:
        """Is what belongs to a branch taken here on this day, as far as the day is concerned?"""
        held = self.taking(day)
        return held is None or branch in held.branches

    def limited(self, day: date) -> tuple[Only, ...]:
        """The days from ``day`` on on which it takes some branches only, as far as somebody looks ahead."""
        far = day + timedelta(days=_FAR)
        return tuple(one for one in self.only if one.last >= day and one.first <= far)

    def coming(self, day: date) -> tuple[Turn, ...]:
        """The weeks that will hold from a day after ``day`` on, as far as somebody looks ahead."""
        ahead = [day + timedelta(days=n) for n in range(_FAR + 1)]
        found: list[Turn] = []
        for before, at in itertools.pairwise(ahead):
            if self._row(before) != self._row(at):
                row = self._row(at)
                last = row[1] if row and row[1] < date.max else None
                found.append(Turn(at, last, self.week(at), row[3] if row else None))
        return tuple(found)

    def _row(self, day: date) -> tuple[date, date, Week, Words] | None:
        return next((one for one in reversed(self.set) if one[0] <= day <= one[1]), None)

    def opening(self, now: datetime) -> Opening:
        """Whether it is open at a moment."""
        at = now.astimezone(self.calendar.zone)
        why = self.shut(at.date()) or self._holiday(at.date())
        for ahead in range(_AHEAD):
            day = at.date() + timedelta(days=ahead)
            for start, end in self.spans(day):
                if ahead == 0 and start <= at.time() < end:
                    return Opening(True, until=end)
                if ahead > 0 or at.time() < start:
                    return Opening(False, next=datetime.combine(day, start, self.calendar.zone), why=why)
        return Opening(False, why=why)

    def _holiday(self, day: date) -> Words | None:
        name = self.calendar.holidays.get(day) if not self.spans(day) else None
        return Words(f"{name}放假", "public holiday") if name else None

    def exceptions(self, day: date) -> tuple[tuple[date, date, Words], ...]:
        """What is unusual from ``day`` on: from when to when, and what: a holiday or make-up day of the next two weeks, or what
        is closed for a reason."""
        ahead = [day + timedelta(days=n) for n in range(_FAR)]
        far = ahead[_AHEAD]
        found: list[tuple[date, date, Words]] = []
        for one, said in ((one, said) for one in ahead if (said := self._unusual(one, near=one < far))):
            if found and found[-1][2] == said and one - found[-1][1] == timedelta(days=1):
                found[-1] = (found[-1][0], one, said)
            else:
                found.append((one, one, said))
        return tuple(found)

    def _unusual(self, day: date, *, near: bool) -> Words | None:
        if why := self.shut(day):
            return Words(f"{why.zh}，不开", f"closed, {why.en}")
        spans, whole = self.spans(day), self.week(day).spans(self.calendar, day)
        if spans != whole:
            why, open_ = next(one.why for one in self.closed if one.holds(day)), _times(spans)
            zh, en = ("、".join(open_), ", ".join(open_)) if open_ else ("", "")
            return Words(
                f"{why.zh}，{f'只开 {zh}' if zh else '不开'}",
                f"{f'open {en} only' if en else 'closed'}, {why.en}",
            )
        return self._by_calendar(day, spans) if near else None

    def _by_calendar(self, day: date, spans: tuple[Span, ...]) -> Words | None:
        usual = self.week(day).days[day.weekday()]
        if day in self.calendar.holidays and (spans or usual) and spans != usual:
            name = self.calendar.holidays[day]
            open_ = "、".join(_times(spans))
            return Words(
                f"{name}，{f'开 {open_}' if spans else '不开'}",
                f"public holiday, {f'open {open_}' if spans else 'closed'}",
            )
        if spans != usual:
            return Words(
                f"调休上班，开 {'、'.join(_times(spans))}",
                f"make-up working day, open {', '.join(_times(spans))}",
            )
        return None


def times_words(spans: Sequence[Span]) -> Words:
    """8:30–12:00、14:00–17:30; closed without any."""
    told = _times(spans)
    return Words("、".join(told), ", ".join(told)) if told else Words("不开", "closed")


def _without(spans: Sequence[Span], gone: Sequence[Span]) -> tuple[Span, ...]:
    """Spans with some times taken out of them."""
    for first, last in gone:
        left = (
            (part for part in ((start, min(end, first)), (max(start, last), end))) for start, end in spans
        )
        spans = tuple((start, end) for parts in left for start, end in parts if start < end)
    return tuple(spans)


def times_flaws(texts: Sequence[str], where: Where) -> Iterator[Flaw]:
    """Times of one day come in order."""
    edges = [at for text in texts for at in _span(text)]
    if any(b <= a for a, b in itertools.pairwise(edges)):
        yield Flaw(where, "hours.order", Words("时间要从早到晚写", "write the times from early to late"))


def week_flaws(raw: Mapping[str, Any], where: Where = ()) -> Iterator[Flaw]:
    """What the schema cannot say of a week: no day twice, times in order."""
    seen: dict[int, str] = {}
    for key, texts in raw.items():
        for day in _days(key):
            if day in seen:
                words = Words(
                    f"“{key}”和“{seen[day]}”说的是同一天", f"'{key}' and '{seen[day]}' tell of the same day"
                )
                yield Flaw((*where, key), "hours.twice", words)
                break
            seen[day] = key
        yield from times_flaws(texts if isinstance(texts, list) else (), (*where, key))


def _days(key: str) -> tuple[int, ...]:
    """The weekdays that a key names: one, a range, ``daily``; none for ``holidays``."""
    if key in ("daily", "holidays"):
        return tuple(range(7)) if key == "daily" else ()
    first, _, last = key.partition("-")
    at, end = DAYS.index(first), DAYS.index(last or first)
    return tuple(range(at, end + 1)) if at <= end else (*range(at, 7), *range(end + 1))


def _key(raw: Mapping[str, Any], day: int) -> str:
    return next((key for key in raw if day in _days(key)), "")


def _span(text: str) -> Span:
    start, end = text.split("-")
    return time.fromisoformat(start), MIDNIGHT if end == "24:00" else time.fromisoformat(end)


def _dates(row: Mapping[str, Any]) -> tuple[date, date]:
    first, last = row.get("from"), row.get("to")
    return date.fromisoformat(first) if first else date.min, date.fromisoformat(last) if last else date.max


def _is_always(spans: Sequence[Span]) -> bool:
    return len(spans) == 1 and spans[0][0] == time.min and spans[0][1] >= time(23, 59)


def _times(spans: Sequence[Span]) -> list[str]:
    return [f"{clock_words(start)}–{clock_words(end)}" for start, end in spans]


def _said(days: Sequence[int], lang: str) -> str:
    """周一至周五 / Mon–Fri; single days one by one."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    if len(days) == 7:
        return "每天" if lang == "zh" else "daily"
    names = [f"周{one}" for one in _ZH] if lang == "zh" else list(_EN)
    to, and_ = ("至", "、") if lang == "zh" else ("–", ", ")
    told = [
        and_.join(names[day] for day in run) if len(run) < 3 else f"{names[run[0]]}{to}{names[run[-1]]}"
        for run in runs
    ]
    return and_.join(told)
