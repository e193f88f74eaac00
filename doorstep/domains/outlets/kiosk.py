"""A kiosk: people begin a matter by themselves. One item, one form, then nothing is left of them on the machine.

It shows no matter of anybody but the number, the fee and the paper of what was just sent, until who sent it leaves.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from doorstep.domains.outlets import begun, errand
from doorstep.domains.outlets.begun import person_of
from doorstep.domains.outlets.errand import How
from doorstep.domains.outlets.form import HOME, show
from doorstep.kernel.party import Person
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.format import tidy
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES
from doorstep.web.places import serving

_CARD = Words("请把身份证放上读卡器，再按一次。", "Please put your card on the reader and press once more.")
_UNKNOWN = Words(
    "没有找到。请照着小票核对受理号；要用办的时候那张身份证。在网上、在窗口办的，请在网上或到窗口缴费、打印。",
    "Not found. Check the number, and use the card it was begun with. What was begun online or at a counter goes on there.",
)


def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What can be done at this machine. Whoever was here before has left: what they typed is thrown away."""
    begun.wipe(viewer)
    by: dict[str, list[object]] = {}
    for one in begun.offered(viewer):
        by.setdefault(one.branch, []).append(one)
    context: dict[str, Any] = {
        "groups": [(BRANCHES[branch], ones) for branch, ones in by.items()],
        "quiet": True,
    }
    context["halted"] = begun.HALTED if request.GET.get("told") == "halted" else None
    return show(request, viewer, "outlets/kiosk_home.html", context)


def start(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """Who it is: by the card in the reader, or typed where an officer looks at the matter anyway. Refused: "not-found"."""
    found = begun.item(viewer, code)
    may_type = errand.looked_at(found)
    typed, faults = person_of(request.POST) if request.method == "POST" else (Person(""), {})
    read = request.POST.get("by") == "card"
    if request.method == "POST" and not read and not may_type:
        faults["name"] = Words(
            "这一项要刷身份证。没带的话，请到窗口办。",
            "This needs the card. Without it, please go to a counter.",
        )
    if request.method == "POST" and not faults:
        begun.wipe(viewer)
        made = begun.begin(viewer, found, typed, How("card" if read else "typed", "own"))
        return redirect(f"{made.at}/apply/{code}/{made.kept.page}")
    counters = [one for one in serving(code) if one.open and one.phone][:1]
    context = {"item": found, "typed": typed, "faults": faults, "may_type": may_type, "counters": counters}
    return show(request, viewer, "outlets/kiosk_start.html", context, 422 if faults else 200)


def back(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Somebody comes back to pay or to print: their number, and the card of who sent it at a kiosk."""
    number = tidy(request.POST.get("number", ""))
    faults: dict[str, Words] = {}
    if request.method == "POST":
        begun.wipe(viewer)
        person, wrong = person_of(request.POST)
        carded = request.POST.get("by") == "card" and not wrong
        found = errand.come_back(number, person.id_no) if carded else None
        if found is not None:
            return redirect(f"/outlets/kiosk/sent/{found}")
        faults["number"] = _UNKNOWN if carded else _CARD
    context = {"number": number, "faults": faults}
    return show(request, viewer, "outlets/kiosk_back.html", context, 422 if faults else 200)


def sent(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The last page: the number to take along, the fee to scan, the paper to print. Gone when they leave, or fifteen minutes on."""
    found = errand.just_sent(matter_id)
    if found is None:
        return redirect(HOME["kiosk"])
    if request.method == "POST":
        errand.keep_for_window(viewer, matter_id)
        return redirect(f"{request.path}?told=kept")
    prints = errand.prints_here(found)
    context = {
        "id": matter_id, "item": found.item, "number": found.number, "looked_at": errand.looked_at(found.item), "at": clock.now(),
        "papers": [number for number, ready in found.papers if ready] if prints else [],
        "making": prints and any(not ready for _, ready in found.papers),
        "answered": found.ended, "again": found.errand.came_at != found.errand.recorded_at,
        "kept": found.errand.unprinted_at is not None, "leave_after": 150, "live": True,
    }  # fmt: skip
    return show(request, viewer, "outlets/kiosk_sent.html", context)


def paper(request: HttpRequest, viewer: Viewer, matter_id: UUID, number: str) -> HttpResponse:
    """The paper for the machine's printer, as long as the person stands there. Refused: "not-found", "not-ready" (425)."""
    answer = HttpResponse(errand.paper_for_print(viewer, matter_id, number), content_type="application/pdf")
    answer["Cache-Control"] = "no-store"
    answer["X-Frame-Options"] = "SAMEORIGIN"
    answer["Content-Security-Policy"] = (
        "default-src 'none'; frame-ancestors 'self'; style-src 'unsafe-inline'"
    )
    return answer


def leave(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Somebody is done, gives up, or walked away: nothing of it stays."""
    begun.wipe(viewer)
    return redirect(HOME["kiosk"])
