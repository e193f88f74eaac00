"""Who acts for me, for whom I act; giving authority, and taking it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.family import asked, mandate
from doorstep.kernel.trust import Viewer, not_found, refuse_assurance
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_TOLD = {
    "given": Words(
        "委托好了。对方登录以后就能替您办；办一步、看一次，您都会知道。",
        "Done. They can act for you once signed in; you will be told of every step and every look.",
    ),
    "ended": Words(
        "收回了，从现在起对方什么也看不到。", "Withdrawn. From this moment they see nothing any more."
    ),
    "laid": Words("不再替办了。", "You act for them no more."),
}


def family(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Both directions, with what has ended below."""
    lines = [asked.line(one) for one in mandate.mine(viewer)]
    context = {
        "given": [one for one in lines if not one.one.held and one.one.live],
        "held": [one for one in lines if one.one.held and one.one.live],
        "ended": [one for one in lines if not one.one.live and not one.one.held],
        "told": _TOLD.get(request.GET.get("told", "")),
    }
    return render(request, "family/family.html", context)


def give(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Ask whom, for what and until when; a post gives it."""
    if viewer.party_id is None:
        raise refuse_assurance()
    refusal: Refused | None = None
    if request.method == "POST":
        items, branches = asked.scope_of(request.POST)
        try:
            with transaction.atomic():
                mandate.give(
                    viewer, agent=asked.person(request.POST, "agent"), until=asked.until_of(request.POST.get("until", "")),
                    items=items, branches=branches, relation=_relation(request), request_id=request.POST.get("request_id", ""),
                )  # fmt: skip
            return redirect("/family/?told=given")
        except Refused as refused:
            refusal = refused
    context = {
        **asked.context(request.POST, request.GET.get("item", "")),
        "refusal": refusal.words if refusal else None,
        "request_id": request.POST.get("request_id") or uuid7(),
    }
    return render(request, "family/give.html", context, status=refusal.status if refusal else 200)


def _relation(request: HttpRequest) -> str:
    said = request.POST.get("relation", "")
    return said if said in asked.RELATIONS else "other"


def end(request: HttpRequest, viewer: Viewer, mandate_id: UUID) -> HttpResponse:
    """Ask once more, then end it. Refused: "not-found"."""
    one = next((one for one in mandate.mine(viewer) if one.id == mandate_id and one.live), None)
    if one is None or (one.kind != "given" and not one.held):
        raise not_found()
    if request.method == "POST":
        mandate.end(viewer, mandate_id, request_id=request.POST.get("request_id", ""))
        return redirect(f"/family/?told={'laid' if one.held else 'ended'}")
    return render(request, "family/end.html", {"line": asked.line(one), "request_id": uuid7()})


def acting(request: Any, viewer: Any, found: Any) -> dict[str, Any] | None:
    """On the page of a matter: whom one acts for, or who acts."""
    lines = [asked.line(one) for one in mandate.mine(viewer) if one.live and one.covers(found.pack)]
    if found.for_other:
        held = [one for one in lines if one.one.held]
        return {"held": held[0] if held else None, "person": found.applicant, "given": []}
    given = [one for one in lines if not one.one.held]
    return {"given": given, "held": None} if given else None
