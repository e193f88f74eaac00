"""Beside the way, each on a page of its own: more time is asked for and granted; another unit is asked and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from doorstep.domains.counter import frame
from doorstep.domains.counter.case import files
from doorstep.kernel.aside import wants_longer
from doorstep.kernel.lists import Row
from doorstep.kernel.matter import act, add_step
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.read import MatterView, StepView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.flow import Step, branch_of, step_of
from doorstep.rulebook.format import whole
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words
from doorstep.web.longer import extensions
from doorstep.web.questions import answers
from doorstep.web.routes import Route

_AT = "counter/matter/<uuid:matter_id>"
_CANNOT = "cannot_answer"


def routes() -> tuple[Route, ...]:
    """The two pages; whether there is something to ask or to answer there, the matter says."""
    both = ("GET", "POST")
    return (
        Route(f"{_AT}/longer", longer, "counter_longer", "read", "staff", both, frame.STAFF),
        Route(f"{_AT}/question", question, "counter_question", "assist", "staff", both, frame.STAFF),
    )


def page_of(step: Step) -> str:
    """The page on which a step is added and answered; empty for the others, which are done at a desk."""
    return "longer" if wants_longer(step) else "question" if step.asked else ""


def url_of(row: Row, usual: str) -> str:
    """Where a line of a queue leads."""
    step = row.pack.flow.steps.get(step_of(row.step))
    own = page_of(step) if step else ""
    return f"/counter/matter/{row.id}/{own}" if own else usual


def lines(view: MatterView) -> list[dict[str, Any]]:
    """What is asked for and not answered yet, for the page of the matter."""
    found = []
    for step in view.open_steps:
        own = page_of(view.pack.flow.step(step.name)) if step_of(step.name) in view.pack.flow.steps else ""
        if own:
            who = step.unit or Words("上级", "the bureau above")
            said = Words(f"{step.title.zh}，等{who.zh}", f"{step.title.en}, waiting for {who.en}")
            found.append(
                {
                    "title": said,
                    "url": f"/counter/matter/{view.id}/{own}",
                    "mine": step.mine,
                    "due_at": step.due_at,
                }
            )
    return found


# ---- more time ----


def longer(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Ask for more time, or grant or refuse what somebody else asked for."""
    return _page(request, viewer, matter_id, "longer", wants_longer, _longer)


def _longer(view: MatterView, step: Step, waits: StepView | None) -> dict[str, Any]:
    """What there is to decide: how much, why, and what the new day would be."""
    asked = extensions(view)
    now = asked[-1] if waits and asked and not asked[-1].outcome else None
    due = view.due_at
    new = clock.due(due, now.limit, calendar()).at if now and due else None
    answered = [(one, one.outcome == "approve") for one in asked if one.outcome]
    return {"asked": now, "new_due": new, "answered": answered, "most": step.extends}


# ---- a question to another unit ----


def question(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Ask another unit, or answer what one's own was asked."""
    return _page(request, viewer, matter_id, "question", lambda step: step.asked, _question)


def _question(view: MatterView, step: Step, waits: StepView | None) -> dict[str, Any]:
    """All questions with their answers, the units that can be asked, and the question that waits for the viewer."""
    told: list[dict[str, Any]] = []
    for e in view.events:
        if step_of(e.step) != step.id:
            continue
        if e.kind == "added":
            unit = town().by_code.get(branch_of(e.step))
            to = unit_words(unit.id if unit else None)
            told.append(
                {
                    "token": e.step,
                    "to": to,
                    "by": e.unit,
                    "at": e.at,
                    "text": e.body.get("reason", ""),
                    "answer": "",
                    "back": False,
                }
            )
        elif e.kind == "acted":
            mine = next((one for one in reversed(told) if one["token"] == e.step), None)
            if mine is not None:
                mine["answer"] = e.body.get("reason", "")
                mine["back"] = any(one.get("reason") == _CANNOT for one in e.body.get("faults", ()))
    here = {branch_of(one.name) for one in view.open_steps}
    units = [one for one in town().units.values() if one.active and one.code not in here]
    asked = next((one for one in told if waits and one["token"] == waits.name), None)
    return {
        "told": [one for one in told if one is not asked], "asked": asked, "units": units, "could_show": _could_show(view),
        "answers": [line for group in answers(view.pack.form, view.data) for line in group.lines if line.value],
        "files": files(view, "/counter/asked/file/"),
    }  # fmt: skip


def _could_show(view: MatterView) -> list[tuple[str, Words]]:
    """What the unit that is asked could be shown, to be ticked: the answers there are, and the files."""
    given = [
        (one.pointer, one.title) for page in view.pack.form.pages(view.data) for one in page.fields
        if one.widget != "upload" and at_pointer(view.data, one.pointer) not in (None, "", [])
    ]  # fmt: skip
    return given + [(one.url.rpartition("/")[2], one.title) for one in files(view)]


# ---- both ----

Says = Callable[[MatterView, Step, StepView | None], dict[str, Any]]


def _page(
    request: HttpRequest, viewer: Viewer, matter_id: UUID, name: str, fits: Callable[[Step], bool], says: Says
) -> HttpResponse:
    purpose = request.GET.get("purpose") or request.POST.get("purpose", "")
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                done = _do(viewer, matter_id, request.POST)
            return _after(matter_id, purpose, name, done)
        except Refused as refused:
            if refused.code == "not-found":
                raise
            refusal = refused
    back = f"/counter/matter/{matter_id}" + (f"?{urlencode({'purpose': purpose})}" if purpose else "")
    try:
        view = read_matter(viewer, matter_id, purpose=purpose or None)
    except Refused as refused:
        if refused.code != "purpose":
            raise
        return HttpResponseRedirect(back)
    back = back if view.shown is None else "/counter/asked/"
    step = next((one for one in view.pack.flow.steps.values() if fits(one)), None)
    if step is None:
        return HttpResponseRedirect(back)
    named = [one for one in view.open_steps if step_of(one.name) == step.id]
    waits = next((one for one in named if one.mine), None)
    context = {
        "view": view, "step": step, "waits": waits, "open": named, "purpose": purpose,
        "may_ask": any(step_of(token) == step.id for token, _ in view.addable), "typed": request.POST,
        "shows": request.POST.getlist("shows"),
        "refusal": refusal.words if refusal else None, "request_id": request.POST.get("request_id") or uuid4().hex,
        "back": back, "action": request.path,
        "options": [(one, step.label(one)) for one in waits.outcomes] if waits else [], **says(view, step, waits),
    }  # fmt: skip
    return frame.show(request, viewer, name, context, refusal.status if refusal else 200)


def _do(viewer: Viewer, matter_id: UUID, post: QueryDict) -> str:
    """Ask, or answer. Returns which."""
    step, reason, request_id = (
        post.get("step", ""),
        post.get("reason", "").strip(),
        post.get("request_id", ""),
    )
    if post.get("do") == "cannot":
        if not reason:
            raise Refused(
                "reason",
                Words(
                    "请写明为什么答不了，缺什么、该问谁。", "Say why not: what is missing, or whom to ask."
                ),
            )
        why = [{"reason": _CANNOT}]
        act(viewer, matter_id, step=step, outcome="done", reason=reason, faults=why, request_id=request_id)
        return "answered"
    if post.get("do") != "ask":
        act(viewer, matter_id, step=step, outcome=post.get("do", ""), reason=reason, request_id=request_id)
        return "answered"
    if "unit" in post:
        if not post["unit"]:
            raise Refused("unit", Words("请选要问的单位。", "Choose the unit to ask."))
        step = f"{step}@{post['unit']}"
    add_step(
        viewer,
        matter_id,
        step=step,
        reason=reason,
        days=whole(post.get("days")),
        shows=post.getlist("shows"),
        request_id=request_id,
    )
    return "asked"


def _after(matter_id: UUID, purpose: str, name: str, done: str) -> HttpResponse:
    """Who answered goes on with the queue, who asked with the matter."""
    if done == "answered":
        return HttpResponseRedirect(
            "/counter/asked/?did=answered" if name == "question" else "/counter/desk/?did=answered"
        )
    query = urlencode(
        {key: value for key, value in (("purpose", purpose), ("did", f"{name}_asked")) if value}
    )
    return HttpResponseRedirect(f"/counter/matter/{matter_id}?{query}")
