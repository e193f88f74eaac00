"""Somebody came to sign their part of another person's matter: number and identity card, then what they sign."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame
from doorstep.kernel import child
from doorstep.kernel.party import Person
from doorstep.kernel.read import MatterView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import document
from doorstep.rulebook.words import Refused, Words
from doorstep.web.portal.sign import asked, give
from doorstep.web.questions import known_by, who_by

_NOT_FOUND = Words(
    "编号和证件对不上，或者这件事已经不用签了。请照着通知和身份证再输一次。",
    "Number and card do not belong together, or nothing waits to be signed. Type them again from the notice and the card.",
)


def sign(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Ask for number and card; show what is to be signed; take the answer of the person who is there."""
    typed = {name: request.POST.get(name, "").strip() for name in ("number", "name")}
    typed["id_no"] = known_by(request.POST)
    if request.method != "POST":
        return _ask(request, viewer, typed, None)
    person = Person(typed["name"], typed["id_no"])
    try:
        found = _found(viewer, child.let_in(viewer, typed["number"], person, purpose="sign"))
    except Refused as refusal:
        return _ask(request, viewer, typed, refusal)
    refused = None
    if request.POST.get("do") != "find":
        try:
            give(request, viewer, found, person)
            return HttpResponseRedirect(f"/counter/sign?did={found.number}")
        except Refused as refusal:
            refused = refusal
    context = asked(request, found, refused) | {
        "typed": typed,
        "hidden": document.said(person.masked().id_no),
    }
    return frame.show(request, viewer, "sign", context, refused.status if refused else 200)


def _found(viewer: Viewer, matter_id: UUID) -> MatterView:
    """Read for the purpose of handling it: the person is there and asks for it."""
    try:
        found = read_matter(viewer, matter_id)
    except Refused as refusal:
        if refusal.code != "purpose":
            raise
        found = read_matter(
            viewer, matter_id, purpose=refusal.faults[0][0], reason="来人在窗口签字 · here to sign"
        )
    if not found.pack.part_of or not any(step.by == "applicant" for step in found.open_steps):
        raise Refused("nothing-to-sign", _NOT_FOUND, status=404)
    return found


def _ask(
    request: HttpRequest, viewer: Viewer, typed: dict[str, str], refusal: Refused | None
) -> HttpResponse:
    words = _NOT_FOUND if refusal and refusal.code == "not-found" else refusal and refusal.words
    context = {
        "typed": typed,
        "shown": who_by("id_no", typed["id_no"]),
        "refusal": words,
        "did": request.GET.get("did", ""),
    }
    return frame.show(request, viewer, "sign_find", context, refusal.status if refusal else 200)
