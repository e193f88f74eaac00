"""The page of a cordon: where they were seen, what to close now, orders, widening, standing down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from doorstep.domains.command.calls import reading, verbs
from doorstep.domains.command.net import close
from doorstep.geo.crs import Degrees
from doorstep.geo.talk import Away
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

HEADINGS: Final = (
    ("", Words("不清楚", "Not known")), ("0", Words("北", "North")), ("45", Words("东北", "North-east")),
    ("90", Words("东", "East")), ("135", Words("东南", "South-east")), ("180", Words("南", "South")),
    ("225", Words("西南", "South-west")), ("270", Words("西", "West")), ("315", Words("西北", "North-west")),
)  # fmt: skip
_SAID = {
    "ordered": Words("已下令，各卡点同时收到。", "Ordered; every post was told at once."),
    "down": Words("围堵撤了，都召回了。", "The cordon was stood down; all were recalled."),
}
_DO = {"order", "down"}


def net(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """A cordon around a call's last sighting: tried as often as one likes, then ordered, widened, stood down."""
    verbs.operator(viewer)
    told = request.POST if request.method == "POST" else request.GET
    refusal: Refused | None = None
    if request.method == "POST" and told.get("do") in _DO:
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"/command/net/{matter_id}?did={_do(viewer, matter_id, told)}")
        except Refused as refused:
            refusal = refused
    return _page(request, viewer, matter_id, told, refusal)


def _do(viewer: Viewer, matter_id: UUID, told: QueryDict) -> str:
    request_id = told.get("request_id", "")
    if told.get("do") == "down":
        close.stand_down(viewer, matter_id, told.get("why", ""), request_id)
        return "down"
    close.order(viewer, matter_id, _sighting(viewer, matter_id, told), request_id)
    return "ordered"


def _page(
    request: HttpRequest, viewer: Viewer, matter_id: UUID, told: QueryDict, refusal: Refused | None
) -> HttpResponse:
    view, last, plan = reading.read(viewer, matter_id), close.in_force(matter_id), None
    if refusal is None and told.get("do") == "try":
        try:
            plan = close.plan(viewer, matter_id, _sighting(viewer, matter_id, told))
        except Refused as refused:
            refusal = refused
    at = _shown(view, last, plan)
    lines = _lines(plan, last)
    context = {
        "call": view.call, "closed": view.closed, "plan": plan, "last": last, "lines": lines, "headings": HEADINGS,
        "open": sum(not line["unit"] or line["late"] for line in lines), "typed": _typed(told, view, last), "here": "calls",
        "refusal": refusal.words if refusal else None, "said": _SAID.get(request.GET.get("did", "")),
        "map": _map(at, plan, last, lines), "request_id": uuid4().hex,
    }  # fmt: skip
    return render(request, "command/net/net.html", context, status=refusal.status if refusal else 200)


def _sighting(viewer: Viewer, matter_id: UUID, told: QueryDict) -> close.Sighting:
    """What was typed. Refused: "where", "when" with what to do."""
    at = _degrees(told.get("at", "")) or _found(told.get("place", ""))
    if at is None:
        view = reading.read(viewer, matter_id)
        if told.get("place", "").strip() or view.call.lon is None or view.call.lat is None:
            raise Refused("where", Words("没有找到这个地方。在地图上点一下，或者换个写法。",
                                         "That place was not found. Tap the map, or write it otherwise."))  # fmt: skip
        at = (view.call.lon, view.call.lat)
    heading = told.get("heading", "")
    return close.Sighting(
        at, _when(told.get("when", "")), float(heading) if heading in dict(HEADINGS[1:]) else None
    )


def _degrees(text: str) -> Degrees | None:
    parts = text.split(",")
    try:
        lon, lat = (float(one) for one in parts)
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def _found(text: str) -> Degrees | None:
    if not text.strip():
        return None
    try:
        hits = ground.beside().find(text, 1)
    except Away:
        return None
    return hits[0].at if hits and hits[0].fits >= 0.3 else None


def _when(text: str) -> datetime:
    """Minutes ago, as people say it; now if nothing is said. Refused: "when"."""
    try:
        ago = float(text or 0)
    except ValueError:
        ago = -1.0
    if not 0 <= ago <= 24 * 60:
        raise Refused("when", Words("写几分钟前看到的，比如 3。", "Write how many minutes ago, such as 3."))
    return clock.now() - timedelta(minutes=ago)


def _typed(told: QueryDict, view: Any, last: Any) -> dict[str, str]:
    """What is in the fields: what was typed, or the last sighting, its age counted on."""
    if told.get("do"):
        return {name: told.get(name, "") for name in ("place", "at", "when", "heading")}
    if last is None:
        return {"place": str(view.told.get("place", "")), "at": "", "when": "0", "heading": ""}
    ago = (clock.now() - last.seen_at).total_seconds() / 60
    heading = "" if last.heading is None else f"{last.heading:g}"
    return {"place": "", "at": f"{last.lon:.6f},{last.lat:.6f}", "when": f"{ago:.1f}", "heading": heading}


def _lines(plan: close.Plan | None, last: Any) -> list[dict[str, Any]]:
    """The posts as they are listed: of what is tried, otherwise of what was ordered."""
    told: list[tuple[Any, str]]
    if plan is not None:
        told = [(one, plan.units[one.unit].callsign if one.unit else "") for one in plan.chase.posts]
    else:
        told = [(one, one.callsign) for one in close.posts(last.id)] if last else []
    return [
        {
            "at": (one.lon, one.lat), "street": one.street or one.crossing, "crossing": one.crossing if one.street else "",
            "unit": callsign, "there": _minutes(one.there_s), "slack": _minutes(abs(one.slack_s or 0.0)),
            "late": one.slack_s is not None and one.slack_s < 0, "estimated": one.source == "estimated",
        }
        for one, callsign in told
    ]  # fmt: skip


def _minutes(seconds: float | None) -> Words | None:
    if seconds is None:
        return None
    whole = round(seconds)
    if whole < 90:
        return Words(f"{whole} 秒", f"{whole} s")
    return Words(f"{whole // 60} 分 {whole % 60:02d} 秒", f"{whole // 60} min {whole % 60:02d} s")


def _shown(view: Any, last: Any, plan: close.Plan | None) -> Degrees | None:
    if plan is not None:
        return plan.sighting.at
    if last is not None:
        return last.lon, last.lat
    return (view.call.lon, view.call.lat) if view.call.lon is not None and view.call.lat is not None else None


def _map(
    at: Degrees | None, plan: close.Plan | None, last: Any, lines: list[dict[str, Any]]
) -> dict[str, Any] | None:
    base = ground.base()
    if base is None:
        return None
    by_now = plan.chase.by_now if plan else (last.by_now if last else ())
    inside = plan.chase.inside if plan else (last.inside if last else ())
    return {
        **base.told, "here": at, "marks": [],
        "mine": "", "areas": "/map/areas/station", "by_now": by_now, "inside": inside,
        "posts": [{"at": one["at"], "unit": one["unit"], "late": one["late"]} for one in lines],
    }  # fmt: skip
