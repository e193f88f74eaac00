"""Correcting what was returned: the answers that need it first, with the faults beside them, the rest folded away."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.kernel import matter, read
from doorstep.kernel.read import MatterView, StepView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.field import Fault, Page
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web import questions
from doorstep.web.portal.apply import asking, is_on, take_files
from doorstep.web.questions import Question
from doorstep.web.uploads import Received


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the form on the page of corrections; ``open`` if something on it has to be mended."""

    page: Page
    questions: tuple[Question, ...]
    open: bool


def correct(
    request: HttpRequest, viewer: Viewer, matter_id: UUID, received: Received | None = None
) -> HttpResponse:
    """Mend what was returned, the faults beside their questions, and send it again."""
    found = read.read_matter(viewer, matter_id)
    asked = request.GET.get("step") or request.POST.get("step", "")
    owed = [step for step in found.mine if step.by == "applicant"]
    mine = next((step for step in owed if step.name == asked), owed[0] if owed else None)
    if mine is None:
        return redirect(f"/matter/{found.id}")
    if request.method != "POST":
        return _correcting(
            request, viewer, found, mine, found.data, () if _is_added(found, mine) else _named(found)
        )
    form = found.pack.form
    pairs, refused = take_files(request, viewer, form, received or {})
    data = questions.taken_in(form, form.fields, found.data, pairs)
    faults = refused or (form.validate(data) if request.POST.get("go") == "next" else ())
    if faults or request.POST.get("go") != "next":
        return _correcting(request, viewer, found, mine, data, faults)
    try:
        with transaction.atomic():
            matter.act(
                viewer, found.id, step=mine.name, outcome="done", data=data,
                version=questions.number(request.POST.get("version")), request_id=request.POST.get("request_id", ""),
            )  # fmt: skip
    except Refused as refusal:
        faults = tuple(Fault(pointer, words) for pointer, words in refusal.faults)
        return _correcting(request, viewer, found, mine, data, faults, refusal)
    return redirect(f"/matter/{found.id}?told=corrected")


def _correcting(
    request: HttpRequest, viewer: Viewer, found: MatterView, step: StepView, data: dict[str, object],
    faults: tuple[Fault, ...], refusal: Refused | None = None,
) -> HttpResponse:  # fmt: skip
    form = found.pack.form
    asked = asking(request, viewer, form, data, faults)
    wrong = [*(fault.pointer for fault in faults), *([] if _is_added(found, step) else _about(found))]
    parts = [Part(page, asked.ask(page.fields), is_on(page, wrong)) for page in form.pages(data)]
    context = {
        "matter": found,
        "step": step,
        "added": _is_added(found, step),
        "reason_words": None if _is_added(found, step) else _reason_words(found),
        "parts": [part for part in parts if part.open] or parts,
        "rest": [part for part in parts if not part.open] if any(part.open for part in parts) else [],
        "faults": questions.fault_lines(faults),
        "refusal": refusal.words if refusal else None,
        "request_id": request.POST.get("request_id") or uuid7(),
        "version": request.POST.get("version") or found.version,
    }
    sent = request.method == "POST" and (faults or refusal)
    status = refusal.status if refusal else 422 if sent else 200
    return render(request, "web/portal/correct.html", context, status=status)


def _is_added(found: MatterView, step: StepView) -> bool:
    """Whether this step was added by hand, and corrects nothing."""
    return found.pack.flow.step(step.name).adhoc is not None


def _about(found: MatterView) -> list[str]:
    """The answers that the reviewer asked to be mended; none if a fault is about the whole."""
    named = [fault.get("field", "") or None for fault in found.faults]
    told = [pointer for pointer in named if pointer] + list(found.pack.about(found.reason))
    return [] if None in named else told


def _reason_words(found: MatterView) -> Words | None:
    if not found.reason:
        return None
    return found.pack.reasons.get("return", {}).get(found.reason) or Words(found.reason, found.reason)


def _named(found: MatterView) -> tuple[Fault, ...]:
    """The faults that the reviewer named, at the questions they concern."""
    texts = found.pack.reasons.get("return", {})
    faults = []
    for raw in found.faults:
        words = texts.get(raw.get("reason", ""))
        typed = raw.get("text", "")
        if typed:
            words = Words(f"{words.zh}：{typed}", f"{words.en}: {typed}") if words else Words(typed, typed)
        if words:
            faults.append(Fault(raw.get("field", ""), words))
    return tuple(faults)
