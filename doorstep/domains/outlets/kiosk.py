"""A kiosk: people begin a matter by themselves. One item, one form, then nothing is left of them on the machine.

It shows no matter of anybody: what came of it is told elsewhere. The full kiosk (printing, lockers, health) is built on this.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from doorstep.domains.outlets import begun, errand
from doorstep.domains.outlets.begun import person_of
from doorstep.domains.outlets.errand import How
from doorstep.domains.outlets.form import HOME, show
from doorstep.kernel.party import Person
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES
from doorstep.web.places import serving


def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What can be done at this machine. Whoever was here before has left: what they typed is thrown away."""
    begun.wipe(viewer)
    by: dict[str, list[object]] = {}
    for one in begun.offered(viewer):
        by.setdefault(one.branch, []).append(one)
    context = {"groups": [(BRANCHES[branch], ones) for branch, ones in by.items()], "quiet": True}
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


def leave(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Somebody is done, gives up, or walked away: nothing of it stays."""
    begun.wipe(viewer)
    return redirect(HOME["kiosk"])
