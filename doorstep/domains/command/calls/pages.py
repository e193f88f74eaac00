"""Pages of calls: the intake screen, the list of open ones, one call, what a duty unit's telephone shows, one-tap help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.command.calls import force, intake, kinds, reading, send, verbs
from doorstep.domains.command.dispatch import pick
from doorstep.domains.command.units.pages import CALL_PARTS
from doorstep.kernel import draft
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

LIST: Final = "/command/calls"
_SOS: Final = ("XJ-007", "XJ-003", "XJ-006", "XJ-011", "XJ-017", "XJ-008", reading.UNSAID)
"""What one tap can say it is; the last if nothing is said."""
_KEPT: Final = Words("记下了。", "Kept.")
_DID: Final = {
    "take": Words("接下来了。", "Taken."),
    "send": Words("派出去了，同一秒都收到。", "Sent; all were alerted in the same second."),
    "recall": Words("召回了。", "Recalled."), "close": Words("结束了。", "Closed."), "link": Words("关联了。", "Tied."),
    "pass_on": Words("转出去了，回执记下了。", "Passed on; the receipt is kept."), "amend": Words("改好了。", "Amended."),
    "say": _KEPT, "note": _KEPT, "ring": _KEPT, "flag": _KEPT, "enough": _KEPT,
}  # fmt: skip


def open_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """All open calls; ``?part=1`` answers the table alone, for the page that asks again."""
    verbs.operator(viewer)
    calls, under = reading.open_calls(viewer), reading.under_each()
    context = {
        "calls": [(one, under.get(one.id, 0)) for one in calls], "ring": reading.to_ring_back(), "here": "calls",
        "said": _DID.get(request.GET.get("did", "")), "draft": bool(intake.kept(viewer, "")[1]), "live_part": True,
        "stream_url": getattr(request, "stream_url", ""),
    }  # fmt: skip
    return render(
        request, "command/_calls.html" if request.GET.get("part") else "command/calls.html", context
    )


def new(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The intake screen. What was typed before a crash or reload is there again."""
    verbs.operator(viewer)
    told, draft_id = intake.kept(viewer, "")
    refusal: Refused | None = None
    if request.method == "POST":
        told, draft_id = intake.typed(request.POST.dict()), request.POST.get("draft", "")
        do = request.POST.get("do", "think")
        if do == "drop":
            _drop(viewer, draft_id)
            return redirect(LIST)
        if do == "take":
            try:
                return _take(request, viewer, told, draft_id)
            except Refused as no:
                refusal = no
        draft_id = intake.keep(viewer, told, draft_id)
    status = refusal.status if refusal else 200
    return render(
        request, "command/new.html", _screen(request, viewer, told, draft_id, refusal), status=status
    )


def think(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What follows from what was typed, as parts of the page; the draft is stored with it."""
    verbs.operator(viewer)
    told = intake.typed(request.POST.dict())
    draft_id = intake.keep(viewer, told, request.POST.get("draft", ""))
    return render(
        request, "command/_think.html", _screen(request, viewer, told, draft_id, None) | {"swap": True}
    )


def _take(request: HttpRequest, viewer: Viewer, told: Mapping[str, str], draft_id: str) -> HttpResponse:
    thought = intake.think(viewer, told)
    if thought.kind is None:
        words = Words("先选是什么事。", "Choose what kind it is first.")
        raise Refused("no-kind", words, faults=(("/kind_q", words),))
    with transaction.atomic():
        done = verbs.take(
            viewer, thought.report, request_id=request.POST.get("request", ""), parent=thought.parent
        )
        _drop(viewer, draft_id)
    return redirect(f"{LIST}/{done.matter_id}?did=take")


def _drop(viewer: Viewer, draft_id: str) -> None:
    if draft_id:
        draft.drop_draft(viewer, UUID(draft_id))


def _screen(
    request: HttpRequest, viewer: Viewer, told: Mapping[str, str], draft_id: str, refusal: Refused | None
) -> dict[str, Any]:
    thought = intake.think(viewer, told)
    return {
        "here": "new", "thought": thought, "typed": told, "draft": draft_id, "refusal": refusal.words if refusal else None,
        "faults": {pointer.strip("/"): words for pointer, words in refusal.faults} if refusal else {},
        "request_id": request.POST.get("request") or str(uuid4()), "map": _map(thought.at), "levels": kinds.LEVELS,
        "pass_on": [(to, kinds.PASS_ON[to]) for to in thought.plan.pass_on] if thought.plan else [],
    }  # fmt: skip


def _map(at: Any) -> dict[str, Any] | None:
    base = ground.base()
    if base is None:
        return None
    point = verbs.centre()[1]
    return {
        **base.told, "here": at, "show": [at] if at else [],
        "marks": [{"at": [point.lon, point.lat]}] if point.lon is not None else [], "mine": "", "areas": "/map/areas/station",
    }  # fmt: skip


def one(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """One call: what is known, who is out, what happened; ``?part=1`` answers what changes by itself. Posting does one thing."""
    verbs.operator(viewer)
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                _did(request, viewer, matter_id)
            return redirect(f"{LIST}/{matter_id}?did={request.POST.get('do', '')}")
        except Refused as no:
            refusal = no
    view = reading.read(viewer, matter_id)
    context = _one(request, viewer, view) | {
        "refusal": refusal.words if refusal else None, "post": request.POST if refusal else {},
        "chosen": _ints(request.POST.getlist("unit")) if refusal and request.POST.get("do") == "send" else None,
    }  # fmt: skip
    page = "command/_call_live.html" if request.GET.get("part") else "command/call.html"
    return render(request, page, context, status=refusal.status if refusal else 200)


def _one(request: HttpRequest, viewer: Viewer, view: reading.CallView) -> dict[str, Any]:
    call = view.call
    plan = kinds.plan(call.kind, call.level)
    at = (call.lon, call.lat) if call.lon is not None and call.lat is not None else None
    return {
        "view": view, "call": call, "plan": plan,
        "picks": None if view.closed or request.GET.get("part") else pick.of(viewer, call),
        "flags": reading.flags_at(viewer, call.lon, call.lat), "pass_on": kinds.PASS_ON.items(),
        "near": reading.near(viewer, *at, but=call.id) if at else (), "kinds": kinds.kinds(),
        "questions": _questions(view), "said": _DID.get(request.GET.get("did", "")),
        "ring": reading.ring_order([*view.under, call]), "request_id": str(uuid4()), "map": _map(at),
        "seen": request.GET.get("seen", ""), "live": f"{LIST}/{call.id}?part=1&seen={call.version}", "live_part": not view.closed,
        "stream_url": getattr(request, "stream_url", ""),
    }  # fmt: skip


def _questions(view: reading.CallView) -> list[tuple[kinds.Question, str]]:
    kind = next((one for one in kinds.kinds() if one.code == view.call.kind), None)
    return [(q, view.answers.get(q.name, "")) for q in kind.questions] if kind else []


def _did(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> None:
    """One thing that the page of a call does. Refused: as the verbs do; "not-found" for anything else."""
    do = _DOES.get(request.POST.get("do", ""))
    if do is None:
        raise Refused("do", Words("没有这个操作。", "There is no such action."))
    do(viewer, matter_id, request.POST, request.POST.get("request", ""))


def _send(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    pick.choose(
        viewer, matter_id, _ints(post.getlist("unit")), shown=post.getlist("shown"), why=post.get("why", ""), request_id=request_id
    )  # fmt: skip


def _recall(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    send.recall(
        viewer, matter_id, units=_ints(post.getlist("unit")), why=post.get("why", ""), request_id=request_id
    )


def _say(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    unit = next(iter(_ints(post.getlist("unit"))), None)
    send.say(
        viewer,
        matter_id,
        outcome=post.get("outcome", ""),
        text=post.get("text", ""),
        unit=unit,
        request_id=request_id,
    )


def _close(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    verbs.close(viewer, matter_id, result=post.get("result", ""), request_id=request_id)


def _link(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    verbs.link(viewer, matter_id, parent=_id(post.get("parent", "")), request_id=request_id)


def _pass_on(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    verbs.pass_on(
        viewer, matter_id, to=post.get("to", ""), number=post.get("number", ""), request_id=request_id
    )


def _note(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    verbs.note(viewer, matter_id, text=post.get("text", ""), request_id=request_id)


def _ring(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    which = _id(post.get("which", "") or str(matter_id))
    verbs.rung_back(viewer, which, reached=post.get("reached") == "yes", request_id=request_id)


def _enough(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    send.settle_next(viewer, matter_id, branch=post.get("branch", ""), request_id=request_id)


def _amend(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    view = reading.read(viewer, matter_id)
    told = {**{k: str(v) for k, v in view.told.items()}, **intake.typed(post.dict())}
    thought = intake.think(viewer, {**told, "kind": told.get("kind") or view.call.kind})
    report = thought.report
    if report.lon is None and told.get("place") == view.told.get("place"):
        report = verbs.Report(
            report.kind,
            report.by,
            report.said,
            report.answers,
            view.call.lon,
            view.call.lat,
            report.ground,
            view.call.zone,
        )
    verbs.amend(
        viewer,
        matter_id,
        report,
        version=int(post.get("version") or 0),
        request_id=request_id,
        why=post.get("why", ""),
    )


def _flag(viewer: Viewer, matter_id: UUID, post: Any, request_id: str) -> None:
    call = reading.read(viewer, matter_id).call
    if call.lon is None or call.lat is None:
        raise Refused("place", Words("先标出地点。", "Mark the place first."))
    days = post.get("days", "")
    until = clock.now() + timedelta(days=int(days) if days.isdecimal() and len(days) < 4 else 0)
    reading.set_flag(viewer, lon=call.lon, lat=call.lat, words=post.get("text", ""), until=until)


_DOES: Final[Mapping[str, Callable[[Viewer, UUID, Any, str], None]]] = {
    "send": _send, "recall": _recall, "say": _say, "close": _close, "link": _link, "pass_on": _pass_on, "note": _note,
    "ring": _ring, "enough": _enough, "amend": _amend, "flag": _flag,
}  # fmt: skip


def mine_part(request: HttpRequest, viewer: Viewer) -> dict[str, Any]:
    """For the page of a duty unit's telephone: the calls it is sent to, with what to know of the address. It has been seen then."""
    calls = reading.of_my_unit(viewer)
    mine = force.mine(viewer)
    for call in calls:
        send.seen(viewer, call.id)
    views = [reading.read(viewer, call.id) for call in calls]
    return {
        "mine_calls": [
            {
                "view": view, "flags": reading.flags_at(viewer, view.call.lon, view.call.lat),
                "step": _step(view, mine), "request": str(uuid4()),
                "post": reading.post_of(view.call.id, mine.id) if mine else None,
            }
            for view in views
        ]
    }  # fmt: skip


def _step(view: reading.CallView, mine: Any) -> str:
    """What this duty unit says next: coming, there, cleared."""
    own = next((one for one in view.sendings if mine and one.duty_unit_id == mine.id and not one.ended), None)
    if own is None:
        return ""
    return "cleared" if own.there_at else "there" if own.answered_at else "coming"


def on_duty(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What the duty unit of the viewer is sent to, with big buttons; ``?part=1``: what the page asks for."""
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                send.say(viewer, _id(request.POST.get("matter", "")), outcome=request.POST.get("outcome", ""),
                         text=request.POST.get("text", ""), request_id=request.POST.get("request", ""))  # fmt: skip
            return redirect(f"{LIST}/mine?did=say")
        except Refused as no:
            refusal = no
    context = mine_part(request, viewer) | {
        "unit": force.mine(viewer), "refusal": refusal.words if refusal else None, "post": request.POST if refusal else {},
        "said": _DID.get(request.GET.get("did", "")), "stream_url": getattr(request, "stream_url", ""),
    }  # fmt: skip
    template = "command/_mine.html" if request.GET.get("part") else "command/mine.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def sos(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """One-tap help: where and what, without speaking; and how far help is for what was reported."""
    verbs.centre()
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                verbs.report_own(viewer, _reported(request.POST), request_id=request.POST.get("request", ""))
            return redirect("/command/sos?did=1")
        except Refused as no:
            refusal = no
    shown = [(code, kinds.kind_pack(code).title) for code in _SOS]
    context = {
        "kinds": shown, "mine": reading.reported(viewer), "did": request.GET.get("did", ""), "request_id": str(uuid4()),
        "refusal": refusal.words if refusal else None, "post": request.POST if refusal else {},
    }  # fmt: skip
    return render(request, "command/sos.html", context, status=refusal.status if refusal else 200)


def sos_part(request: HttpRequest, viewer: Viewer, subject: Any) -> dict[str, Any] | None:
    """For the list of one's own matters: where to ask for help; nothing where no centre takes calls."""
    return {} if viewer.is_resident and verbs.has_centre() else None


def _reported(post: Any) -> verbs.Report:
    told = intake.typed({"spot": post.get("spot", ""), "place": post.get("place", "")})
    _, here, _ = intake.where(told)
    text = post.get("words", "")
    said = {"place": post.get("place", ""), "words": text, "silent": "yes" if post.get("silent") else ""}
    at = here.at if here else None
    return verbs.Report(
        post.get("kind") if post.get("kind") in _SOS else _SOS[-1], by="text" if text.strip() else "sos", said=said,
        lon=at[0] if at else None, lat=at[1] if at else None,
        ground=intake.code_of(here, "station"), zone=intake.code_of(here, "community"),
    )  # fmt: skip


def _ints(values: Sequence[str]) -> list[int]:
    return [int(one) for one in values if one.isdecimal() and len(one) < 10]


def _id(text: str) -> UUID:
    found = intake.uuid_of(text)
    if found is None:
        raise Refused("not-found", Words("没有这起警情。", "There is no such call."), status=404)
    return found


CALL_PARTS.append("command/_to_call.html")
