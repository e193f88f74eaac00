"""Choosing a time: for oneself in the portal, or for somebody at a window; and who comes today."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.appointments import verbs
from doorstep.domains.appointments.models import Booking
from doorstep.kernel import lists, read
from doorstep.kernel.org import town
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.hours import Hours
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words


def say(found: MatterView) -> Words:
    """What the applicant is told on the page of the matter."""
    at = found.hand_out.name
    return Words(
        f"挑一个您方便的时间，到{at.zh}办，到了不用排队。",
        f"Choose a time that suits you at {at.en}; you will not queue.",
    )


def when(found: MatterView) -> datetime | None:
    """For when a time was chosen."""
    had = verbs.booked(found)
    return had.at if had else None


def choose(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """A day, then a time."""
    found = _read(viewer, matter_id)
    home = f"/matter/{found.id}" if viewer.is_resident else f"/counter/matter/{found.id}"
    had, refusal = verbs.booked(found), None
    if verbs.waiting(found) is None and (had is None or not verbs.may_change(found, had)):
        return redirect(home)
    if request.method == "POST":
        try:
            with transaction.atomic():
                verbs.book(viewer, found, _moment(request.POST.get("at", "")))
            return redirect(home)
        except Refused as refused:
            refusal = refused
    days = verbs.days(found.hand_out)
    wanted = _day(request.GET.get("day", "")) or (_moment_day(request) if refusal else None)
    day = wanted if wanted in [one for one, _ in days] else (days[0][0] if days else None)
    context = {
        "matter": found, "point": found.hand_out, "days": days, "day": day, "had": had, "home": home,
        "slots": verbs.slots(found.hand_out, day) if day else [], "refusal": refusal.words if refusal else None,
        "frame": "web/resident.html" if viewer.is_resident else "web/staff.html", "here": request.path,
    }  # fmt: skip
    return render(request, "appointments/choose.html", context, status=refusal.status if refusal else 200)


def today(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Who comes to the points of this unit on one day: times and numbers, no names."""
    day = _day(request.GET.get("day", "")) or calendar().day_of(clock.now())
    begin = datetime.combine(day, datetime.min.time(), calendar().zone)
    mine = {one.id: one for one in town().points.values() if one.unit_id == viewer.unit_id}
    rows = Booking.objects.filter(
        point_id__in=list(mine), at__gte=begin, at__lt=begin + timedelta(days=1), freed_at=None
    ).order_by("at", "place")
    matters = lists.these(viewer, [row.matter_id for row in rows], "appointments")
    lines = [
        {
            "at": row.at, "number": matters[row.matter_id].number, "url": f"/counter/matter/{row.matter_id}",
            "title": matters[row.matter_id].title, "point": mine[row.point_id].name,
        }
        for row in rows
        if row.matter_id in matters
    ]  # fmt: skip
    context = {
        "lines": lines,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
    }
    return render(request, "appointments/today.html", context)


def part(request: Any, viewer: Any, found: Any) -> dict[str, Any] | None:
    """On the page of a matter: the time that was chosen."""
    asks = any(one.get("message") == verbs.MESSAGE for one in found.pack.asks.values())
    had = verbs.booked(found) if asks else None
    if had is None:
        return None
    hours, may_change = Hours.of(found.hand_out.hours, calendar()), verbs.may_change(found, had)
    shut = may_change and not verbs.fits(found.hand_out, hours, had.at)
    return {"had": had, "point": found.hand_out, "may_change": may_change, "matter": found, "shut": shut}


def _read(viewer: Viewer, matter_id: UUID) -> MatterView:
    try:
        return read.read_matter(viewer, matter_id)
    except Refused as refusal:
        if refusal.code != "purpose":
            raise
        return read.read_matter(
            viewer,
            matter_id,
            purpose=refusal.faults[0][0],
            reason="在窗口约时间 · a time is booked at the window",
        )


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused("no-slot", Words("请选一个时间。", "Please choose a time."))
    return at.astimezone(calendar().zone)


def _moment_day(request: HttpRequest) -> date | None:
    return _day(request.POST.get("at", "")[:10])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
