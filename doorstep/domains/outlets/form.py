"""Filling in and sending, at an outlet and at a kiosk alike: the pages of the portal's form, kept for whoever stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.outlets import begun, errand
from doorstep.domains.outlets.begun import Begun
from doorstep.kernel import draft
from doorstep.kernel.idempotency import Done
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.field import Fault, Page
from doorstep.rulebook.words import Refused
from doorstep.web import questions
from doorstep.web.devices import bridge
from doorstep.web.portal import apply
from doorstep.web.uploads import Received

_FRAMES = {"outlet": "outlets/frame.html", "kiosk": "outlets/kiosk_frame.html"}
HOME = {"outlet": "/outlets/", "kiosk": "/outlets/kiosk"}


def show(
    request: HttpRequest, viewer: Viewer, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """A page in the frame of an outlet or a kiosk."""
    around = {"frame": _FRAMES[viewer.kind], "point": errand.point_of(viewer), "bridge": bridge()}
    return render(request, template, {**around, **context}, status=status)


def page(
    request: HttpRequest, viewer: Viewer, draft_id: UUID, code: str, page_id: str, received: Received | None = None
) -> HttpResponse:  # fmt: skip
    """One group of questions. A post keeps what was typed, right or wrong, then goes on or says what to mend."""
    found = _load(viewer, draft_id)
    if isinstance(found, str):
        return redirect(found)
    pages = found.item.form.pages(found.kept.data)
    here = next((one for one in pages if one.id == page_id), None)
    if here is None:
        return redirect(f"{found.at}/apply/{found.item.code}/{pages[0].id}")
    if request.method == "POST":
        return _post(request, viewer, found, here, received or {})
    return _page(request, viewer, found, here)


def _load(viewer: Viewer, draft_id: UUID) -> Begun | str:
    """The form; where to go instead if it was sent, thrown away, lay too long, or is not taken here any more."""
    try:
        return begun.load(viewer, draft_id)
    except Refused as no:
        return HOME[viewer.kind] + ("?told=halted" if no.code == "halted" else "")


def _post(request: HttpRequest, viewer: Viewer, found: Begun, here: Page, received: Received) -> HttpResponse:
    form = found.item.form
    pairs, refused = apply.take_files(request, viewer, form, received)
    data = questions.taken_in(form, here.fields, found.kept.data, pairs)
    found = begun.keep(viewer, found, data, here.id)
    if refused or request.POST.get("go") != "next":
        return _page(request, viewer, found, here, refused)
    faults = form.validate(data, page=here.id) or apply.not_theirs(
        viewer, found.person, found.item, here, data
    )
    again = next((one for one in found.item.form.pages(data) if one.id == here.id), here)
    if faults:
        return _page(request, viewer, found, again, faults)
    if {one.pointer for one in again.fields} - {one.pointer for one in here.fields}:
        return redirect(f"{found.at}/apply/{found.item.code}/{here.id}?more=1")
    return redirect(apply.after(found.item, found.whom, here.id, found.kept.data))


def _page(
    request: HttpRequest, viewer: Viewer, found: Begun, here: Page, faults: Sequence[Fault] = ()
) -> HttpResponse:
    asked = apply.asking(request, viewer, found.item.form, found.kept.data, faults)
    context = {
        **apply.page_of(found.item, here, asked, faults, found.whom),
        "called": apply.MORE if request.GET.get("more") else None,
        "saved_at": None,
    }
    return show(request, viewer, "web/portal/apply.html", context, 422 if faults else 200)


def send(request: HttpRequest, viewer: Viewer, draft_id: UUID, code: str) -> HttpResponse:
    """Everything to be read again, aloud at an outlet; a post brings it, once."""
    found = _load(viewer, draft_id)
    if isinstance(found, str):
        return redirect(found)
    if request.method != "POST":
        return _read(request, viewer, found)
    if request.POST.get("request_id") != apply.request_id(found.kept):
        return _read(request, viewer, found, Refused("draft-changed", apply.CHANGED, status=409))
    try:
        with transaction.atomic():
            if viewer.kind == "kiosk":
                begun.wipe(viewer, but=found.kept.id)
            done = _bring(viewer, found)
            draft.drop_draft(viewer, found.kept.id)
    except Refused as refusal:
        return _read(request, viewer, found, refusal)
    there = f"kiosk/sent/{done.matter_id}" if viewer.kind == "kiosk" else f"matter/{done.matter_id}?told=sent"
    return redirect(f"/outlets/{there}")


def _bring(viewer: Viewer, found: Begun) -> Done:
    point = errand.point_of(viewer)
    return errand.bring(
        viewer, found.how, item=found.item.code, point=point.code, channel=point.channel,
        data=found.item.form.clean(found.kept.data), request_id=apply.request_id(found.kept), applicant=found.person,
        hand_out=found.item.hand_out_code(found.kept.data),
    )  # fmt: skip


def _read(request: HttpRequest, viewer: Viewer, found: Begun, refusal: Refused | None = None) -> HttpResponse:
    context = apply.review_of(found.item, found.kept.data, found.whom, refusal)
    context |= {"request_id": apply.request_id(found.kept), "saved_at": None}
    return show(request, viewer, "web/portal/review.html", context, refusal.status if refusal else 200)
