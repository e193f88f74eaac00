"""At a window: what binds the person who is there; authority given by both present, parents and guardians by a document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.family import asked, mandate
from doorstep.kernel.party import Person
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock, document
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web.catalogue import BRANCHES
from doorstep.web.questions import who_by

_TOLD = {
    "given": Words("登记好了，两个人都收到了通知。", "Entered. Both of them have been told."),
    "ended": Words("收回了，从现在起不再有效。", "Withdrawn, from this moment."),
}
_OF_AGE = Words(
    "这个人已经满十八周岁，或者号码里看不出生日。成年人请本人委托；确需监护的，选监护人。",
    "This person is eighteen already, or the number tells no birthday. A grown person gives authority; for a ward choose guardian.",
)


def window(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Identify whoever gives or is bound, then list, give or end."""
    refusal: Refused | None = None
    whose = asked.person(request.POST, "principal")
    lines: list[asked.Line] = []
    if request.method == "POST":
        try:
            with transaction.atomic():
                done = _do(request, viewer, whose)
            if done:
                return redirect(f"/family/window?told={done}")
        except Refused as refused:
            refusal = refused
        if whose.id_no:
            lines = [asked.line(one) for one in mandate.at_window(viewer, whose)]
    context: dict[str, Any] = {
        **asked.context(request.POST),
        "whose": whose,
        "whose_shown": who_by("principal_id_no", whose.id_no),
        "lines": lines,
        "kinds": asked.KINDS.items(),
        "asked": request.method == "POST" and whose.id_no,
        "refusal": refusal.words if refusal else None,
        "told": _TOLD.get(request.GET.get("told", "")),
        "request_id": request.POST.get("request_id") or uuid7(),
    }
    return render(request, "family/window.html", context, status=refusal.status if refusal else 200)


def _do(request: HttpRequest, viewer: Viewer, whose: Person) -> str:
    """Carry out the button that was pressed. Empty: only looked."""
    what, _, of = request.POST.get("do", "find").partition(":")
    request_id = request.POST.get("request_id", "")
    if what == "end":
        if not FORMATS["upload"].ok(of):
            raise not_found()
        mandate.end(viewer, UUID(of), request_id=request_id, shown=whose)
        return "ended"
    if what != "give":
        return ""
    kind = request.POST.get("kind", "given")
    kind = kind if kind in asked.KINDS else "given"
    items, branches = asked.scope_of(request.POST)
    if kind != "given":
        items, branches = [], list(BRANCHES)
    mandate.give(
        viewer, principal=whose, agent=asked.person(request.POST, "agent"), kind=kind, items=items, branches=branches,
        until=_comes_of_age(whose, request.POST.get("born", "")) if kind == "parent"
        else asked.until_of(request.POST.get("until", "")),
        relation=_relation(request, kind), proof=request.POST.get("proof", "").strip()[:200], request_id=request_id,
    )  # fmt: skip
    return "given"


def _relation(request: HttpRequest, kind: str) -> str:
    said = request.POST.get("relation", "")
    return "parent" if kind == "parent" else said if said in asked.RELATIONS else "other"


def _comes_of_age(child: Person, typed: str) -> datetime:
    """The eighteenth birthday: by the number, else by the day that the clerk read in the child's document."""
    born = document.born(child.id_no)
    if born is None and FORMATS["date"].ok(typed) and typed:
        born = date.fromisoformat(typed)
    until = mandate.of_age(born) if born else None
    if until is None or until <= clock.now():
        raise Refused("of-age", _OF_AGE, faults=(("/principal/id_no", _OF_AGE),))
    return until
