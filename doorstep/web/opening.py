"""Is a point open now, until when, and when next: from its hours and the region's calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from doorstep.rulebook.clock import Calendar

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AHEAD = 15


@dataclass(frozen=True, slots=True)
class Opening:
    """``until`` when it is open now; else ``next``, when it opens again (None: not within two weeks)."""

    open: bool
    until: time | None = None
    next: datetime | None = None


def opening(hours: Mapping[str, Any], calendar: Calendar, now: datetime) -> Opening:
    """``hours`` of the point (``{"mon": ["08:30-12:00"]}``); without any, those of the region."""
    at = now.astimezone(calendar.zone)
    for ahead in range(_AHEAD):
        day = at.date() + timedelta(days=ahead)
        for start, end in spans(hours, calendar, day):
            if ahead == 0 and start <= at.time() < end:
                return Opening(True, until=end)
            if ahead > 0 or at.time() < start:
                return Opening(False, next=datetime.combine(day, start, calendar.zone))
    return Opening(False)


def spans(hours: Mapping[str, Any], calendar: Calendar, day: date) -> list[tuple[time, time]]:
    """The times of one day. A make-up working day has the hours of a Monday; a holiday has none."""
    if day in calendar.holidays:
        return []
    weekday = 0 if day in calendar.workdays else day.weekday()
    if not hours:
        return list(calendar.hours.get(weekday, ()))
    return [_span(text) for text in hours.get(_DAYS[weekday], ())]


def _span(text: str) -> tuple[time, time]:
    start, end = text.split("-")
    return time.fromisoformat(start), time.fromisoformat(end)
