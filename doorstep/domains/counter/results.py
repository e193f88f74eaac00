"""Everything that is ready for one person, handed out together against one signature; with it the originals that go back."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame, originals, signature
from doorstep.domains.counter.originals import SIGNED
from doorstep.kernel import draft
from doorstep.kernel.lists import search
from doorstep.kernel.matter import act
from doorstep.kernel.party import Person
from doorstep.kernel.read import MatterView, StepView, read_matter
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock, document
from doorstep.rulebook.format import tidy
from doorstep.rulebook.words import Refused, Words
from doorstep.web.questions import known_by, who_by
from doorstep.web.uploads import Received

SLIP = "counter-slip"
_NOTHING = Words(
    "没有等这位领的东西。证件号、姓名都照身份证输入；也可能还没做好，或者在别处领。",
    "Nothing waits for this person here. Type number and name from the card; it may not be ready yet, or be picked up elsewhere.",
)


def results(request: HttpRequest, viewer: Viewer, received: Received) -> HttpResponse:
    """Ask who came; show all that is ready for them; hand out what is ticked."""
    typed = {"name": request.POST.get("name", "").strip(), "id_no": known_by(request.POST)}
    shown = {"typed": typed, "shown": who_by("id_no", typed["id_no"])}
    if request.method != "POST":
        return frame.show(request, viewer, "results", shown)
    person = Person(tidy(typed["name"]), typed["id_no"])
    ready = _ready(viewer, person)
    papers = originals.here(viewer, [view.id for view in _of(viewer, person)])
    refusal: Refused | None = None if ready or papers else Refused("nothing", _NOTHING, status=404)
    if request.POST.get("do") == "give" and not refusal:
        try:
            with transaction.atomic():
                slip = _give(request, viewer, received, person, ready, papers)
            return HttpResponseRedirect(f"/counter/results/{slip}")
        except Refused as refused:
            refusal = refused
    context = {
        **shown, "person": person, "hidden": document.said(person.masked().id_no), "ready": [_line(view) for view, _ in ready],
        "originals": papers, "refusal": refusal and refusal.words, "ways": SIGNED, "found": bool(ready or papers),
        "give_request": request.POST.get("request_id") or uuid4().hex,
    }  # fmt: skip
    return frame.show(request, viewer, "results", context, refusal.status if refusal else 200)


def slip(request: HttpRequest, viewer: Viewer, slip_id: UUID) -> HttpResponse:
    """What was handed out together, to print and to sign. Refused: "not-found"."""
    view = draft.read_draft(viewer, slip_id)
    if view.item != SLIP:
        raise not_found()
    lines = [
        one | {"title": Words.of(one["title"]), "papers": [Words.of(paper) for paper in one["papers"]]}
        for one in view.data["lines"]
    ]
    told = view.data | {
        "lines": lines,
        "signed": SIGNED[view.data["signed"]],
        "unit": viewer.unit_name,
        "at": view.saved_at,
    }
    return frame.show(request, viewer, "results_slip", {"slip": told})


def _of(viewer: Viewer, person: Person) -> list[MatterView]:
    """The matters of this very person that lie with the viewer's unit now, or left originals here."""
    if not person.id_no or not person.name:
        return []
    found = []
    for row in search(viewer, person.id_no).rows:
        try:
            view = read_matter(
                viewer, row.id, purpose=row.pack.purpose, reason="来人在窗口领取 · here to pick up"
            )
        except Refused:
            continue
        if not document.differ(view.applicant.name, person.name) and not document.differ(
            view.applicant.id_no, person.id_no
        ):
            found.append(view)
    return found


def _ready(viewer: Viewer, person: Person) -> list[tuple[MatterView, StepView]]:
    return [(view, step) for view in _of(viewer, person) for step in view.mine if step.by == "hand_out"]


def _line(view: MatterView) -> dict[str, Any]:
    papers = [{"title": one.title, "number": one.number} for one in view.papers]
    return {"id": view.id, "number": view.number, "title": view.title, "papers": papers}


def _give(
    request: HttpRequest,
    viewer: Viewer,
    received: Received,
    person: Person,
    ready: list[tuple[MatterView, StepView]],
    papers: list[dict[str, Any]],
) -> UUID:
    """All that is ticked, or nothing. Answers the id of the slip."""
    post = request.POST
    wanted, back = set(post.getlist("matter")), set(post.getlist("original"))
    signed, request_id = post.get("signed", ""), post.get("request_id", "")
    if not wanted and not back:
        raise Refused("none", Words("请勾上交给本人的东西。", "Tick what is handed over."))
    if "person" not in post:
        raise Refused(
            "confirm", Words("先看证件，是不是本人。", "Look at the document first: is it this person?")
        )
    if signed not in SIGNED:
        raise Refused("signature", Words("请本人签收，并选签在哪里。", "Let the person sign, and say where."))
    signature.check(received, signed)
    lines, matters = [], []
    for view, step in ready:
        if str(view.id) in wanted:
            reason = f"本人一次签收（{SIGNED[signed].zh}）"
            act(
                viewer,
                view.id,
                step=step.name,
                outcome=step.outcomes[0],
                reason=reason,
                request_id=f"{request_id}-{view.id.hex}",
            )
            matters.append(view.id)
            named = [
                Words(f"{one.title.zh} {one.number}", f"{one.title.en} {one.number}") for one in view.papers
            ]
            lines.append({"id": str(view.id)} | _slip_line(view.title, view.number, named))
    chosen = [one["id"] for one in papers if str(one["id"]) in back]
    if chosen:
        for one in originals.give_back(viewer, chosen, signed=signed, request_id=request_id):
            matters.append(one["matter"])
            lines.append(_slip_line(one["title"], one["number"], [Words("原件", "The original")]))
    if signed == "pad":
        signature.keep(viewer, received, matters, request_id)
    told = {"name": person.name, "lines": lines, "signed": signed, "at": clock.now().isoformat()}
    return draft.save_draft(viewer, SLIP, told, "done").id


def _slip_line(title: Words, number: str, papers: list[Words]) -> dict[str, Any]:
    """One thing that was handed out, as the slip keeps it."""
    return {"title": title.as_dict(), "number": number, "papers": [one.as_dict() for one in papers]}
