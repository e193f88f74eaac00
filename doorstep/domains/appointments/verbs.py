"""Booking a time at the point where the person comes: its opening hours cut into slots, each with so many places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, transaction

from doorstep.domains.appointments.models import Booking
from doorstep.kernel import matter
from doorstep.kernel.read import MatterView, StepView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.flow import step_of
from doorstep.rulebook.hours import Hours
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.region import calendar, region
from doorstep.rulebook.words import Refused, Words

MESSAGE = "appointment"
DAYS_AHEAD = 21
_NOTICE = timedelta(hours=1)
_USUAL = {"minutes": 30, "at_once": 1}


class Point(Protocol):
    """What is asked of a point of service here."""

    id: int
    code: str
    hours: Any


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at a point and how many may still come then."""

    at: datetime
    free: int


def waiting(found: MatterView) -> StepView | None:
    """The open step of a matter that waits for a time to be chosen."""
    flow = found.pack.flow
    return next((one for one in found.open_steps if flow.step(one.name).asks == MESSAGE), None)


def slots(point: Point, day: date) -> list[Slot]:
    """The times of one day at which somebody could still come, in order."""
    zone, rule = calendar().zone, _rule(point)
    begin, end = (datetime.combine(day + timedelta(days=n), datetime.min.time(), zone) for n in (0, 1))
    with connection.cursor() as cursor:
        cursor.execute("select at from trust.taken(%s, %s, %s)", [point.id, begin, end])
        taken = Counter(row[0] for row in cursor.fetchall())
    soonest = clock.now() + _NOTICE
    return [
        Slot(at, rule["at_once"] - taken[at])
        for at in _times(point, day)
        if at >= soonest and taken[at] < rule["at_once"]
    ]


def days(point: Point) -> list[tuple[date, int]]:
    """The days ahead with a free time, and how many times are free on each."""
    today = calendar().day_of(clock.now())
    found = ((day := today + timedelta(days=n), len(slots(point, day))) for n in range(DAYS_AHEAD))
    return [(day, free) for day, free in found if free]


def booked(found: MatterView) -> Booking | None:
    """The time that is taken for this matter, if one is."""
    return Booking.objects.filter(matter_id=found.id, freed_at=None).first()


def book(viewer: Viewer, found: MatterView, at: datetime) -> Booking:
    """Take a place at this time, for the step that waits for it, or instead of the time taken before.

    Refused: "nothing-to-book" (409), "no-slot" if there is no such time, "taken" (409) if somebody was faster.
    """
    step, before = waiting(found), booked(found)
    if step is None and (before is None or not may_change(found, before)):
        words = Words("这件事现在不用约时间。", "No time need be chosen for this now.")
        raise Refused("nothing-to-book", words, status=409)
    point, soonest = found.hand_out, clock.now() + _NOTICE
    if at < soonest or at not in _times(point, calendar().day_of(at)):
        raise Refused(
            "no-slot", Words("没有这个时间，请重新选。", "There is no such time; please choose again.")
        )
    with transaction.atomic():
        if before is not None:
            Booking.objects.filter(id=before.id).update(freed_at=clock.now())
        row = _take(viewer, found.id, step.name if step else before.step if before else "", point, at)
        if step is not None:
            said = at.astimezone(calendar().zone).strftime("%Y-%m-%d %H:%M")
            told = {"at": at.isoformat(), "time": said, "point": point.code}
            matter.hear(viewer, found.id, step=step.name, said="done", message=MESSAGE, data=told)
    return row


def may_change(found: MatterView, row: Booking) -> bool:
    """Until the time has come and while the matter goes on, another time may be chosen; not if it is printed: then one takes
    the matter back and books anew."""
    is_printed = f"/heard/{step_of(row.step)}/time" in found.pack.heard
    return found.closed_at is None and row.at > clock.now() and not is_printed


def free_ended() -> int:
    """For the worker: matters that ended give their times back; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("select trust.free_bookings(%s)", [clock.now()])
        return int(cursor.fetchone()[0])


def _take(viewer: Viewer, matter_id: UUID, step: str, point: Point, at: datetime) -> Booking:
    """The first free place. Two who want the last one: the table gives it to one, and the other is told."""
    for place in range(_rule(point)["at_once"]):
        row = Booking(
            id=uuid7(), point_id=point.id, at=at, place=place, matter_id=matter_id, step=step, made_at=clock.now(),
            account_id=viewer.account_id,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(
                """insert into booking (id, point_id, at, place, matter_id, step, made_at, account_id)
                values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
                [row.id, point.id, at, place, matter_id, step, row.made_at, row.account_id],
            )
            if cursor.rowcount:
                return row
    words = Words(
        "这个时间刚被别人约走了，请另选一个。", "Somebody has just taken this time; please choose another."
    )
    raise Refused("taken", words, status=409)


def _rule(point: Point) -> dict[str, int]:
    """How long a slot is here and how many may come at once, as the region says."""
    raw = next((one for one in region().points if one["code"] == point.code), {})
    return _USUAL | (raw.get("slots") or {})


def fits(point: Point, hours: Hours, at: datetime) -> bool:
    """Would a point with these hours be open for all of a slot that begins then?"""
    begin = at.astimezone(calendar().zone)
    length, day = timedelta(minutes=_rule(point)["minutes"]), begin.date()
    spans = ((datetime.combine(day, one, calendar().zone) for one in span) for span in hours.spans(day))
    return any(opens <= begin and begin + length <= closes for opens, closes in spans)


def _times(point: Point, day: date) -> Iterator[datetime]:
    """The slots of a day: whole ones within the opening hours."""
    zone, length = calendar().zone, timedelta(minutes=_rule(point)["minutes"])
    for opens, closes in Hours.of(point.hours, calendar()).spans(day):
        at, end = (datetime.combine(day, one, zone) for one in (opens, closes))
        while at + length <= end:
            yield at
            at += length
