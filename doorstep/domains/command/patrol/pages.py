"""Patrol's pages: the shift on the map and in a table, a sheet for each car, the telephone of who drives, and the net's editor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from doorstep.domains.command.patrol import done, net, plan, shift
from doorstep.domains.command.patrol.done import Visit
from doorstep.domains.command.patrol.models import PatrolLeg, PatrolPlan
from doorstep.domains.command.units import duty
from doorstep.geo.router import Leg
from doorstep.geo.spoken import said
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.patrol_net import KINDS, Net
from doorstep.rulebook.region import calendar, region
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

PATH: Final = "/command/patrol"
_SAID: Final = {
    "plan": Words("正在排，十几秒就好。", "Being planned; it takes some ten seconds."),
    "rest": Words("正在重排余下的路，几秒就好。", "The rest is being planned again; it takes some seconds."),
    "tap": Words("记下了。", "Noted."),
    "dispute": Words("记下了，由值班领导核。", "Noted; the duty officer looks into it."),
}
KIND_WORDS: Final = {
    "core": Words("核心区域", "Core area"), "key": Words("重点区域", "Key area"), "point": Words("必到点", "Point"),
    "line": Words("必巡线", "Line"),
}  # fmt: skip
SHIFTS: Final = {
    "day": Words("白班", "Day"),
    "evening": Words("中班", "Evening"),
    "night": Words("夜班", "Night"),
}
_UNIT_STATE: Final = {
    "off": Words("下班了", "is off duty"), "broken": Words("车坏了", "has broken down"),
    "assigned": Words("派了警", "is sent to a call"),
    "moving": Words("去出警了", "is on its way to a call"), "there": Words("在处警", "is at a call"),
}  # fmt: skip
_WHY_NOT: Final = {
    "unreachable": Words("没有路到", "no way leads there"), "too_large": Words("一辆车做不完", "too much for one car"),
    "out_of_time": Words("时间不够", "no time for it"), "no_room": Words("车不够", "too few cars"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One car of the table."""

    leg: PatrolLeg
    leaves: datetime
    returns: datetime
    stops: int
    done: int
    gaps: int
    station: Words
    ring: Words


def board(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The shift that goes on or comes next: its plan, what was done, gaps, fairness. A post asks for a plan, or for the rest."""
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"{PATH}?did={_asked(request, viewer)}")
        except Refused as refused:
            refusal = refused
    now, owed = clock.now(), net.net()
    found = plan.current(now)
    context = {
        "viewer": viewer, "now": now, "net": owed, "found": found, "refusal": refusal.words if refusal else None,
        "said": _SAID.get(request.GET.get("did", "")), "request_id": uuid4().hex, "may_plan": plan.may_plan(viewer),
        "may_change": net.may_change(viewer), "shifts": _shifts(owed, now) if owed else [], "counts": _counts(owed),
    } | (_told(found, owed, now) if found and owed else {})  # fmt: skip
    return render(request, "command/patrol/board.html", context, status=refusal.status if refusal else 200)


def _asked(request: HttpRequest, viewer: Viewer) -> str:
    post, request_id = request.POST, request.POST.get("request_id", "")
    if post.get("do") == "rest":
        minutes = int(post["minutes"]) if post.get("minutes", "").isdigit() else 0
        plan.ask_rest(
            viewer, _uuid(post.get("of", "")), post.getlist("car"), post.get("why", ""), request_id, minutes
        )
        return "rest"
    name, _, day = post.get("shift", "").partition(" ")
    plan.ask(viewer, name, _date(day), "", request_id)
    return "plan"


def _shifts(owed: Net, now: datetime) -> list[tuple[str, Words, datetime, datetime]]:
    """The shift that goes on and those that come next, soonest first."""
    found = []
    for name in owed.shifts:
        day = plan.day_of(owed, name, now)
        since, until = shift.hours(owed, name, day, calendar().zone)
        found.append((f"{name} {day.isoformat()}", SHIFTS.get(name, Words(name, name)), since, until))
    return sorted(found, key=lambda one: one[2])


def _counts(owed: Net | None) -> list[tuple[Words, int]]:
    if owed is None:
        return []
    counted = Counter(one.kind for one in owed.marks)
    return [(KIND_WORDS[kind], counted[kind]) for kind in KINDS] + [
        (Words("警务工作站", "Work stations"), len(owed.stations))
    ]


def _told(found: PatrolPlan, owed: Net, now: datetime) -> dict[str, Any]:
    """What the page says of a plan."""
    legs = plan.legs(found.id)
    ready = found.state == "ready"
    visits = done.visits(found, plan.planned(found), plan.checks(found.root), now) if ready else []
    states = Counter(one.state for one in visits)
    told = found.told or {}
    names = _names(owed)
    finished = states["driven"] + states["tapped"]
    reasons = {(one["task"], one["visit"]): one["reason"] for one in told.get("uncovered", ())}
    return {
        "rows": [_row(one, found, visits, owed) for one in legs], "visits": len(visits), "told": told,
        "planned": round(100 * told.get("coverage", 0)), "finished": finished,
        "share": round(100 * finished / len(visits)) if visits else 0,
        "states": [(name, *done.STATES[name], states[name]) for name in done.STATES if states[name]],
        "gaps": [(one, names.get(one.task), reasons.get((one.task, one.visit)), _at(found, one.closes))
                 for one in visits if one.state in ("gap", "disputed", "explained")],
        "left_out": [(one, names.get(one.task), _WHY_NOT.get(reasons.get((one.task, one.visit), ""))) for one in visits
                     if one.state == "unplanned"],
        "making": plan.under_way(found.since), "failed": plan.failed(found.since),
        "offers": [(one, _UNIT_STATE[one.state]) for one in plan.offers(found)] if plan_may(found, now) else [],
        "cars": [one.car for one in legs], "fair": _fair(told, owed),
        "shift_name": SHIFTS.get(found.shift, Words(found.shift, found.shift)),
        "map": _map(legs, visits, owed),
    }  # fmt: skip


def plan_may(found: PatrolPlan, now: datetime) -> bool:
    """Is this plan in force now?"""
    return found.state == "ready" and found.since <= now < found.until


def _row(leg: PatrolLeg, found: PatrolPlan, visits: Iterable[Visit], owed: Net) -> Row:
    own = [one for one in visits if one.stop is not None and one.stop.car == leg.car]
    ring = owed.rings.get(leg.ring, Words(leg.ring or "—", leg.ring or "—"))
    return Row(leg, _at(found, leg.leaves), _at(found, leg.returns), len(own), sum(one.done for one in own),
               sum(one.state == "gap" for one in own), _station(leg.station), ring)  # fmt: skip


def _fair(told: Mapping[str, Any], owed: Net) -> list[dict[str, Any]]:
    """Bars of the plot: how much cover each area gets for its need; 1 where all would have the same."""
    names, fair = _names(owed), told.get("fairness") or {"areas": []}
    most = max((one["level"] for one in fair["areas"]), default=1.0) or 1.0
    return [
        {"name": names.get(one["area"], Words(one["area"], one["area"])), "code": one["area"], "minutes": one["minutes"],
         "visits": one["visits"], "level": f"{one['level']:.2f}", "wide": round(100 * one["level"] / most, 1),
         "mean": round(100 / most, 1)}
        for one in fair["areas"]
    ]  # fmt: skip


def _names(owed: Net) -> dict[str, Words]:
    return {one.code: one.name for one in owed.marks}


def _station(code: str) -> Words:
    found = next((one for one in region().points if one["code"] == code), None)
    return Words.of(found["name"]) if found else Words(code, code)


def _at(found: PatrolPlan, second: int) -> datetime:
    return found.since + timedelta(seconds=second)


def _map(legs: Iterable[PatrolLeg], visits: Iterable[Visit], owed: Net) -> dict[str, Any] | None:
    """What the script draws; None where there is no base map or nothing of the net has a shape."""
    base = ground.base()
    if base is None or not any(one.shape for one in owed.marks):
        return None
    worst = {
        name: n
        for n, name in enumerate(("driven", "tapped", "open", "explained", "disputed", "unplanned", "gap"))
    }
    state: dict[str, str] = {}
    for one in visits:
        if worst[one.state] >= worst.get(state.get(one.task, ""), -1):
            state[one.task] = one.state
    marks = [
        {"code": one.code, "kind": one.kind, "name": [one.name.zh, one.name.en], "shape": one.shape,
         "state": state.get(one.code, "open")}
        for one in owed.marks if one.shape
    ]  # fmt: skip
    at = {
        one["code"]: (one["lon"], one["lat"], one["name"]["zh"])
        for one in region().points
        if one.get("lon") is not None
    }
    return {
        **base.told, "marks": [], "here": None,
        "net": marks, "stations": [at[code] for code in owed.stations if code in at],
        "ways": [{"car": one.car, "ring": one.ring, "line": one.line} for one in legs],
    }  # fmt: skip


# ---- a sheet for each car ----


def sheet(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The list of stops and turns of one car, or of all, one A4 after the other."""
    owed, now = net.net(), clock.now()
    found = plan.current(now)
    wanted = request.GET.get("car", "")
    legs = plan.legs(found.id) if found and found.state == "ready" else []
    sheets = [_sheet(found, leg, owed, now) for leg in legs if found and owed and wanted in ("", leg.car)]
    if wanted and not sheets:
        raise not_found()
    context = {"viewer": viewer, "found": found, "sheets": sheets, "one": wanted}
    return render(request, "command/patrol/sheet.html", context)


def _sheet(found: PatrolPlan, leg: PatrolLeg, owed: Net, now: datetime) -> dict[str, Any]:
    names, stops = _names(owed), [one for one in plan.stops(found.id) if one.car == leg.car]
    seen = {(one.task, one.visit): one for one in done.visits(found, stops, plan.checks(found.root), now)}
    lines = []
    for stop in stops:
        visit = seen.get((stop.task, stop.visit))
        lines.append({
            "stop": stop, "name": names.get(stop.task, Words(stop.task, stop.task)), "begin": _at(found, stop.begin),
            "leave": _at(found, stop.leave), "minutes": max(1, round((stop.leave - stop.begin) / 60)), "visit": visit,
            "to": _turns(leg, "to", stop.place), "on": _turns(leg, "on", stop.place),
            "is_line": any(one.code == stop.task and one.kind == "line" for one in owed.marks),
        })  # fmt: skip
    return {
        "leg": leg, "lines": lines, "leaves": _at(found, leg.leaves), "returns": _at(found, leg.returns),
        "home": _turns(leg, "home", len(stops)), "station": _station(leg.station), "plan": found,
        "ring": owed.rings.get(leg.ring), "shift": SHIFTS.get(found.shift, Words(found.shift, found.shift)),
    }  # fmt: skip


def _turns(leg: PatrolLeg, what: str, stop: int) -> list[Words]:
    """The turns of one stretch, in both languages; none where the way was only estimated."""
    for one in leg.turns:
        if one["what"] == what and one["stop"] == stop:
            legs = [Leg(t["kind"], t["street"], t["metres"], t["seconds"], 0) for t in one["legs"]]
            return [said(t) for t in legs if t.kind != "arrive" and (t.metres >= 20 or t.street)]
    return []


# ---- on the phone ----


def mine(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """For who rides in a car of the plan: the next stop and the way there, done by a tap, and what was missed to be disputed."""
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"{PATH}/mine?did={_said(request, viewer)}")
        except Refused as refused:
            refusal = refused
    owed, now, unit = net.net(), clock.now(), duty.mine(viewer)
    found = plan.current(now)
    leg = (
        next((one for one in plan.legs(found.id) if unit and one.car == unit.callsign), None)
        if found
        else None
    )
    told = _sheet(found, leg, owed, now) if found and leg and owed else None
    lines = told["lines"] if told else []
    context = {
        "viewer": viewer, "unit": unit, "found": found, "told": told, "refusal": refusal.words if refusal else None,
        "next": next((one for one in lines if one["visit"] and one["visit"].state == "open"), None),
        "missed": [one for one in lines if one["visit"] and one["visit"].state == "gap"],
        "typed": request.POST if refusal else {}, "request_id": uuid4().hex, "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    return render(request, "command/patrol/mine.html", context, status=refusal.status if refusal else 200)


def _said(request: HttpRequest, viewer: Viewer) -> str:
    post = request.POST
    of, task = _uuid(post.get("of", "")), post.get("task", "")
    visit = int(post["visit"]) if post.get("visit", "").isdigit() else -1
    if post.get("do") == "dispute":
        done.dispute(viewer, of, task, visit, post.get("why", ""), post.get("request_id", ""))
        return "dispute"
    done.tap(viewer, of, task, visit, post.get("request_id", ""))
    return "tap"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("no-day", Words("日期看不懂。", "That is no date.")) from None
