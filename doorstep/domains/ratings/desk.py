"""Pages of ratings for staff: entering for somebody, ringing somebody up, the board and call-backs."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from doorstep.domains.ratings import entry, figures, rate, ring
from doorstep.domains.ratings.machine import MACHINE
from doorstep.domains.ratings.pages import agreed, came_of_it, drawn, levels, rated_with, typed
from doorstep.kernel import lists, matter
from doorstep.kernel.org import below, unit_named
from doorstep.kernel.read import MatterView, StepView, read_matter
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web import questions

# ---- entering for somebody ----


def enter(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """From a slip that somebody filled in, or what they said on the telephone; below, what I entered today."""
    return _enter(request, viewer, None)


def _enter(request: HttpRequest, viewer: Viewer, no: Refused | None) -> HttpResponse:
    if viewer.is_resident:
        raise refuse_right()
    ways = ("paper", "phone") if rate.answers(viewer) else ("paper",)
    more: dict[str, Any] = {"tabs": tabs(viewer, "/ratings/enter"), "entered": entry.entered}
    if request.GET.get("told") == "back":
        more["told"] = Words("收回了，可以重新录。", "Taken back. You can enter it anew.")
    if no is not None:
        more |= {"refusal": no.words}
    page = rated_with(request, viewer, "enter", ways, more)
    page.status_code = no.status if no else page.status_code
    return page


def take_back(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Take an entry of mine of today back."""
    number = request.POST.get("number", "")
    try:
        with transaction.atomic():
            entry.take_back(viewer, number)
    except Refused as no:
        return _enter(request, viewer, no)
    return HttpResponseRedirect("/ratings/enter?told=back")


# ---- ringing somebody up ----


def ring_desk(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What ringing up is for, and one button: the next person."""
    told = (
        Words("现在没有要打的电话。", "There is nobody to ring now.")
        if request.GET.get("told") == "nobody"
        else None
    )
    if request.GET.get("told") == "kept":
        told = Words("记下了。", "It is on record.")
    if request.method == "POST":
        with transaction.atomic():
            found = ring.next_one(viewer)
        return HttpResponseRedirect(f"/ratings/ring/{found}" if found else "/ratings/ring?told=nobody")
    return render(request, "ratings/ring.html", {"told": told, "tabs": tabs(viewer, "/ratings/ring")})


def ring_one(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """One person to ring up now: name, number, what it was about; and what they said."""
    refusal = None
    if request.method == "POST":
        try:
            _rung(request, viewer, matter_id)
            return HttpResponseRedirect("/ratings/ring?told=kept")
        except Refused as no:
            if no.code == "not-found":
                raise
            refusal = no
    post = request.POST
    context = {
        "matter": ring.person(viewer, matter_id), "levels": levels(post.get("level", "")), "text": post.get("text", ""),
        "cames": list(ring.CAME.items()), "refusal": refusal and refusal.words, "tabs": tabs(viewer, "/ratings/ring"),
        "request_id": post.get("request_id") or uuid4().hex,
    }  # fmt: skip
    return render(request, "ratings/ring_one.html", context, status=refusal.status if refusal else 200)


def _rung(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> None:
    came = request.POST.get("came", "")
    if came:
        ring.unanswered(viewer, matter_id, came)
        return
    level = questions.number(request.POST.get("level")) or 0
    ring.answered(
        viewer, matter_id, level=level, text=typed(request), may_call=agreed(request),
        request_id=request.POST.get("request_id", "")[:80],
    )  # fmt: skip


# ---- supervisors ----


def board(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The figures of the viewer's units, what people wrote, and the call-backs in their hands."""
    viewer.need("supervise", tier="public")
    calls = _calls(viewer)
    found = figures.figures(units=below(viewer.unit_id), of=["unit", "point"])
    context = {
        "figures": found, "came_of_it": came_of_it(found.whole),
        "tables": [
            (title, [drawn(one) for one in lines])
            for title, lines in ((Words("单位", "Unit"), found.units), (Words("办理点", "Place"), found.points))
        ],
        "said": [(one, rate.LEVELS[one.level]) for one in figures.said()],
        "levels": rate.LEVELS, "few": figures.FEW, "tabs": tabs(viewer, request.path),
        "told": Words("记下了。", "It is on record.") if request.GET.get("told") == "done" else None,
        "waiting": [row for row in calls if not row.ended], "ended": [row for row in calls if row.ended],
    }  # fmt: skip
    return render(request, "ratings/board.html", context)


def _calls(viewer: Viewer) -> list[lists.Row]:
    """The call-backs among the matters of the viewer's unit, the open ones first."""
    if not viewer.may("assist") or viewer.unit_id is None:
        return []
    open_, all_ = lists.unit_matters(viewer, state="open").rows, lists.unit_matters(viewer).rows
    mine = lists.work_list(viewer).rows  # these know which step waits
    found = {row.id: row for row in (*open_, *all_, *mine) if _is_call(row.item)}
    return sorted(found.values(), key=lambda row: (row.ended, row.due_at is None, row.due_at))


def _is_call(item: str) -> bool:
    return pack.current(item).flow.machine == MACHINE


def call(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """One call-back: what was said, whom to ring, and what came of it."""
    view = read_matter(viewer, matter_id, purpose=request.GET.get("purpose") or None)
    if view.pack.flow.machine != MACHINE:
        return HttpResponseRedirect(f"/counter/matter/{matter_id}")
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                _finish(request, viewer, view)
            return HttpResponseRedirect("/ratings/board?told=done")
        except Refused as no:
            refusal = no
    return _call_page(request, viewer, view, refusal)


def _finish(request: HttpRequest, viewer: Viewer, view: MatterView) -> None:
    post = request.POST
    told = post.get("told", "").strip()
    if not post.get("outcome") or not told:
        raise Refused(
            "told",
            Words(
                "请选结果，并写下做了什么、怎么说的。",
                "Choose what came of it and write down what was done and said.",
            ),
        )
    matter.act(
        viewer, view.id, step=post.get("step", ""), outcome=post.get("outcome", ""), reason=told,
        version=questions.number(post.get("version")), request_id=post.get("request_id", ""),
    )  # fmt: skip


def _call_page(
    request: HttpRequest, viewer: Viewer, view: MatterView, refusal: Refused | None
) -> HttpResponse:
    step: StepView | None = next(iter(view.mine), None)
    post = request.POST
    declared = view.pack.flow.step(step.name) if step else None
    context = {
        "matter": view, "step": step, "about": view.data["about"], "level": rate.LEVELS[int(view.data["about"]["level"])],
        "unit": _unit(view.data["about"]["unit"]), "item": figures.item_name(view.data["about"]["item"]),
        "named": bool(view.data["about"].get("number")), "refusal": refusal.words if refusal else None,
        "outcomes": [
            {"value": one, "words": declared.label(one), "chosen": post.get("outcome") == one} for one in step.outcomes
        ] if step and declared else [],
        "told": post.get("told", ""), "request_id": uuid4().hex, "tabs": tabs(viewer, request.path),
        "history": [e for e in view.events if e.kind == "acted"],
    }  # fmt: skip
    return render(request, "ratings/call.html", context, status=refusal.status if refusal else 200)


def _unit(code: str) -> Words:
    return unit_named(code).name


_TABS = (
    ("/ratings/board", "supervise", "public", "chart-bar", Words("评价与回访", "Ratings and call-backs")),
    ("/ratings/enter", "rate", "personal", "clipboard-text", Words("代录评价", "Enter a rating")),
    ("/ratings/ring", "supervise", "personal", "phone", Words("打电话问", "Ring somebody up")),
    ("/ratings/", "", "public", "world", Words("公开的数", "What is published")),
)


def tabs(viewer: Viewer, path: str) -> list[dict[str, Any]]:
    """The desks of ratings that the viewer may open."""
    return [
        {"path": own, "icon": icon, "title": title, "here": own == path}
        for own, right, tier, icon, title in _TABS
        if not right or viewer.may(right, tier=tier)
    ]
