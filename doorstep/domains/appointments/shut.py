"""Times that were booked at a point that is closed then after all: foreseen before hours change, told to whoever booked them.

A booking stands until whoever made it chooses another time: nobody else's change takes it away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import orjson

from doorstep.domains.appointments.models import Booking
from doorstep.domains.appointments.verbs import Point, fits
from doorstep.kernel import post
from doorstep.kernel.org import town
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, enter_system
from doorstep.rulebook import clock
from doorstep.rulebook.hours import Hours
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words

SHUT, OPEN = "slot_shut", "slot_open"
post.TEMPLATES |= {
    SHUT: Words(
        "申请 {number} 约好的时间，窗口临时不开。请点进去另选一个时间；不改的话，先打电话问清楚再来。",
        "The counter will be closed at the time booked for {number}. Choose another time inside, or ring up before you come.",
    ),
    OPEN: Words(
        "申请 {number} 约好的时间，窗口还是开的，照约好的来就行。",
        "The counter is open after all at the time booked for {number}. Come as agreed.",
    ),
}
_AHEAD = "select id, matter_id, point_id, at, told from trust.bookings_ahead(%s)"
_YEAR = timedelta(days=400)
_known: list[bytes] = []


class Named(Point, Protocol):
    """A point that is told of."""

    @property
    def name(self) -> Words: ...


class Shift(Protocol):
    """A point as it is open now and as it would be."""

    @property
    def point(self) -> Named: ...
    @property
    def after(self) -> Hours: ...


@dataclass(frozen=True, slots=True)
class Touched:
    """A point with the booked times at which it would be closed, day by day."""

    name: Words
    count: int
    days: tuple[tuple[date, int], ...]


def touched(request: Any, viewer: Viewer, shifts: Sequence[Shift]) -> dict[str, Any]:
    """Before hours change: whose bookings it touches, by point and day; nobody is named."""
    now, found = clock.now(), []
    for one in shifts:
        taken = fetch("select at from trust.taken(%s, %s, %s)", one.point.id, now, now + _YEAR)
        days = Counter(calendar().day_of(at) for (at,) in taken if not fits(one.point, one.after, at))
        if days:
            found.append(Touched(one.point.name, days.total(), tuple(sorted(days.items()))))
    return {"touched": found}


def tell() -> int:
    """For the worker: after hours changed, tell whoever booked a time that is closed now, and if it is open again, that it is.
    Returns how many were told."""
    mark = orjson.dumps(
        sorted((one.id, one.hours) for one in town().points.values()), option=orjson.OPT_SORT_KEYS
    )
    if _known and _known[0] == mark:
        return 0
    told = 0
    for booking, matter_id, point_id, at, knew in fetch(_AHEAD, clock.now()):
        point = town().points.get(point_id)
        if point and knew == fits(point, Hours.of(point.hours, calendar()), at):
            with enter_system(matter_id):
                told += _tell(booking, matter_id, at, shut=not knew)
    _known[:] = [mark]
    return told


def _tell(booking: Any, matter_id: Any, at: datetime, *, shut: bool) -> int:
    """Once: whoever comes second finds it told."""
    waiting = Booking.objects.filter(id=booking, told_at__isnull=shut, freed_at=None, at=at)
    if not waiting.update(told_at=clock.now() if shut else None):
        return 0
    for applicant, number in fetch("select applicant_id, number from matter where id = %s", matter_id):
        if applicant:
            post.notify(applicant, SHUT if shut else OPEN, matter_id, number)
    return 1
