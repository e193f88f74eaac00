"""The dispatch board: for each open call who should go and why, one key to send, closed roads, cover."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from doorstep.domains.command.dispatch import board, closures, pick
from doorstep.domains.command.units import duty, orders
from doorstep.geo import advice
from doorstep.geo.talk import Away
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

PATH: Final = "/command/dispatch"
_DID: Final = {
    "send": Words("派出去了，同一秒都收到。", "Sent; all were alerted in the same second."),
    "close": Words("这段路不走了，建议已经重算。", "That road is avoided now; the advice was made anew."),
    "post": Words("发给他们了，等他们确认。", "Sent to them; waiting for them to confirm."),
    "back": Words("收回了。", "Taken back."),
    "open": Words("路通了，建议已经重算。", "The road is open; the advice was made anew."),
}


def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The board; ``?part=1`` answers what changes by itself. Posting sends, closes a road or opens it."""
    viewer.need("dispatch")
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"{PATH}?did={_do(request, viewer)}")
        except Refused as no:
            refusal = no
    context = {
        "board": board.read(viewer), "closures": closures.now(), "now": clock.now(), "request_id": uuid4().hex,
        "refusal": refusal.words if refusal else None, "typed": request.POST if refusal else {},
        "said": _DID.get(request.GET.get("did", "")), "stream_url": getattr(request, "stream_url", ""),
        "orders": _orders(),
    }  # fmt: skip
    template = "command/dispatch/_board.html" if request.GET.get("part") else "command/dispatch/board.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def _orders() -> list[tuple[str, Any]]:
    """Units that are to wait at a post, by callsign."""
    held = orders.standing()
    callsigns = {one.id: one.callsign for one in duty.standing()} if held else {}
    return [(callsigns.get(one.duty_unit_id, ""), one) for one in held]


def cover(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """How many minutes each community waits now, the longest first, in words and numbers."""
    viewer.need("dispatch")
    try:
        found, names = board.cover(viewer)
    except Away:
        found, names = (), {}
    lines = [
        {"name": one.name, "minutes": None if one.seconds is None else max(1, round(one.seconds / 60)), "routed": one.routed,
         "target": round(one.target_s / 60), "late": one.seconds is None or one.seconds > one.target_s,
         "unit": names.get(one.unit or "", ""), "next": None if one.next_s is None else max(1, round(one.next_s / 60))}
        for one in sorted(found, key=lambda one: -(one.seconds if one.seconds is not None else 1e9))
    ]  # fmt: skip
    context = {"lines": lines, "late": sum(bool(one["late"]) for one in lines), "now": clock.now()}
    return render(request, "command/dispatch/cover.html", context)


_AGAIN_S: Final = 8
"""While posts are worked out, the page is asked for again after so many seconds."""


def posts(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """For each band of the day how many units wait where, and what share of calls that reaches in time."""
    viewer.need("dispatch")
    try:
        found, working = advice.posts(ground.beside()), False
    except Away:
        found, working = (), _there()
    bands = [
        {
            "name": one.band, "posts": sorted(one.posts, key=lambda post: -post[2]), "units": sum(post[2] for post in one.posts),
            "share": round(100 * one.covered), "bound": round(100 * one.bound),
        }
        for one in found
    ]  # fmt: skip
    told = {"bands": bands, "working": working, "now": clock.now()}
    response = render(request, "command/dispatch/posts.html", told)
    if working:
        response["Refresh"] = str(_AGAIN_S)
    return response


def _there() -> bool:
    """Whether the map answers at all: then what it gave no answer to in time is being worked out."""
    try:
        return bool(ground.beside().ready())
    except Away:
        return False


def _do(request: HttpRequest, viewer: Viewer) -> str:
    post, do = request.POST, request.POST.get("do", "")
    if do == "send":
        _send(viewer, post)
    elif do == "close":
        hours = post.get("hours", "")
        closures.close(
            viewer,
            where=post.get("where", ""),
            hours=int(hours) if hours.isdigit() else 0,
            words=post.get("words", ""),
        )
    elif do == "open":
        closures.reopen(viewer, _id(post.get("which", "")))
    elif do == "post":
        _post(viewer, post)
    elif do == "back":
        orders.take_back(viewer, _id(post.get("which", "")))
    else:
        raise Refused("do", Words("没有这个操作。", "There is no such action."))
    return do


def _send(viewer: Viewer, post: Any) -> None:
    chosen = [int(one) for one in post.getlist("unit") if one.isdigit()]
    pick.choose(
        viewer, _id(post.get("call", "")), chosen, shown=post.getlist("shown"), why=post.get("why", ""),
        request_id=post.get("request", ""),
    )  # fmt: skip


def _post(viewer: Viewer, post: Any) -> None:
    """The move as it was shown. Refused: "post" for what no button sends, and as `orders.order` is."""
    try:
        unit, lon, lat = int(post.get("unit", "")), float(post.get("lon", "")), float(post.get("lat", ""))
    except ValueError:
        raise not_found() from None
    name = Words(post.get("zh", ""), post.get("en", ""))
    orders.order(
        viewer,
        unit,
        post=post.get("post", ""),
        name=name,
        lon=lon,
        lat=lat,
        request_id=post.get("request", ""),
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None
