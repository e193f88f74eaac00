"""Running matters that go by an older version of their item: which could move to the one in force, which not and why; moved."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame
from doorstep.kernel.org import below
from doorstep.kernel.repin import Older, candidates, older, repin
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.format import whole
from doorstep.rulebook.words import Refused, Words

_STAYS = Words("接不下去，仍按原版", "Stays as it is")
PATH = "/counter/versions"
PAGE = 50


def versions(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The items with matters under an older version, and those of one item; a post moves one of them, or all that fit."""
    units = below(viewer.unit_id)
    item = request.GET.get("item") or request.POST.get("item", "")
    page, refusal = whole(request.GET.get("page") or request.POST.get("page")) or 1, None
    if request.method == "POST":
        try:
            moved, stayed = _move(viewer, request, item, units, page)
            return HttpResponseRedirect(
                f"{PATH}?{urlencode({'item': item, 'moved': moved, 'stayed': stayed})}"
            )
        except Refused as refused:
            refusal = refused
    counted = older(viewer, units)
    total = counted.get(item, 0)
    page = min(page, max(1, -(-total // PAGE)))
    found = candidates(viewer, item, units, PAGE, (page - 1) * PAGE) if total else ()
    context = {
        "page": page, "pages": -(-total // PAGE), "total": total, "more": page * PAGE < total,
        "items": sorted(((code, pack.current(code).title, count) for code, count in counted.items()), key=lambda one: one[0]),
        "item": item, "stays": _STAYS, "rows": [_row(one) for one in found], "fit": sum(not one.why for one in found),
        "title": pack.current(item).title if found else None, "said": _said(request),
        "refusal": refusal.words if refusal else None, "reason": request.POST.get("reason", ""),
        "request_id": request.POST.get("request_id") or uuid4().hex[:16],
    }  # fmt: skip
    return frame.show(request, viewer, "versions", context, refusal.status if refusal else 200)


def _move(
    viewer: Viewer, request: HttpRequest, item: str, units: tuple[int, ...], page: int
) -> tuple[int, int]:
    """Move one of a page, or all of it that fit, each with an event of its own. Returns how many moved and how many stayed."""
    which, reason = request.POST.get("which", ""), request.POST.get("reason", "").strip()
    if not reason:
        raise Refused("reason", Words("请写一句为什么要换。", "Say in a sentence why they are moved."))
    chosen = [
        one.row.id
        for one in candidates(viewer, item, units, PAGE, (page - 1) * PAGE)
        if not one.why and which in ("all", str(one.row.id))
    ]
    moved = 0
    for matter_id in sorted(chosen):
        try:
            with transaction.atomic():
                repin(
                    viewer,
                    matter_id,
                    reason=reason,
                    request_id=f"{request.POST.get('request_id', '')}-{matter_id}",
                )
                moved += 1
        except Refused as refused:
            if len(chosen) == 1:
                raise
            if refused.code not in (
                "does-not-fit",
                "same-version",
                "ended",
                "no-right",
                "not-found",
                "erased",
            ):
                raise
    return moved, len(chosen) - moved


def _row(one: Older) -> dict[str, Any]:
    row = one.row
    return {"id": row.id, "number": row.number, "url": f"/counter/matter/{row.id}", "unit": row.unit,
            "opened_at": row.opened_at, "due_at": row.due_at, "why": one.why}  # fmt: skip


def _said(request: HttpRequest) -> Words | None:
    moved, stayed = whole(request.GET.get("moved")), whole(request.GET.get("stayed", "0"))
    if moved is None or stayed is None:
        return None
    if stayed:
        zh, en = (
            f"{moved} 件换好了；{stayed} 件刚有变化，没有换。",
            f"{moved} moved; {stayed} had just changed and stayed.",
        )
        return Words(zh, en)
    return Words(f"{moved} 件换好了，每件都记了一笔。", f"Moved: {moved}, each with its own entry.")
