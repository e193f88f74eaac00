"""Pages of ratings for everybody: one's own, with a code, the slip, what is published; and the parts of other pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import mark_safe

from doorstep.domains.ratings import call_back, figures, rate
from doorstep.kernel import paper
from doorstep.kernel.read import MatterView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words
from doorstep.web import questions
from doorstep.web.portal import matter as portal

_ICONS = {5: "mood-happy", 4: "mood-smile", 3: "mood-neutral", 2: "mood-sad", 1: "mood-cry"}
_MOST = 500
_ENDED = ("closed", "granted", "refused")
_SHOWN = 3


def levels(chosen: str = "") -> list[dict[str, Any]]:
    """The five levels as a form shows them."""
    return [
        {"value": number, "words": words, "icon": _ICONS[number], "chosen": chosen == str(number)}
        for number, words in rate.LEVELS.items()
    ]


# ---- the applicant's own ----


def rate_part(request: HttpRequest, viewer: Viewer, view: MatterView) -> Mapping[str, Any] | None:
    """The form on the page of one's own ended matter, or how one rated it."""
    if not ended(view) or view.pack.part_of or view.for_other or not viewer.may("rate"):
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
    pad = not viewer.is_resident and ended(view)
    return {"matter": view, "of": of_pad(rate.codes([view.id])) if pad else ""}


def code_part(request: HttpRequest, viewer: Viewer, matter_id: str) -> Mapping[str, Any] | None:
    """The code beside the number on a receipt that is handed over, and where it is used (the number is still to be added)."""
    known: dict[str, rate.Code] = getattr(request, "rating_codes", {})
    found = known.get(str(matter_id)) or next(iter(rate.codes([UUID(str(matter_id))])), None)
    if found is None:
        return None
    return {
        "code": found.code,
        "address": request.build_absolute_uri(f"/ratings/with?code={found.code}&number="),
    }


def pad_part(
    request: HttpRequest, viewer: Viewer, lines: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """One button for all that a visit finished: the person presses once, and is gone. One statement for the whole receipt."""
    found = rate.codes([UUID(str(one["id"])) for one in lines if one.get("id")])
    request.rating_codes = {str(one.matter_id): one for one in found}  # type: ignore[attr-defined]
    of = of_pad(found)
    return {"of": of, "later": not of} if found else None


def of_pad(codes: Sequence[rate.Code]) -> str:
    """Numbers and codes of what can be rated now, as the pad's button carries them."""
    return " ".join(f"{one.number}:{one.code}" for one in codes if one.ended)


def mine_part(request: HttpRequest, viewer: Viewer, rows: Sequence[Any]) -> Mapping[str, Any] | None:
    """Among one's own finished matters those that nobody has asked about yet, at most three."""
    over = [row for row in rows if row.state in _ENDED]
    if not over or not viewer.may("rate"):
        return None
    rated = rate.rated_of([row.id for row in over])
    left = [row for row in over if row.id not in rated]
    return {"rows": left[:_SHOWN], "more": len(left) - _SHOWN} if left else None


def ended(view: MatterView) -> bool:
    return view.closed_at is not None and view.state in _ENDED


def own(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Keep the applicant's rating, once."""
    try:
        with transaction.atomic():
            rate.rate(
                viewer, matter_id, level=questions.number(request.POST.get("level")) or 0, text=typed(request),
                may_call=agreed(request), request_id=request.POST.get("request_id", ""),
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
    return rated_with(request, viewer, "with", ("code",), {})


def rated_with(
    request: HttpRequest, viewer: Viewer, template: str, ways: tuple[str, ...], more: Mapping[str, Any]
) -> HttpResponse:
    """Two pages in one: what is rated, by number and code; then how. ``ways`` are those to choose from."""
    told = request.POST or request.GET
    number, code, way = (told.get(key, "").strip()[:40] for key in ("number", "code", "way"))
    way = way if way in ways else ways[0]
    refusal, done, about = None, None, None
    try:
        if request.method == "POST" and request.POST.get("level") is not None:
            done = rate.rate_with_code(
                viewer, number, code, level=questions.number(request.POST.get("level")) or 0, way=way,
                text=typed(request), may_call=agreed(request), request_id=request.POST.get("request_id", "")[:80],
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
        "ways": [{"value": w, "words": rate.WAYS[w], "chosen": w == way} for w in ways],
        "request_id": told.get("request_id") or uuid4().hex,
    } | dict(more)  # fmt: skip
    return render(request, f"ratings/{template}.html", context, status=refusal.status if refusal else 200)


def _still(number: str, code: str) -> rate.Asked | None:
    try:
        return rate.asked(number, code)
    except Refused:
        return None


def typed(request: HttpRequest) -> str:
    return request.POST.get("text", "").strip()[:_MOST]


def agreed(request: HttpRequest) -> bool:
    return request.POST.get("may_call") == "yes"


def slip(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The slip with the code, to print and give along: read as the matter itself, so the look is on record."""
    view = read_matter(viewer, matter_id, purpose=request.GET.get("purpose") or None)
    code = rate.code_of(view.id)
    address = request.build_absolute_uri(f"/ratings/with?number={view.number}&code={code}")
    units = {view.unit_id, view.point.unit_id, view.hand_out.unit_id}
    context = {
        "matter": view, "code": code, "qr": mark_safe(paper.qr_svg(address)),  # noqa: S308  (our own drawing)
        "levels": levels(), "address": request.build_absolute_uri("/ratings/with"), "staff": not viewer.is_resident,
        "phone": call_back.phone_beside(view.unit_id, units),
    }  # fmt: skip
    return render(request, "ratings/slip.html", context)


# ---- published ----


_BY: dict[str, tuple[Words, Words]] = {
    "branch": (Words("按业务", "By branch"), Words("业务", "Branch")),
    "point": (Words("按办理点", "By place"), Words("办理点", "Place")),
    "channel": (Words("按办理方式", "By way"), Words("办理方式", "Way")),
    "unit": (Words("按单位", "By unit"), Words("单位", "Unit")),
    "item": (Words("按事项", "By item"), Words("事项", "Item")),
}


def published(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What everybody may read: the whole, and one table of it. Two statements, however much was rated."""
    by = request.GET.get("by", "")
    by = by if by in _BY else "branch"
    found = figures.figures(of=[by])
    of = {
        "branch": found.branches, "point": found.points, "channel": found.channels, "unit": found.units, "item": found.items,
    }  # fmt: skip
    context = {
        "figures": found, "few": figures.FEW, "until": found.until - timedelta(days=1), "whole": found.whole,
        "by_level": [(n, words, found.whole.votes.get(n, 0)) for n, words in rate.LEVELS.items()],
        "came_of_it": came_of_it(found.whole), "bys": [(key, words, key == by) for key, (words, _) in _BY.items()],
        "column": _BY[by][1], "lines": [drawn(one) for one in of[by] if one.rated and not one.few],
        "rest": [one for one in of[by] if one.few or not one.rated],
    }  # fmt: skip
    return render(request, "ratings/published.html", context)


def came_of_it(
    line: figures.Line, words_of: Mapping[str, Words] = figures.OUTCOMES
) -> list[tuple[Words, int]] | None:
    """What became of the bad ones, in words; None where they are too few to tell."""
    done = line.outcomes
    return (
        None if done is None else [(words, done[name]) for name, words in words_of.items() if done.get(name)]
    )


def drawn(line: figures.Line) -> dict[str, Any]:
    """A line with its bar: five parts of a hundred, the best first."""
    parts, at = [], 0.0
    for level, words in rate.LEVELS.items():
        long = 100 * line.votes.get(level, 0) / line.rated if line.rated else 0.0
        parts.append(
            {
                "level": level,
                "words": words,
                "n": line.votes.get(level, 0),
                "at": round(at, 2),
                "long": round(long, 2),
            }
        )
        at += long
    return {"line": line, "parts": parts, "came": came_of_it(line, figures.SHORT)}
