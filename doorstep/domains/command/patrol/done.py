"""What was patrolled: matched positions say so, or a person does; a call explains a gap; whoever was there may dispute one.

Positions count on the street that they were matched to (`solve.patrol.checkoff`): the parallel road does not.
Nobody is judged by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from doorstep.domains.command.patrol import plan, shift
from doorstep.domains.command.patrol.models import PatrolCheck, PatrolPlan, PatrolStop
from doorstep.domains.command.units import duty
from doorstep.geo.talk import Away
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import fetch, insert, rows, run
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web.ground import beside

_FIRST: Final = ("driven", "tapped", "disputed", "explained")
_AGAIN: Final = timedelta(minutes=30)
FOREVER: Final = 10**9
_MOST: Final = timedelta(minutes=60)
_AFTER: Final = timedelta(minutes=10)
_STAY: Final = 0.5
"""So much of a planned stay is enough to have been there."""
STATES: Final[Mapping[str, tuple[Words, str]]] = {
    "driven": (Words("巡到了", "Patrolled"), "circle-check"),
    "tapped": (Words("点了完成", "Said done"), "check"),
    "disputed": (Words("说去过，待核", "Says was there"), "message"),
    "explained": (Words("出警没去成", "Away for a call"), "phone"),
    "open": (Words("还没到时候", "Still to come"), "clock"),
    "gap": (Words("漏巡", "Gap"), "alert-octagon"),
    "unplanned": (Words("没排上", "Not planned"), "alert-triangle"),
}
"""What a visit is called, and its mark: never by colour alone."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of the shift as it stands. ``stop`` None: the plan leaves it out."""

    task: str
    visit: int
    opens: int
    closes: int
    state: str
    stop: PatrolStop | None = None
    check: PatrolCheck | None = None

    @property
    def words(self) -> Words:
        return STATES[self.state][0]

    @property
    def icon(self) -> str:
        return STATES[self.state][1]

    @property
    def done(self) -> bool:
        return self.state in ("driven", "tapped")


def visits(
    found: PatrolPlan, stops: Iterable[PatrolStop], checks: Iterable[PatrolCheck], now: datetime
) -> list[Visit]:
    """Every visit that the shift owes, in the order of its tasks."""
    planned = {(one.task, one.visit): one for one in stops}
    told: dict[tuple[str, int], PatrolCheck] = {}
    for one in sorted(checks, key=lambda row: -_FIRST.index(row.how)):
        told[one.task, one.visit] = one
    second = (now - found.since).total_seconds()
    return [
        _visit(task["id"], n, span, planned.get((task["id"], n)), told.get((task["id"], n)), second)
        for task in found.input["tasks"]
        for n, span in enumerate(shift.visits(task, found.input["seconds"]))
    ]


def _visit(
    task: str, n: int, span: tuple[int, int], stop: PatrolStop | None, check: PatrolCheck | None, second: float
) -> Visit:  # fmt: skip
    if check is not None:
        state = check.how
    elif second > span[1]:
        state = "gap"
    else:
        state = "open" if stop is not None else "unplanned"
    return Visit(task, n, span[0], span[1], state, stop, check)


def tap(viewer: Viewer, plan_id: UUID, task: str, visit: int, request_id: str) -> Done:
    """ "Done", said by who rides in the car that has it. Refused: "no-right", "not-found", "not-now" (409) outside the shift."""
    found = plan.one(plan_id)
    _may_say(viewer, found, task, visit)
    if not found.since <= clock.now() <= found.until:
        raise Refused(
            "not-now", Words("这个班次现在不在进行。", "This shift is not going on now."), status=409
        )
    return _say(viewer, found, task, visit, "tapped", "", request_id)


def dispute(viewer: Viewer, plan_id: UUID, task: str, visit: int, why: str, request_id: str) -> Done:
    """ "I was there", against a gap, with a reason. Refused: "no-right", "not-found", "no-why"."""
    found = plan.one(plan_id)
    _may_say(viewer, found, task, visit)
    if not why.strip():
        words = Words("写一句：什么时候、怎么去的。", "Write when and how you were there.")
        raise Refused("no-why", words, faults=(("/why", words),))
    return _say(viewer, found, task, visit, "disputed", why.strip()[:400], request_id)


def _may_say(viewer: Viewer, found: PatrolPlan, task: str, visit: int) -> None:
    if not viewer.may("duty"):
        raise refuse_right()
    owed = next((one for one in found.input["tasks"] if one["id"] == task), None)
    if owed is None or not 0 <= visit < len(shift.visits(owed, found.input["seconds"])):
        raise not_found()


def _say(
    viewer: Viewer, found: PatrolPlan, task: str, visit: int, how: str, why: str, request_id: str
) -> Done:
    unit = duty.mine(viewer)

    def do() -> Done:
        same = "where root = %s and task = %s and visit = %s and how = %s"
        if not rows(PatrolCheck, same, found.root, task, visit, how):
            now = clock.now()
            insert(PatrolCheck(id=uuid7(), root=found.root, task=task, visit=visit, how=how, share=0.0, at=now, recorded_at=now,
                               account_id=viewer.account_id, car=unit.callsign if unit else "", why=why))  # fmt: skip
        return _done(found.id)

    told = {"plan": str(found.id), "task": task, "visit": visit, "why": why}
    return once(viewer, f"patrol_{how}", request_id, told, do, _done)


def _done(plan_id: UUID) -> Done:
    return Done(plan_id, "", "ready", 1)


# ---- by the worker ----


def tend() -> int:
    """For the worker: hold the last half hour's positions against what was owed in it. Answers 0: it is done again at its time."""
    now = clock.now()
    asked = "where state = 'ready' and since <= %s and (checked_at is null or checked_at < until)"
    for found in rows(PatrolPlan, asked, now):
        try:
            _check(found, now)
        except Away:
            return 0
    return 0


def _check(found: PatrolPlan, now: datetime) -> None:
    begin = max(found.since, (found.checked_at or found.since) - _AGAIN)
    end = min(now, begin + _MOST + _AGAIN, found.until + _AFTER)
    units = {car["unit"]: car["id"] for car in found.input["cars"] if car.get("unit") is not None}
    open_ones = [one for one in visits(found, plan.planned(found), plan.checks(found.root), now)
                 if one.state not in ("driven", "explained")]  # fmt: skip
    if units and open_ones:
        told = _asked(found, units, open_ones, begin, end)
        for one in told:
            _keep(found, one, end)
    run("update patrol_plan set checked_at = %s where id = %s", end, found.id)


def _asked(
    found: PatrolPlan, units: Mapping[int, str], owed: Sequence[Visit], begin: datetime, end: datetime
) -> list[dict[str, Any]]:
    """The outcomes of these visits that positions or a call tell something of."""

    def second(at: datetime) -> int:
        return int((at - found.since).total_seconds())

    tracks: dict[str, list[list[float]]] = {}
    fixes = fetch("select * from trust.patrol_tracks(%s, %s, %s)", list(units), begin, end)
    for unit, at, lon, lat, accuracy in fixes:
        tracks.setdefault(units[unit], []).append([second(at), lon, lat, accuracy or 10.0])
    calls = [
        {"id": str(matter), "car": units[unit], "begin": second(first), "end": second(last)}
        for unit, matter, first, last in fetch(
            "select * from trust.patrol_calls(%s, %s, %s)", list(units), begin, end
        )
    ]
    if not tracks and not calls:
        return []
    tasks = {one["id"]: one for one in found.input["tasks"]}
    streets = (found.told or {}).get("streets", {})
    asked = [_owed(one, tasks[one.task], streets.get(one.task, [])) for one in owed]
    closes = {(one.task, one.visit): one.closes for one in owed}
    told = beside().patrolled({"owed": asked, "tracks": tracks, "calls": calls})
    return [one for one in told if one["how"] == "driven"
            or (one["how"] == "explained" and closes.get((one["task"], one["visit"]), FOREVER) <= second(end))]  # fmt: skip


def _owed(one: Visit, task: Mapping[str, Any], streets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    stop = one.stop
    return {
        "task": one.task, "visit": one.visit, "opens": one.opens, "closes": one.closes, "pieces": list(streets),
        "place": task.get("at"), "stay": int(_STAY * task.get("stay", 0)), "car": stop.car if stop else "",
        "begin": stop.begin if stop else 0, "leave": stop.leave if stop else 0,
    }  # fmt: skip


def _keep(found: PatrolPlan, one: Mapping[str, Any], end: datetime) -> None:
    at = found.since + timedelta(seconds=one["at"]) if one["at"] is not None else end
    driven = one["how"] == "driven"
    run(
        """insert into patrol_check (id, root, task, visit, how, share, at, recorded_at, car, why)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (root, task, visit, how) do nothing""",
        uuid7(), found.root, one["task"], one["visit"], one["how"], one["share"], at, clock.now(),
        one["by"] if driven else "", "" if driven else one["by"],
    )  # fmt: skip
