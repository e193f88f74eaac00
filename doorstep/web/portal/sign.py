"""My part of somebody else's matter: exactly what I am asked to sign, and to agree to it or not."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.kernel import matter, read
from doorstep.kernel.party import Person
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.field import Fault, at_pointer
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web import questions
from doorstep.web.questions import Asking


def sign(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Read it, then agree or decline."""
    found = read.read_matter(viewer, matter_id)
    if not found.pack.part_of or not any(step.by == "applicant" for step in found.mine):
        return redirect(f"/matter/{found.id}")
    if request.method != "POST":
        return render(request, "web/portal/sign.html", asked(request, found))
    try:
        give(request, viewer, found)
    except Refused as refusal:
        return render(request, "web/portal/sign.html", asked(request, found, refusal), status=refusal.status)
    return redirect(f"/matter/{found.id}?told=answered")


def give(request: HttpRequest, viewer: Viewer, found: MatterView, present: Person | None = None) -> None:
    """Carry out what was chosen on the page. Refused: as `matter.act`, and "choose" if neither was."""
    step = next(one for one in found.open_steps if one.by == "applicant")
    outcome = request.POST.get("outcome", "")
    if outcome not in found.pack.flow.step(step.name).outcomes:
        raise Refused("choose", Words("请选同意或者不同意。", "Choose whether you agree or not."))
    form, pairs = found.pack.form, questions.pairs_of(request.POST)
    free = [one for one in form.fields if at_pointer(found.data, one.pointer) is None]
    data = questions.taken_in(form, free, found.data, pairs) if free else None
    with transaction.atomic():
        matter.act(
            viewer, found.id, step=step.name, outcome=outcome, data=data, present=present,
            version=questions.number(request.POST.get("version")), request_id=request.POST.get("request_id", ""),
        )  # fmt: skip


def asked(request: HttpRequest, found: MatterView, refusal: Refused | None = None) -> dict[str, object]:
    """What the page of a signature shows, in the portal and at a window."""
    form = found.pack.form
    step = next(one for one in found.open_steps if one.by == "applicant")
    declared = found.pack.flow.step(step.name)
    free = [
        one
        for one in form.fields
        if at_pointer(found.data, one.pointer) is None and form.asked(one, found.data)
    ]
    pairs = questions.pairs_of(request.POST) if refusal else []
    data = questions.taken_in(form, free, found.data, pairs)
    faults = tuple(Fault(pointer, words) for pointer, words in refusal.faults) if refusal else ()
    groups = [
        (group.title, [line for line in group.lines if line.value is not None])
        for group in questions.answers(form, found.data)
    ]
    return {
        "matter": found,
        "step": step,
        "groups": [(title, lines) for title, lines in groups if lines],
        "questions": Asking(data, {fault.pointer: fault.words for fault in faults}).ask(free),
        "choices": [(outcome, declared.label(outcome)) for outcome in declared.outcomes],
        "faults": questions.fault_lines(faults),
        "refusal": refusal.words if refusal else None,
        "request_id": request.POST.get("request_id") or uuid7(),
        "version": found.version,
    }
