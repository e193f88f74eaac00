"""The duty room's pages: the screen, the morning's report on one A4, giving and taking a shift."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from doorstep.domains.command.calls import kinds
from doorstep.domains.command.room import handover, report
from doorstep.domains.command.units import duty, status
from doorstep.kernel.org import unit_words
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words

PATH = "/command/room"
_SAID = {
    "given": Words("交班写好了，等接班的人来接。", "Handed over; it waits for whoever takes it."),
    "taken": Words("接班了。", "You have taken over."),
}
_FIRST = ("waiting", "late", "due", "nobody")
_LEVEL_ICONS = {"urgent": "alert-octagon", "prompt": "alert-triangle", "routine": "clock"}


def room(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What is going on in the viewer's unit, who is there, what is due; a post gives or takes the shift."""
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"{PATH}?did={_do(request, viewer)}")
        except Refused as refused:
            refusal = refused
    told = report.now_figures()
    context = {
        "unit": unit_words(viewer.unit_id), "now": clock.now(), "days": report.days(viewer),
        "figures": [(name, report.TITLES[name], f"{told[name]:g}") for name in _FIRST if told.get(name) is not None],
        "since": [(report.TITLES[name], f"{told[name]:g}") for name in ("received", "ended", "returned") if name in told],
        "calls": _calls(), "units": _units(viewer),
        "handovers": handover.latest(viewer), "request_id": uuid4().hex, "typed": request.POST if refusal else {},
        "refusal": refusal.words if refusal else None, "said": _SAID.get(request.GET.get("did", "")),
        "stream_url": getattr(request, "stream_url", ""),
    }  # fmt: skip
    template = "command/room/_live.html" if request.GET.get("part") else "command/room/room.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def _calls() -> list[dict[str, Any]]:
    """What is open on the own ground: kind, level, minutes, how many are sent, whether somebody is there."""
    now = clock.now()
    return [
        {
            "title": kinds.kind_pack(kind).title, "level": kinds.LEVELS[level], "icon": _LEVEL_ICONS[level],
            "minutes": round((now - told_at).total_seconds() / 60), "sent": sent, "there": there,
        }
        for kind, level, told_at, sent, there in fetch("select kind, level, told_at, sent, there from trust.room_calls()")
    ]  # fmt: skip


def _units(viewer: Viewer) -> list[dict[str, Any]]:
    """The own duty units: how they stand, since when, who rides in them, until when."""
    crew: dict[int, list[Words]] = {}
    for unit, zh, en, _ in fetch("select duty_unit_id, zh, en, since from trust.room_crew()"):
        crew.setdefault(unit, []).append(Words(zh, en))
    return [
        {"unit": one, "state": status.NAMES[one.state], "off": one.state == status.OFF, "crew": crew.get(one.id, ())}
        for one in duty.roster() if one.unit_id == viewer.unit_id
    ]  # fmt: skip


def _do(request: HttpRequest, viewer: Viewer) -> str:
    words, request_id = request.POST.get("words", ""), request.POST.get("request_id", "")
    if request.POST.get("do") == "take":
        try:
            of = UUID(request.POST.get("of", ""))
        except ValueError:
            raise not_found() from None
        handover.take(viewer, of, words, request_id)
        return "taken"
    handover.give(viewer, words, request_id)
    return "given"


def morning(request: HttpRequest, viewer: Viewer, day: str) -> HttpResponse:
    """The report of one morning, as it is printed. Refused: "not-found"."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise not_found() from None
    if viewer.unit_id is None:
        raise not_found()
    found = report.report(viewer.unit_id, on)
    context = {"report": found, "lines": report.lines(found.figures), "unit": unit_words(viewer.unit_id)}
    return render(request, "command/room/report.html", context)
