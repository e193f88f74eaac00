"""Plans of shifts: asked for by a person, made by the worker beside the map, mended when a car drops out or is called away."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from doorstep.domains.command.patrol import shift
from doorstep.domains.command.patrol.models import PatrolCheck, PatrolLeg, PatrolPlan, PatrolStop
from doorstep.domains.command.patrol.net import net
from doorstep.domains.command.patrol.shift import Base, Crew
from doorstep.domains.command.units import duty
from doorstep.geo.talk import Away
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import first, insert, rows, run
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.patrol_net import Net
from doorstep.rulebook.region import calendar, region
from doorstep.rulebook.words import Refused, Words
from doorstep.web.ground import beside

_log = logging.getLogger(__name__)
SEARCH_S: Final = 8.0
"""Processor seconds of a search for a whole shift; with what begins and ends it, a plan takes less than ten."""
AGAIN_S: Final = 3.0
"""The same for the rest of a shift."""
_TRIES: Final = 3
_AWAY: Final = frozenset({"assigned", "moving", "there"})
_LOST: Final = frozenset({"off", "broken"})
_ALL: Final = tuple(field.name for field in PatrolPlan._meta.concrete_fields)


@dataclass(frozen=True, slots=True)
class Offer:
    """A car of the plan that does not patrol now: ``state`` is its duty unit's."""

    car: str
    state: str

    @property
    def lost(self) -> bool:
        return self.state in _LOST


def ask(viewer: Viewer, name: str, day: date, why: str, request_id: str) -> Done:
    """Ask for the plan of a shift. Refused: "no-right", "no-net", "no-shape" where nothing of the net is drawn, "no-shift",
    "under-way" (409) while one is being made.
    """
    if not may_plan(viewer):
        raise refuse_right()
    found = net(day)
    if found is None or name not in found.shifts:
        raise Refused("no-shift", Words("这里没有这个班次。", "There is no such shift here."))
    since, until = shift.hours(found, name, day, calendar().zone)
    asked = frozen(found, since, until)
    told = {"shift": name, "day": day.isoformat(), "why": why}

    def do() -> Done:
        one = uuid7()
        return _stored(PatrolPlan(id=one, root=one, old=None, shift=name, since=since, until=until, state="asked",
                                  asked_by=viewer.account_id, asked_at=clock.now(), why=why.strip()[:400], input=asked,
                                  job="", tries=0))  # fmt: skip

    return once(viewer, "patrol_plan", request_id, told, do, _done)


def ask_rest(
    viewer: Viewer, plan_id: UUID, gone: Iterable[str], why: str, request_id: str, minutes: int = 0
) -> Done:
    """Ask for the rest of the shift without these cars; with ``minutes`` they come back to their station after so long.

    Refused: "no-right", "not-found", "not-now" (409) for a plan that is not in force now, "no-car", "under-way" (409).
    """
    if not may_plan(viewer):
        raise refuse_right()
    old, lost = one(plan_id), sorted(set(gone))
    now = int((clock.now() - old.since).total_seconds())
    if old.state != "ready" or old.raw is None or now >= old.input["seconds"]:
        raise Refused(
            "not-now", Words("这份计划现在不在执行。", "This plan is not in force now."), status=409
        )
    if not lost or not set(lost) <= {car["id"] for car in old.input["cars"]}:
        raise Refused("no-car", Words("选一辆在计划里的车。", "Choose a car of the plan."))
    done = [[row.task, row.visit] for row in checks(old.root) if row.how in ("driven", "tapped")]
    rest = {"old": old.raw, "now": max(0, now), "gone": [] if minutes else lost, "done": done, "limit": AGAIN_S,
            "where": {car: [_home(old, car), max(0, now) + minutes * 60] for car in lost} if minutes else {}}  # fmt: skip
    told = {"of": str(plan_id), "gone": lost, "minutes": minutes, "why": why}

    def do() -> Done:
        return _stored(PatrolPlan(id=uuid7(), root=old.root, old=old.id, shift=old.shift, since=old.since, until=old.until,
                                  state="asked", asked_by=viewer.account_id, asked_at=clock.now(), why=why.strip()[:400],
                                  input={**old.input, **rest}, job="", tries=0))  # fmt: skip

    return once(viewer, "patrol_rest", request_id, told, do, _done)


def may_plan(viewer: Viewer) -> bool:
    """Who supervises or dispatches."""
    return viewer.may("supervise", tier="public") or viewer.may("dispatch", tier="public")


def frozen(found: Net, since: datetime, until: datetime) -> dict[str, Any]:
    """What a plan of this shift is made from, as it stands at this moment. Refused: "no-shape"."""
    seconds = int((until - since).total_seconds())
    local = since.astimezone(calendar().zone)
    tasks = shift.tasks(found, local.hour * 60 + local.minute, seconds)
    bases, begun = stations(found), max(0, int((clock.now() - since).total_seconds()))
    if not tasks or not bases:
        raise Refused(
            "no-shape",
            Words(
                "巡防网还没有画在地图上，排不了班。先在“巡防网”里画上位置。",
                "Nothing of the patrol net is on the map yet, so no shift can be planned. Draw it first.",
            ),
        )
    return {"tasks": tasks, "cars": shift.cars(found, bases, crews(since), begun, seconds), "seconds": seconds, "pace": found.pace,
            "limit": SEARCH_S, "need": shift.need(found)}  # fmt: skip


def stations(found: Net) -> list[Base]:
    """The work stations of the net that have a place."""
    at = {one["code"]: (one["lon"], one["lat"]) for one in region().points if one.get("lon") is not None}
    return [Base(code, at[code], shift.ring_at(found, at[code])) for code in found.stations if code in at]


def crews(since: datetime) -> list[Crew]:
    """The cars on duty, if the shift goes on; for one to come nobody is named yet."""
    if since > clock.now():
        return []
    return [
        Crew(one.callsign, (one.home_lon, one.home_lat), one.id)
        for one in duty.standing()
        if one.kind == "car"
        and not one.team
        and one.state not in _LOST
        and one.home_lon is not None
        and one.home_lat is not None
    ]


def one(plan_id: UUID) -> PatrolPlan:
    """A plan. Refused: "not-found"."""
    found = first(PatrolPlan, "where id = %s", plan_id)
    if found is None:
        raise not_found()
    return found


def current(now: datetime) -> PatrolPlan | None:
    """The newest plan of the shift that goes on now, else of the next one; what was replaced is history."""
    asked = "where until > %s and state <> 'replaced' order by since, asked_at desc limit 1"
    found = first(PatrolPlan, asked, now)
    if found is not None and found.state != "ready":
        return first(PatrolPlan, "where since = %s and state = 'ready'", found.since) or found
    return found


def under_way(since: datetime) -> PatrolPlan | None:
    """The plan of this shift that is asked for or being made, or the newest that failed after the one in force."""
    return first(PatrolPlan, "where since = %s and state in ('asked', 'making') limit 1", since)


def failed(since: datetime) -> PatrolPlan | None:
    """The newest plan of this shift, if it failed."""
    found = first(PatrolPlan, "where since = %s order by asked_at desc limit 1", since)
    return found if found is not None and found.state == "failed" else None


def legs(plan_id: UUID) -> list[PatrolLeg]:
    return rows(PatrolLeg, "where plan_id = %s order by station, car", plan_id)


def stops(plan_id: UUID) -> list[PatrolStop]:
    return rows(PatrolStop, "where plan_id = %s order by car, place", plan_id)


def planned(found: PatrolPlan) -> list[PatrolStop]:
    """Every stop of the shift: those of this plan, and of the plans before it what was begun when they were replaced."""
    told = stops(found.id)
    have = {(stop.task, stop.visit) for stop in told}
    later, old = found, found.old
    while old is not None:
        kept = [
            stop
            for stop in stops(old)
            if stop.begin <= later.input["now"] and (stop.task, stop.visit) not in have
        ]
        told += kept
        have |= {(stop.task, stop.visit) for stop in kept}
        later = one(old)
        old = later.old
    return told


def checks(root: UUID) -> list[PatrolCheck]:
    return rows(PatrolCheck, "where root = %s order by recorded_at", root)


def offers(found: PatrolPlan) -> list[Offer]:
    """Cars of the plan that have dropped out or are out for a call, if the shift goes on: the rest may be planned without them."""
    if not found.since <= clock.now() < found.until:
        return []
    named = {car["unit"]: car["id"] for car in found.input["cars"] if car.get("unit") is not None}
    gone = set(found.input.get("gone", ())) | set(found.input.get("where", ()))
    standing = duty.standing(tuple(named)) if named else []
    return [
        Offer(named[one.id], one.state)
        for one in standing
        if one.state in _LOST | _AWAY and named[one.id] not in gone
    ]


# ---- by the worker ----


def tend() -> int:
    """For the worker: ask the map for plans that are wanted, fetch those that are made. Returns how many it moved on."""
    moved = 0
    for found in rows(PatrolPlan, "where state in ('asked', 'making') order by asked_at limit 4"):
        try:
            moved += _begin(found) if found.state == "asked" else _fetch(found)
        except Away:
            return moved  # the map is away: the same rows are looked at next time
    return moved


def _begin(found: PatrolPlan) -> int:
    seed = secrets.randbits(31)  # as wide as the search's own chance takes
    job = beside().patrol({"plan": found.input | {"seed": seed}})["job"]
    with transaction.atomic():
        run("insert into patrol_seed (plan_id, seed) values (%s, %s) on conflict do nothing", found.id, seed)
        run(
            "update patrol_plan set state = 'making', job = %s, tries = tries + 1 where id = %s",
            job,
            found.id,
        )
    return 1


def _fetch(found: PatrolPlan) -> int:
    told = beside().patrol({"job": found.job})
    if told["state"] == "making":
        return 0
    if told["state"] == "done":
        _keep(found, told["plan"])
        return 1
    if told["state"] == "failed":
        _log.warning("patrol plan %s: %s", found.id, told["why"])
    again = told["state"] == "unknown" and found.tries < _TRIES
    state = "asked" if again else "failed"
    run(
        "update patrol_plan set state = %s, made_at = %s where id = %s",
        state,
        None if again else clock.now(),
        found.id,
    )
    return 1


def _keep(found: PatrolPlan, made: Mapping[str, Any]) -> None:
    """The plan in force from now on, in the place of the one before it; all of it or nothing."""
    units = {car["id"]: car.get("unit") for car in found.input["cars"]}
    told = {
        key: made[key]
        for key in (
            "coverage",
            "cost",
            "fairness",
            "cpu_s",
            "memory_mb",
            "wall_s",
            "matrix_s",
            "source",
            "streets",
        )
    }
    told["uncovered"] = made["raw"]["uncovered"]
    with transaction.atomic():
        run("update patrol_plan set state = 'replaced' where since = %s and state = 'ready'", found.since)
        found.state, found.raw, found.told, found.made_at = "ready", dict(made["raw"]), told, clock.now()
        kept = PatrolPlan(**{name: getattr(found, name) for name in _ALL})
        _update(kept)
        for route in made["routes"]:
            if not route["stops"]:
                continue
            insert(PatrolLeg(id=uuid7(), plan_id=found.id, car=route["car"], duty_unit_id=units.get(route["car"]),
                             station=route["station"], ring=route["ring"], leaves=route["leaves"], returns=route["returns"],
                             line=route["line"], turns=route["turns"]))  # fmt: skip
            for place, stop in enumerate(route["stops"]):
                insert(PatrolStop(id=uuid7(), plan_id=found.id, car=route["car"], place=place, task=stop["task"],
                                  visit=stop["visit"], arrive=stop["arrive"], begin=stop["begin"], leave=stop["leave"],
                                  backward=stop["backward"]))  # fmt: skip


def _update(row: PatrolPlan) -> None:
    PatrolPlan.objects.filter(id=row.id).update(
        state=row.state, raw=row.raw, told=row.told, made_at=row.made_at
    )


def _home(old: PatrolPlan, car: str) -> list[float]:
    """Where a car comes back: at its station."""
    return next(list(one["home"]) for one in old.input["cars"] if one["id"] == car)


def _stored(row: PatrolPlan) -> Done:
    try:
        with transaction.atomic():
            insert(row)
    except IntegrityError as same:
        raise Refused(
            "under-way",
            Words("这个班次正在排，等它出来。", "This shift is being planned; wait for it."),
            status=409,
        ) from same
    return _done(row.id)


def _done(row_id: UUID) -> Done:
    return Done(row_id, "", "asked", 1)


def day_of(found: Net, name: str, now: datetime) -> date:
    """The day on which the shift of this name began that goes on now, or on which it comes next."""
    today = calendar().day_of(now)
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        if shift.hours(found, name, day, calendar().zone)[1] > now:
            return day
    return today
