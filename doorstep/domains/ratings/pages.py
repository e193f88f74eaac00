"""Pages of ratings: what everybody may read, the slip and its code, entering for somebody, the board and call-backs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import mark_safe

from doorstep.domains.ratings import figures, rate
from doorstep.domains.ratings.machine import MACHINE
from doorstep.kernel import lists, matter, paper
from doorstep.kernel.org import unit_named
from doorstep.kernel.read import MatterView, StepView, read_matter
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web import questions
from doorstep.web.portal import matter as portal

_ICONS = {5: "mood-happy", 4: "mood-smile", 3: "mood-neutral", 2: "mood-sad", 1: "mood-cry"}
_MOST = 500


def levels(chosen: str = "") -> list[dict[str, Any]]:
    """The five levels as a form shows them."""
    return [
        {"value": number, "words": words, "icon": _ICONS[number], "chosen": chosen == str(number)}
        for number, words in rate.LEVELS.items()
    ]


# ---- the applicant's own ----


def rate_part(request: HttpRequest, viewer: Viewer, view: MatterView) -> Mapping[str, Any] | None:
    """The form on the page of one's own ended matter, or how one rated it."""
    if not _ended(view) or view.pack.part_of or not viewer.may("rate"):
        return None
    refusal: Refused | None = getattr(request, "rating_refusal", None)
    level = rate.own_level(view.id)
    return {
        "matter": view, "rated": rate.LEVELS[level] if level else None, "icon": _ICONS[level] if level else "",
        "levels": levels(request.POST.get("level", "")), "text": request.POST.get("text", ""), "request_id": uuid4().hex,
        "fault": refusal.words if refusal else None,
    }  # fmt: skip


def slip_part(request: HttpRequest, viewer: Viewer, view: MatterView) -> Mapping[str, Any] | None:
    """The slip among the papers of a matter that can be rated, now or later; at a counter the pad, once there is a result."""
    if view.pack.part_of:
        return None
    pad = not viewer.is_resident and _ended(view)
    return {"matter": view, "code": _code(view.id) if pad else None}


def code_part(request: HttpRequest, viewer: Viewer, matter_id: str) -> Mapping[str, Any] | None:
    """The code beside the number on a receipt that is handed over, and where it is used (the number is still to be added)."""
    code = _code(UUID(matter_id))
    return (
        {"code": code, "address": request.build_absolute_uri(f"/ratings/with?code={code}&number=")}
        if code
        else None
    )


def _code(matter_id: UUID) -> str | None:
    try:
        return rate.code_of(matter_id)
    except Refused:
        return None


def _ended(view: MatterView) -> bool:
    return view.closed_at is not None and view.state in ("closed", "granted", "refused")


def own(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Keep the applicant's rating, once."""
    try:
        with transaction.atomic():
            rate.rate(
                viewer, matter_id, level=questions.number(request.POST.get("level")) or 0, text=_text(request),
                may_call=_may_call(request), request_id=request.POST.get("request_id", ""),
            )  # fmt: skip
    except Refused as refusal:
        if refusal.code == "not-found":
            raise
        request.rating_refusal = refusal  # type: ignore[attr-defined]
        page = portal.one(request, viewer, matter_id)
        page.status_code = refusal.status
        return page
    return HttpResponseRedirect(f"/matter/{matter_id}?told=rated")


# ---- with the code of a slip ----


def with_code(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Number and code, then the five levels; no account needed."""
    return _with_code(request, viewer, "with", ("code",))


def enter(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The same, entered for somebody by staff: from a slip they filled in, or what they said on the telephone."""
    if viewer.is_resident:
        raise refuse_right()
    phone = viewer.may("supervise") or viewer.may("dispatch")
    return _with_code(request, viewer, "enter", ("paper", "phone") if phone else ("paper",))


def _with_code(request: HttpRequest, viewer: Viewer, template: str, ways: tuple[str, ...]) -> HttpResponse:
    told = request.POST or request.GET
    number, code, way = (told.get(key, "").strip()[:40] for key in ("number", "code", "way"))
    way = way if way in ways else ways[0]
    refusal, done, about = None, None, None
    try:
        if request.method == "POST" and request.POST.get("level") is not None:
            done = rate.rate_with_code(
                viewer, number, code, level=questions.number(request.POST.get("level")) or 0, way=way,
                text=_text(request), may_call=_may_call(request),
            )  # fmt: skip
        elif number and code:
            about = rate.asked(number, code)
        elif request.method == "POST" or number or code:
            raise Refused("both", Words("受理号和评价码都要填。", "Both number and code are needed."))
    except Refused as no:
        refusal = no
        about = _still(number, code) if no.code == "level" else None
    context = {
        "number": number, "code": code, "way": way, "about": about, "done": done, "levels": levels(told.get("level", "")),
        "text": told.get("text", ""), "refusal": refusal.words if refusal else None,
        "ways": [{"value": w, "words": rate.WAYS[w], "chosen": w == way} for w in ways], "tabs": _tabs(viewer, request.path),
    }  # fmt: skip
    return render(request, f"ratings/{template}.html", context, status=refusal.status if refusal else 200)


def _still(number: str, code: str) -> rate.Asked | None:
    try:
        return rate.asked(number, code)
    except Refused:
        return None


def _text(request: HttpRequest) -> str:
    return request.POST.get("text", "").strip()[:_MOST]


def _may_call(request: HttpRequest) -> bool:
    return request.POST.get("may_call") == "yes"


def slip(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The slip with the code, to print and give along: read as the matter itself, so the look is on record."""
    view = read_matter(viewer, matter_id, purpose=request.GET.get("purpose") or None)
    code = rate.code_of(view.id)
    address = request.build_absolute_uri(f"/ratings/with?number={view.number}&code={code}")
    context = {
        "matter": view, "code": code, "qr": mark_safe(paper.qr_svg(address)),  # noqa: S308  (our own drawing)
        "levels": levels(), "address": request.build_absolute_uri("/ratings/with"), "staff": not viewer.is_resident,
    }  # fmt: skip
    return render(request, "ratings/slip.html", context)


# ---- published ----


def published(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What everybody may read."""
    found = figures.figures()
    context = {
        "figures": found, "few": figures.FEW,
        "by_level": [(n, words, found.whole.votes.get(n, 0)) for n, words in rate.LEVELS.items()],
        "tables": [
            (title, [line for line in lines if line.rated], [line for line in lines if not line.rated])
            for title, lines in ((Words("单位", "Unit"), found.units), (Words("事项", "Item"), found.items))
        ],
    }  # fmt: skip
    return render(request, "ratings/published.html", context)


# ---- supervisors ----


def board(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The figures of the viewer's units, what people wrote, and the call-backs in their hands."""
    viewer.need("supervise", tier="public")
    calls = _calls(viewer)
    context = {
        "figures": figures.figures(units=figures.units_within(viewer.unit_id)),
        "said": [(one, rate.LEVELS[one.level]) for one in figures.said()],
        "levels": rate.LEVELS, "few": figures.FEW, "tabs": _tabs(viewer, request.path),
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
        "told": post.get("told", ""), "request_id": uuid4().hex, "tabs": _tabs(viewer, request.path),
        "history": [e for e in view.events if e.kind == "acted"],
    }  # fmt: skip
    return render(request, "ratings/call.html", context, status=refusal.status if refusal else 200)


def _unit(code: str) -> Words:
    return unit_named(code).name


_TABS = (
    ("/ratings/board", "supervise", "chart-bar", Words("评价与回访", "Ratings and call-backs")),
    ("/ratings/enter", "rate", "clipboard-text", Words("代录评价", "Enter a rating")),
    ("/ratings/", "", "world", Words("公开的数", "What is published")),
)


def _tabs(viewer: Viewer, path: str) -> list[dict[str, Any]]:
    return [
        {"path": own_, "icon": icon, "title": title, "here": own_ == path}
        for own_, right, icon, title in _TABS
        if not right or viewer.may(right, tier="public")
    ]
