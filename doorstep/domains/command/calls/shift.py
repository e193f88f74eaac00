"""The open calls of a shift, handed over: one operator gives them, another takes them; both sign, and the database holds to two."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.command.calls import reading, verbs
from doorstep.domains.command.calls.models import ShiftSigned
from doorstep.kernel.row import first, insert, rows, run
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_WAITS = "where unit_id = %s and taken_by is null"


def give(viewer: Viewer) -> UUID:
    """The operator signs that these calls are open; somebody else takes them. Refused: "no-right", "given" (409) if one waits."""
    verbs.operator(viewer)
    if first(ShiftSigned, f"{_WAITS} for update", viewer.unit_id) is not None:
        words = Words("已经有一份等着接班的人签字。", "One waits for a signature already.")
        raise Refused("given", words, status=409)
    calls = [str(one) for one in reading.all_open()]
    fresh = uuid7()
    insert(ShiftSigned(id=fresh, unit_id=viewer.unit_id or 0, given_by=viewer.account_id, given_at=clock.now(), taken_by=None,
                       taken_at=None, calls=calls))  # fmt: skip
    return fresh


def accept(viewer: Viewer, given: UUID) -> None:
    """Another operator signs for them. Refused: "no-right", "same-person" (409), "taken" (409)."""
    verbs.operator(viewer)
    found = first(ShiftSigned, f"{_WAITS} and id = %s for update", viewer.unit_id, given)
    if found is None:
        raise Refused("taken", Words("已经有人签过了。", "Somebody has signed already."), status=409)
    if found.given_by == viewer.account_id:
        words = Words("交班的是您自己，要由接班的人签。", "You gave it; whoever takes over signs.")
        raise Refused("same-person", words, status=409)
    run(
        "update call_shift set taken_by = %s, taken_at = %s where id = %s",
        viewer.account_id,
        clock.now(),
        given,
    )


def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What is open now, what waits for a signature, and the last that were signed."""
    verbs.operator(viewer)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                if request.POST.get("do") == "give":
                    give(viewer)
                else:
                    accept(viewer, UUID(request.POST.get("given", "")))
            return redirect("/command/calls/shift?did=1")
        except ValueError:
            refusal = Refused("taken", Words("请重新打开这一页。", "Open this page again."), status=409)
        except Refused as no:
            refusal = no
    waits = first(ShiftSigned, _WAITS, viewer.unit_id)
    context = {
        "here": "shift", "calls": reading.open_calls(viewer), "count": len(reading.all_open()), "waits": waits,
        "mine": waits is not None and waits.given_by == viewer.account_id,
        "done": rows(ShiftSigned, "where unit_id = %s and taken_by is not null order by taken_at desc limit 6", viewer.unit_id),
        "refusal": refusal.words if refusal else None, "said": Words("签好了。", "Signed.") if request.GET.get("did") else None,
    }  # fmt: skip
    return render(request, "command/shift.html", context, status=refusal.status if refusal else 200)
