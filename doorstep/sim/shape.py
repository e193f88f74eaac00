"""The shape of a month: on which days and hours people come, and what for; and what is rung for on a day. Data of the region
(``month.yaml``, ``day.yaml``), never code.

Weights have 100 as usual. A region without such a file is shown with that of the first region which has one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from doorstep.rulebook.clock import Calendar
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import FOLDER, region

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_USUAL = 100
_LAST_DAYS = 3
"""How many working days are the end of a month."""


@dataclass(frozen=True)
class Season:
    """Days of a year, from (month, day) to, on which some branches and items are asked for more or less than usual."""

    first: tuple[int, int]
    last: tuple[int, int]
    branches: Mapping[str, int]
    items: Mapping[str, int]

    def covers(self, day: date) -> bool:
        on = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= on <= self.last
        return on >= self.first or on <= self.last


@dataclass(frozen=True)
class Shape:
    """What the region's file says. ``hours``: by "window" and "online", when a span begins and its weight."""

    weekdays: tuple[int, ...]
    holiday: int
    after_days_off: int
    end_of_month: int
    hours: Mapping[str, Sequence[tuple[time, int]]]
    branches: Mapping[str, int]
    items: Mapping[str, int]
    seasons: tuple[Season, ...]

    def often(self, of: Pack, day: date) -> float:
        """How much more often than usual this item is asked for on that day."""
        found = _part(self.branches, of.branch) * _part(self.items, of.code)
        for one in self.seasons:
            if one.covers(day):
                found *= _part(one.branches, of.branch) * _part(one.items, of.code)
        return found

    def busy(self, day: date, calendar: Calendar) -> float:
        """How many more people than usual come on that day."""
        found = self.weekdays[day.weekday()] / _USUAL
        if day in calendar.holidays:
            return found * self.holiday / _USUAL
        if not calendar.is_workday(day):
            return found
        if not calendar.is_workday(day - timedelta(days=1)):
            found *= self.after_days_off / _USUAL
        return found * (self.end_of_month / _USUAL if _at_end(day, calendar) else 1)

    def moment(
        self, of: Pack, days: Iterable[date], *, online: bool, calendar: Calendar, chance: random.Random
    ) -> datetime:
        """When somebody comes for this item: on one of ``days``, at an hour that could be."""
        known = list(days)
        day = chance.choices(known, [self.busy(one, calendar) * self.often(of, one) for one in known])[0]
        spans = self.hours["online" if online else "window"]
        place = chance.choices(range(len(spans)), [weight for _, weight in spans])[0]
        begins = datetime.combine(day, spans[place][0], calendar.zone)
        return begins + timedelta(minutes=chance.randrange(_minutes(spans, place)))


def _minutes(spans: Sequence[tuple[time, int]], place: int) -> int:
    """How long a span is: until the next one, an hour at most."""
    at = spans[place][0]
    after = spans[place + 1][0] if place + 1 < len(spans) else time(23, 59)
    return max(1, min(60, (after.hour - at.hour) * 60 + after.minute - at.minute))


def _part(weights: Mapping[str, int], name: str) -> float:
    return weights.get(name, _USUAL) / _USUAL


def _at_end(day: date, calendar: Calendar) -> bool:
    later, left = day, 0
    while (later := calendar.next_workday(later + timedelta(days=1))).month == day.month:
        left += 1
        if left >= _LAST_DAYS:
            return False
    return True


@dataclass(frozen=True)
class Rung:
    """What people ring for, by kind: how often, in which words, how it ends; and how many of a hundred calls have which level."""

    levels: Mapping[str, int]
    often: Mapping[str, int]
    says: Mapping[str, Sequence[str]]
    ends: Mapping[str, Sequence[str]]


@lru_cache(maxsize=4)
def rung(code: str = "") -> Rung:
    """What a region's ``day.yaml`` says, by default this one's. Raises ValueError if the file is wrong."""
    path, raw = _file(code, "day.yaml")
    try:
        kinds = raw["kinds"].items()
        often = {kind: int(one["often"]) for kind, one in kinds}
        says, ends = ({kind: tuple(map(str, one[name])) for kind, one in kinds} for name in ("says", "ends"))
        levels = {level: int(share) for level, share in raw["levels"].items()}
        if not all(says.values()) or not all(ends.values()) or sum(levels.values()) != 100:
            raise ValueError("a kind without words, or levels that are not 100 together")
        return Rung(levels, often, says, ends)
    except (KeyError, TypeError, AttributeError, ValueError) as why:
        raise ValueError(f"{path.parent.name}/{path.name}: {why!r}") from why


def _file(code: str, name: str) -> tuple[Path, Any]:
    own = FOLDER / (code or region().code) / name
    path = own if own.is_file() else sorted(FOLDER.glob(f"*/{name}"))[0]
    return path, plain(compose(path.read_text(encoding="utf-8"), path.name))


@lru_cache(maxsize=4)
def shape(code: str = "") -> Shape:
    """That of a region, by default of this one. Raises ValueError if the file is wrong."""
    path, raw = _file(code, "month.yaml")
    try:
        return Shape(
            weekdays=tuple(int(raw["weekdays"][one]) for one in _WEEK),
            holiday=int(raw["holiday"]),
            after_days_off=int(raw["after_days_off"]),
            end_of_month=int(raw["end_of_month"]),
            hours={"window": _hours(raw["at_window"]), "online": _hours(raw["online"])},
            branches=raw["branches"],
            items=raw["items"],
            seasons=tuple(_season(one) for one in raw["seasons"]),
        )
    except (KeyError, TypeError, ValueError) as why:
        raise ValueError(f"{path.parent.name}/{path.name}: {why!r}") from why


def _hours(raw: Mapping[str, int]) -> tuple[tuple[time, int], ...]:
    return tuple(sorted((time.fromisoformat(at), int(weight)) for at, weight in raw.items()))


def _season(raw: Mapping[str, Any]) -> Season:
    return Season(
        _day(raw["from"]), _day(raw["to"]), dict(raw.get("branches", {})), dict(raw.get("items", {}))
    )


def _day(text: str) -> tuple[int, int]:
    month, _, day = str(text).partition("-")
    return int(month), int(day)
