"""Erasing by order: one person orders with the decision in hand, another repeats its number; then it is destroyed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame
from doorstep.kernel.erase import REASONS, WAITS, Order, erase, pending
from doorstep.kernel.org import unit_words
from doorstep.kernel.read import read_number
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused, Words

_SAID = {
    "ordered": Words("提出了，等另一个人确认。", "Ordered. Another person has to confirm it."),
    "erased": Words("已经销毁，不能恢复。", "Destroyed, for good."),
}
_NO_NUMBER = Words(
    "没有这个受理号，或者那件事不归您管。", "There is no such number, or the matter is not in your charge."
)


def orders(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The orders that wait for a second person, and a form for a new one. What is refused keeps what was typed."""
    if request.method != "POST":
        return _page(request, viewer)
    post = request.POST
    try:
        with transaction.atomic():
            done = erase(
                viewer, _named(viewer, post.get("number", "")), reason=post.get("reason", ""),
                document=post.get("document", ""), request_id=post.get("request_id", ""),
            )  # fmt: skip
    except Refused as refusal:
        return _page(request, viewer, refusal)
    return HttpResponseRedirect(f"{request.path}?did={done.made or 'erased'}")


def _named(viewer: Viewer, number: str) -> Any:
    try:
        return read_number(viewer, number.strip().upper())
    except Refused:
        raise Refused("no-number", _NO_NUMBER) from None


def _page(request: HttpRequest, viewer: Viewer, refusal: Refused | None = None) -> HttpResponse:
    typed = {name: request.POST.get(name, "") for name in ("number", "reason", "document")}
    context = {
        "orders": [_line(viewer, one) for one in pending()], "reasons": REASONS, "typed": typed if refusal else {},
        "refusal": refusal.words if refusal else None, "said": _SAID.get(request.GET.get("did", "")),
        "days": WAITS.days, "order_request": uuid4().hex,
    }  # fmt: skip
    return frame.show(request, viewer, "erasures", context, refusal.status if refusal else 200)


def _line(viewer: Viewer, one: Order) -> dict[str, Any]:
    return {
        "number": one.number, "title": pack.version(one.pack).title, "reason": one.reason, "why": REASONS[one.reason],
        "at": one.at, "unit": unit_words(one.unit_id) if one.unit_id else None, "request": uuid4().hex,
        "mine": one.account_id == viewer.account_id,
    }  # fmt: skip
