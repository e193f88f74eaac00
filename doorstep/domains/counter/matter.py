"""A matter for staff: its page with the purpose asked first, remarks, handing over, lists, search, files and papers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import aside, frame
from doorstep.domains.counter.case import case
from doorstep.domains.counter.tied import tied
from doorstep.kernel import file, issue, plug
from doorstep.kernel.lists import Row, search, unit_matters
from doorstep.kernel.matter import add_step, hand_over, note
from doorstep.kernel.org import town
from doorstep.kernel.read import MatterView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.format import whole
from doorstep.rulebook.words import Refused, Words
from doorstep.web import saying
from doorstep.web.language import say

STATES = {
    "open": Words("正在办", "In progress"), "returned": Words("等申请人改", "With the applicant"),
    "granted": Words("批准了", "Granted"), "refused": Words("没有批准", "Refused"),
    "withdrawn": Words("撤回了", "Withdrawn"), "closed": Words("已办结", "Closed"), "draft": Words("草稿", "Draft"),
}  # fmt: skip
_SAID = {
    "longer_asked": Words("申请交上去了，等答复", "It is asked for and waits for an answer"),
    "question_asked": Words("问题发出去了", "The question is sent"),
    "added": Words("这一步加上了", "The step was added"),
    "noted": Words("备注记下了", "The remark is kept"), "involved": Words("人记下了", "The person is noted"),
    "located": Words("地点记下了", "The place is noted"), "linked": Words("两件事关联上了", "The two are linked"),
    "merged": Words("那件事并进来了，它的经过还在", "The other is merged into this one; its history stays"),
    "refer": Words("新的一件立好了", "The new matter is open"),
    "reclassify": Words("改好了，从第一步重新走", "Done; it begins again with the first step"),
}  # fmt: skip
_DESKS = {
    "competent": ("desk", Words("去办", "Work on it")), "received": ("intake", Words("去收", "Take it in")),
    "hand_out": ("hand-out", Words("去发", "Hand it out")), "branch": ("asked", Words("去办", "Work on it")),
}  # fmt: skip


def show(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The page of one matter. Not in hand: asks why it is needed first."""
    asked_for = request.POST or request.GET
    purpose = asked_for.get("purpose") or None
    try:
        view = read_matter(viewer, matter_id, purpose=purpose, reason=request.POST.get("reason", ""))
    except Refused as refusal:
        if refusal.code != "purpose":
            raise
        choices = [{"code": code, "title": words} for code, words in refusal.faults]
        asked = {"words": refusal.words, "choices": choices, "action": request.path}
        return frame.show(request, viewer, "purpose", asked)
    if view.shown is not None:  # only asked: the question is all that is theirs
        return HttpResponseRedirect(f"/counter/matter/{matter_id}/question")
    if request.method == "POST":
        return back(matter_id, purpose or "", "")
    return page(request, viewer, view, purpose or "")


def add_note(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Put a remark into the chain."""
    post, purpose = request.POST, request.POST.get("purpose", "")
    try:
        with transaction.atomic():
            note(viewer, matter_id, text=post.get("text", "").strip(), request_id=post.get("request_id", ""))
    except Refused as refusal:
        if refusal.code == "not-found":
            raise
        view = read_matter(viewer, matter_id, purpose=purpose or None)
        return page(request, viewer, view, purpose, refusal, note_text=post.get("text", ""))
    return back(matter_id, purpose, "noted")


def add(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Add a step that the item lets this unit add, such as another unit's opinion."""
    post, purpose = request.POST, request.POST.get("purpose", "")
    try:
        with transaction.atomic():
            add_step(
                viewer, matter_id, step=post.get("step", ""), reason=post.get("reason", ""),
                request_id=post.get("request_id", ""),
            )  # fmt: skip
    except Refused as refusal:
        if refusal.code == "not-found":
            raise
        return page(
            request, viewer, read_matter(viewer, matter_id, purpose=purpose or None), purpose, refusal
        )
    return back(matter_id, purpose, "added")


def move(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Give it to another unit, with a reason."""
    post, purpose = request.POST, request.POST.get("purpose", "")
    unit, reason = post.get("unit", ""), post.get("reason", "").strip()
    try:
        with transaction.atomic():
            if not unit or not reason:
                words = Words("请选单位，并写明为什么。", "Choose the unit and say why.")
                raise Refused("over", words)
            hand_over(viewer, matter_id, unit=unit, reason=reason, request_id=post.get("request_id", ""))
    except Refused as refusal:
        if refusal.code == "not-found":
            raise
        view = read_matter(viewer, matter_id, purpose=purpose or None)
        typed = {"over_open": True, "over_unit": unit, "over_reason": reason}
        return page(request, viewer, view, purpose, refusal, **typed)
    return HttpResponseRedirect("/counter/desk/")


def back(matter_id: UUID, purpose: str, did: str) -> HttpResponse:
    """To the page of the matter, which says what was done."""
    query = urlencode({k: v for k, v in (("purpose", purpose), ("did", did)) if v})
    return HttpResponseRedirect(f"/counter/matter/{matter_id}?{query}")


def page(
    request: HttpRequest,
    viewer: Viewer,
    view: MatterView,
    purpose: str,
    refusal: Refused | None = None,
    **typed: Any,
) -> HttpResponse:
    """The page of a matter that was read; ``typed`` keeps what stood in a form that was refused."""
    shown = case(view) | {"state_words": STATES[view.state], "until": _until(view)}
    doors = ((s, plug.door(view.pack.flow.step(s.name).asks)) for s in view.open_steps if s.by == "wait")
    shown["doors"] = [
        {"title": s.title, "url": f"{d.staff_path}{view.id}", "do": d.staff_do, "icon": d.icon}
        for s, d in doors
        if d is not None and viewer.may(d.right, view.pack.branch)
    ]
    shown["asides"] = aside.lines(view)
    flow = view.pack.flow
    step = next((s for s in view.mine if s.by in _DESKS and not aside.page_of(flow.step(s.name))), None)
    if step:
        path, words = _DESKS[step.by]
        shown |= {"do_url": f"/counter/{path}/{view.id}", "do_words": words}
    units = [u for u in town().units.values() if u.active and u.id != view.unit_id and u.kind == "station"]
    context = {
        "case": shown, "view": view, "purpose": purpose, "refusal": refusal.words if refusal else None,
        "said": _SAID.get(request.GET.get("did", "")),
        "may_note": viewer.may("note", view.pack.branch), "note_request": uuid4().hex, "over_request": uuid4().hex,
        "may_hand_over": viewer.may("hand_over", view.pack.branch) and viewer.unit_id == view.unit_id and bool(view.open_steps),
        "addable": [(token, title) for token, title in view.addable if not aside.page_of(flow.step(token))],
        "askable": {aside.page_of(flow.step(token)) for token, _ in view.addable}, "add_request": uuid4().hex,
        "units": units, **tied(viewer, view), **typed,
    }  # fmt: skip
    return frame.show(request, viewer, "matter", context, refusal.status if refusal else 200)


def _until(view: MatterView) -> str:
    if view.closed_at:
        return saying.of(f"{saying.day(view.closed_at)} 办结", f"Finished {saying.day(view.closed_at)}")
    if view.promised is not None:
        return say(view.promised)
    if view.due_at is None:
        return saying.of("不限时", "No limit")
    guess = saying.of("（暂定）", " (provisional)") if view.provisional else ""
    return saying.of(f"最迟 {saying.day(view.due_at)}", f"Due by {saying.day(view.due_at)}") + guess


# ---- lists ----


def listing(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The matters of the viewer's unit: taken in, decided or handed out there."""
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    number = whole(request.GET.get("page")) or 1
    found = unit_matters(viewer, page=number, state=state, after=request.GET.get("after", ""))
    context = {
        "heading": Words("本单位的事", "Matters of our unit"), "page_name": "unit_matters",
        "note": Words("收的、批的、发的都在这里", "Taken in, decided or handed out here"),
        "filters": _filters(state), "rows": [_row(row) for row in found.rows],
        "empty": Words("这里还没有事。", "Nothing here yet."),
        "pages": {
            "before": _turn(state, number - 1) if number > 1 else "",
            "after": _turn(state, number + 1, found.after) if found.more else "",
        },
    }  # fmt: skip
    return frame.show(request, viewer, "list", context)


def find(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Matters by exact number, name or identity number, among those the viewer may see."""
    text = request.GET.get("q", "").strip()
    found = search(viewer, text)
    context = {
        "heading": Words("找到 {n} 件", "Found: {n}").format(n=len(found.rows)), "page_name": "search", "q": text,
        "note": Words("写全才查得到；只列您看得见的", "Only what is written in full, and only what you may see"),
        "rows": [_row(row) for row in found.rows],
        "empty": Words(
            "没有找到，或者不归您看。受理号、姓名、证件号都要写全。",
            "Nothing found, or not yours to see. Write the number or name in full.",
        ),
    }  # fmt: skip
    return frame.show(request, viewer, "list", context)


def _filters(state: str) -> list[dict[str, Any]]:
    named = [("", Words("全部", "All")), *((s, w) for s, w in STATES.items() if s != "draft")]
    return [
        {"title": w, "url": "/counter/matters" + (f"?state={s}" if s else ""), "here": s == state}
        for s, w in named
    ]


def _turn(state: str, number: int, after: str = "") -> str:
    told = (("state", state), ("page", number), ("after", after))
    return "/counter/matters?" + urlencode({k: v for k, v in told if v})


def _row(row: Row) -> dict[str, Any]:
    left, _ = frame.time_left(row.due_at, late=row.late)
    return {
        "number": row.number, "url": f"/counter/matter/{row.id}", "title": row.title, "name": row.name,
        "state": row.state, "state_words": STATES.get(row.state), "unit": row.unit, "opened_at": row.opened_at,
        "due_at": row.due_at, "late": row.late, "left": left,
    }  # fmt: skip


# ---- files and papers ----


def show_file(request: HttpRequest, viewer: Viewer, file_id: UUID) -> HttpResponse:
    """A scan or upload the viewer may see; each look is on record."""
    content, media = file.read_file(viewer, file_id)
    return HttpResponse(content, content_type=media, headers={"Content-Disposition": "inline"})


def look(request: HttpRequest, viewer: Viewer, file_id: UUID) -> HttpResponse:
    """A picture for the side of the desk; the picture itself comes through `show_file`."""
    return frame.show(request, viewer, "_look", {"url": f"/counter/file/{file_id}"})


def show_paper(request: HttpRequest, viewer: Viewer, number: str) -> HttpResponse:
    """The signed PDF of a paper the viewer may see."""
    content, name = issue.download(viewer, number)
    told = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(content, content_type="application/pdf", headers=told)
