"""The page of an outlet: what it takes, whoever stands there and agrees, what it brought, and what it hands out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.outlets import begun, errand
from doorstep.domains.outlets.begun import person_of
from doorstep.domains.outlets.errand import How
from doorstep.domains.outlets.form import HOME, show
from doorstep.kernel import file, lists, read
from doorstep.kernel.party import Person, check_present
from doorstep.kernel.read import MatterView, StepView
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook.field import Fault
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web import finding, questions
from doorstep.web.catalogue import BRANCHES
from doorstep.web.portal.apply import asking, take_files
from doorstep.web.uploads import Received

PROOF = "/proof"
_FEW = 12
"""Up to so many items are shown without a search box."""
_TOLD = {
    "sent": Words("交上了，本人已经收到通知。", "Sent. The person has been told."),
    "given": Words("交给本人了，记下来了。", "Handed over, and written down."),
    "corrected": Words("补好交上了。", "Corrected and sent."),
    "halted": Words("这一项刚刚在这里停办了，什么都没有交。填好的先留着，恢复以后接着填。",
                    "This service has just been taken off here. Nothing was sent; what was typed is kept for when it is back."),
    "let_go": Words("清掉了，什么都没有交。", "Thrown away. Nothing was sent."),
}  # fmt: skip


def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What this point takes; what is being filled in; what it brought and how far that is."""
    if viewer.kind == "kiosk":
        return redirect(HOME["kiosk"])
    offers, q = begun.offered(viewer), request.GET.get("q", "").strip()
    fits = [hit.pack for hit in finding.find(q, offers, _FEW)] if q else list(offers)
    under_way, halted = begun.under_way(viewer)
    context = {
        "groups": _groups(fits),
        "count": len(offers),
        "ask": len(offers) > _FEW,
        "q": q,
        "under_way": under_way,
        "halted": halted,
        "rows": lists.unit_matters(viewer).rows,
        "told": _TOLD.get(request.GET.get("told", "")),
    }
    return show(request, viewer, "outlets/home.html", context)


def _groups(found: Any) -> list[tuple[Words, list[Any]]]:
    by: dict[str, list[Any]] = {}
    for one in found:
        by.setdefault(one.branch, []).append(one)
    return [(BRANCHES[branch], ones) for branch, ones in by.items()]


def start(request: HttpRequest, viewer: Viewer, code: str, received: Received | None = None) -> HttpResponse:
    """Who is there, and their agreement: read to them, signed, and pictured. Refused: "not-found"."""
    found = begun.item(viewer, code)
    typed, faults = person_of(request.POST)
    if request.method != "POST":
        return _start(request, viewer, code, Person(""), {})
    try:
        proof = _proof(request, viewer, received or {})
    except Refused as refusal:
        faults["proof"], proof = refusal.words, None
    agreed = request.POST.get("agreed", "")
    if agreed not in ("sheet", "pad"):
        faults["agreed"] = Words("请选本人签在哪里。", "Say where the person signed.")
    elif proof is None and "proof" not in faults:
        faults["proof"] = Words("请拍下签好的同意书。", "Take a picture of the signed agreement.")
    if faults or "upload" in request.POST:
        return _start(request, viewer, code, typed, faults if "upload" not in request.POST else {}, proof)
    made = begun.begin(viewer, found, typed, How("document", agreed, proof))
    return redirect(f"{made.at}/apply/{code}/{made.kept.page}")


def _proof(request: HttpRequest, viewer: Viewer, received: Received) -> UUID | None:
    got = received.get(PROOF)
    if isinstance(got, Refused):
        raise got
    if got is not None:
        return file.add(viewer, got, errand.SHEET)
    held = request.POST.get("proof_id", "")
    known = file.pending(viewer, [UUID(held)]) if len(held) == 36 else {}
    return next(iter(known), None)


def _start(
    request: HttpRequest, viewer: Viewer, code: str, typed: Person, faults: dict[str, Words], proof: UUID | None = None
) -> HttpResponse:  # fmt: skip
    context = {
        "item": begun.item(viewer, code), "typed": typed, "faults": faults, "proof": proof,
        "agreed": request.POST.get("agreed", ""), "days": errand.LASTS.days,
    }  # fmt: skip
    return show(request, viewer, "outlets/start.html", context, 422 if faults else 200)


def let_go(request: HttpRequest, viewer: Viewer, draft_id: UUID) -> HttpResponse:
    """What is being filled in is thrown away."""
    begun.drop(viewer, draft_id)
    return redirect("/outlets/?told=let_go")


# ---- what was brought ----


def matter(
    request: HttpRequest, viewer: Viewer, matter_id: UUID, received: Received | None = None
) -> HttpResponse:
    """How far it is, without what was typed; with the person there: what is to be corrected, and what is to be handed over.

    Refused: "not-found" for anything this outlet did not bring, or not any more.
    """
    row = lists.these(viewer, [matter_id], "unit").get(matter_id)
    brought = errand.of_matter(matter_id)
    if row is None or brought is None:
        raise not_found()
    context: dict[str, Any] = {
        "row": row,
        "errand": brought,
        "until": errand.ends_at(brought),
        "told": _TOLD.get(request.GET.get("told", "")),
        "faults": {},
        "typed": Person(""),
        "refusal": None,
        "live": True,
        "request_id": request.POST.get("request_id") or uuid7(),
    }
    if request.method == "POST":
        answer = _with_them(request, viewer, matter_id, brought.principal_id, context, received or {})
        if answer is not None:
            return answer
    status = 422 if context["faults"] or context["refusal"] else 200
    return show(request, viewer, "outlets/matter.html", context, status)


def _with_them(
    request: HttpRequest, viewer: Viewer, matter_id: UUID, principal: UUID, context: dict[str, Any], received: Received
) -> HttpResponse | None:  # fmt: skip
    """The person is there: see by the document that it is they, then show what waits, or do it."""
    person, context["faults"] = person_of(request.POST)
    context["typed"] = person
    if context["faults"]:
        return None
    try:
        with transaction.atomic():
            check_present(principal, person)
            view = _read(viewer, matter_id)
            return _waits(request, viewer, view, person, context, received)
    except Refused as refusal:
        context["refusal"] = refusal.words
        return None


def _read(viewer: Viewer, matter_id: UUID) -> MatterView:
    row = lists.these(viewer, [matter_id], "unit")[matter_id]
    told = {"purpose": row.pack.purpose, "reason": "本人在代办点 · here at the outlet"}
    return read.read_matter(viewer, matter_id, **told)


def _waits(
    request: HttpRequest, viewer: Viewer, view: MatterView, person: Person, context: dict[str, Any], received: Received
) -> HttpResponse | None:  # fmt: skip
    mine = [one for one in view.mine if one.by == "hand_out"]
    owed = [one for one in view.open_steps if one.by == "applicant"]
    do = request.POST.get("do", "")
    if do == "hand_out" and mine:
        errand.go_on(
            viewer, view.id, step=mine[0].name, outcome=mine[0].outcomes[0], reason="本人在代办点领取",
            request_id=request.POST.get("request_id", ""),
        )  # fmt: skip
        return redirect(f"/outlets/matter/{view.id}?told=given")
    context |= {"there": True, "view": view, "gives": mine}
    if owed:
        return _correct(request, viewer, view, owed[0], person, context, received)
    return None


def _correct(
    request: HttpRequest, viewer: Viewer, view: MatterView, step: StepView, person: Person, context: dict[str, Any],
    received: Received,
) -> HttpResponse | None:  # fmt: skip
    form, data = view.pack.form, view.data
    faults: tuple[Fault, ...] = ()
    if (
        request.POST.get("do") == "correct"
        or received
        or {"upload", "drop", "more", "less"} & set(request.POST)
    ):
        pairs, refused = take_files(request, viewer, form, received)
        data = questions.taken_in(form, form.fields, view.data, pairs)
        sent = request.POST.get("do") == "correct"
        faults = refused or (form.validate(data) if sent else ())
        if sent and not faults:
            errand.go_on(
                viewer, view.id, step=step.name, outcome="done", data=data, present=person,
                request_id=request.POST.get("request_id", ""),
            )  # fmt: skip
            return redirect(f"/outlets/matter/{view.id}?told=corrected")
    asked = asking(request, viewer, form, data, faults)
    context |= {
        "step": step,
        "reasons": [Fault(one.get("field", ""), _why(view, one)) for one in view.faults],
        "pages": [(one, asked.ask(one.fields)) for one in form.pages(data)],
        "form_faults": questions.fault_lines(faults),
    }
    return None


def _why(view: MatterView, told: dict[str, str]) -> Words:
    words = view.pack.reasons.get("return", {}).get(told.get("reason", ""))
    text = told.get("text", "")
    if words and text:
        return Words(f"{words.zh}：{text}", f"{words.en}: {text}")
    return words or Words(text, text)


# ---- for the person ----


def brought(request: Any, viewer: Any, found: Any) -> dict[str, Any] | None:
    """On the person's own page of a matter: where it was brought for them, what they signed, and how to end that."""
    one = errand.of_matter(found.id)
    if one is None or one.agreed == "own" or found.for_other:
        return None
    return {
        "point": errand.name_of(one),
        "errand": one,
        "live": errand.live(one),
        "until": errand.ends_at(one),
        "matter": found,
    }


def identified(request: Any, viewer: Any, matter_id: Any) -> dict[str, Any] | None:
    """On the case at a desk: how the person was identified where no police stood."""
    one = errand.of_matter(UUID(str(matter_id)))
    return {"errand": one, "point": errand.name_of(one)} if one else None


def end(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Ask once more, then the outlet sees nothing of it any more. Refused: "not-found"."""
    one = errand.of_matter(matter_id)
    if one is None or one.agreed == "own" or not errand.live(one):
        raise not_found()
    if request.method == "POST":
        errand.end(viewer, matter_id, request_id=request.POST.get("request_id", ""))
        return redirect(f"/matter/{matter_id}")
    context = {"point": errand.name_of(one), "matter_id": matter_id, "request_id": uuid7()}
    return render(request, "outlets/end.html", context)
