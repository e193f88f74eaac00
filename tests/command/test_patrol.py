"""Patrol: a plan is made beside the map from frozen input; what was done is told by positions or a person; nothing is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused
from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.visit import Visit

DAY = datetime(2032, 5, 3, 7, 30, tzinfo=calendar().zone)


class Beside:
    """The map, without one: plans are two cars that share the first tasks, the rest is left out."""

    def __init__(self) -> None:
        self.jobs: dict[str, Any] = {}
        self.driven: list[dict[str, Any]] = []

    def patrol(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "plan" in asked:
            self.jobs[job := uuid4().hex] = asked["plan"]
            return {"job": job}
        if asked["job"] not in self.jobs:
            return {"state": "unknown"}
        return {"state": "done", "plan": _planned(self.jobs[asked["job"]])}

    def patrolled(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        return self.driven


def _planned(asked: dict[str, Any]) -> dict[str, Any]:
    cars = [one for one in asked["cars"] if one["id"] not in asked.get("gone", ())][:2]
    stops = [
        [{"task": one["id"], "visit": 0, "tail": 0, "head": 0, "arrive": 600 * k, "begin": 600 * k, "leave": 600 * k + 60,
          "backward": False} for k, one in enumerate(asked["tasks"][n : n + 3], 1)]
        for n in (0, 3)
    ]  # fmt: skip
    routes = [
        {"car": car["id"], "station": car["station"], "ring": car["ring"], "start": 0, "end": 0, "leaves": 60, "returns": 3000,
         "driving": 900, "stops": own, "line": [[118.0, 36.8], [118.1, 36.8]], "turns": []}
        for car, own in zip(cars, stops, strict=True)
    ]  # fmt: skip
    left = [{"task": one["id"], "visit": 0, "reason": "no_room"} for one in asked["tasks"][6:8]]
    return {"raw": {"routes": routes, "uncovered": left}, "routes": routes, "coverage": 0.75, "cost": 1, "cpu_s": 1.0,
            "memory_mb": 1, "wall_s": 1.0, "matrix_s": 0.1, "source": "routed", "streets": {},
            "fairness": {"areas": [], "least": 1.0, "most": 1.0, "gini": 0.0}}  # fmt: skip


Worker = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def worker(database: Place) -> Worker:
    """What is done within is done by the worker's role."""
    return lambda: contextmanager(as_role)("worker", database)


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside]:
    from doorstep.domains.command.patrol import done, plan

    found = Beside()
    monkeypatch.setattr(plan, "beside", lambda: found)
    monkeypatch.setattr(done, "beside", lambda: found)
    yield found


def asked(cast: Cast, moment: datetime, name: str = "day", request: str = "") -> UUID:
    from doorstep.domains.command.patrol import plan

    with clock.clock_at(moment), cast.enter("supervisor") as viewer:
        return plan.ask(viewer, name, calendar().day_of(moment), "", request or fresh()).matter_id


def made(moment: datetime, worker: Worker) -> None:
    from doorstep.domains.command.patrol import plan

    with clock.clock_at(moment), worker():
        while plan.tend():
            pass


def test_B03_a_shift_is_planned_by_the_worker_once_and_mended_when_a_car_drops_out(
    cast: Cast, worker: Worker, above: psycopg.Connection[Any], beside: Beside
) -> None:
    from doorstep.domains.command.patrol import done, plan

    one = asked(cast, DAY, request="same")
    assert asked(cast, DAY, request="same") == one
    with pytest.raises(Refused) as no:
        asked(cast, DAY)
    assert no.value.code == "under-way"
    made(DAY, worker)
    row = above.execute(
        "select state, input, raw is not null from patrol_plan where id = %s", [one]
    ).fetchone()
    assert row and row[0] == "ready" and row[2]
    seed = above.execute("select seed from patrol_seed where plan_id = %s", [one]).fetchone()
    assert seed and "seed" not in row[1]
    with cast.enter("officer") as viewer, clock.clock_at(DAY):
        with pytest.raises(Refused):
            plan.ask(viewer, "evening", DAY.date(), "", fresh())
        assert len(plan.legs(one)) == 2
    gone = above.execute("select car from patrol_leg where plan_id = %s order by car", [one]).fetchall()[0][0]
    later = DAY + timedelta(hours=2)
    with cast.enter("dispatcher") as viewer, clock.clock_at(later):
        rest = plan.ask_rest(viewer, one, [gone], "车坏了", fresh()).matter_id
    made(later, worker)
    states = dict(above.execute("select id, state from patrol_plan where root = %s", [one]).fetchall())
    assert states == {one: "replaced", rest: "ready"}
    told = above.execute("select car from patrol_leg where plan_id = %s", [rest]).fetchall()
    assert told and gone not in {car for (car,) in told}
    with cast.enter("officer") as viewer, clock.clock_at(later):
        found = plan.current(later)
        assert found is not None and found.id == rest
        assert {(s.task, s.visit) for s in plan.planned(found)} == {
            (s.task, s.visit) for s in (*plan.stops(one), *plan.stops(rest))
        }
        seen = done.visits(found, plan.planned(found), plan.checks(found.root), later)
        assert len(seen) > 138 and {one.state for one in seen} >= {"open", "unplanned", "gap"}


def test_what_was_planned_and_done_is_never_overwritten_and_the_seed_is_the_workers(
    cast: Cast, worker: Worker, above: psycopg.Connection[Any], beside: Beside
) -> None:
    from django.db import DatabaseError, connection

    from doorstep.domains.command.patrol import done, plan

    day = DAY + timedelta(days=1)
    one, noon = asked(cast, day), day + timedelta(hours=4)
    made(day, worker)
    with cast.enter("officer") as viewer, clock.clock_at(noon):
        done.tap(viewer, one, "P01", 0, fresh())
        done.tap(viewer, one, "P01", 0, fresh())
        with pytest.raises(Refused) as no:
            done.dispute(viewer, one, "P02", 0, "  ", fresh())
        assert no.value.code == "no-why"
        done.dispute(viewer, one, "P02", 0, "九点从东门进去的", fresh())
        with pytest.raises(Refused):
            done.tap(viewer, one, "P99", 0, fresh())
        found = plan.one(one)
        seen = {
            (v.task, v.visit): v.state for v in done.visits(found, plan.stops(one), plan.checks(one), noon)
        }
        assert (seen["P01", 0], seen["P02", 0]) == ("tapped", "disputed")
    for sql in ("select * from patrol_seed", "update patrol_check set how = 'driven'", "delete from patrol_check",
                "update patrol_plan set state = 'failed'"):  # fmt: skip
        with pytest.raises(DatabaseError), cast.enter("officer"), connection.cursor() as cursor:
            cursor.execute(sql)
    with cast.enter("kiosk"), connection.cursor() as cursor:
        cursor.execute("select count(*) from patrol_plan")
        assert cursor.fetchone()[0] == 0


def test_positions_say_what_was_driven_and_a_call_explains_what_was_not(
    cast: Cast,
    worker: Worker,
    above: psycopg.Connection[Any],
    beside: Beside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from doorstep.domains.command.patrol import done

    day = DAY + timedelta(days=2)
    one, later = asked(cast, day), day + timedelta(hours=5)
    made(day, worker)
    above.execute(
        "update patrol_plan set input = jsonb_set(input, '{cars,0,unit}', '1') where id = %s", [one]
    )
    monkeypatch.setattr(
        done, "fetch", lambda sql, *_: [(1, later, 118.0, 36.8, 5.0)] if "tracks" in sql else []
    )
    told = {"visit": 0, "share": 1.0, "at": 900, "by": "X"}
    called = {"how": "explained", "by": "call"}
    beside.driven = [
        told | {"task": "P01", "how": "driven"}, told | {"task": "P02"} | called,
        told | {"task": "P03", "how": "gap", "by": ""}, told | {"task": "L01"} | called,
    ]  # fmt: skip
    for moment in (later, later + timedelta(minutes=1)):
        with clock.clock_at(moment), worker():
            done.tend()
    rows = above.execute(
        "select task, how, why from patrol_check where root = %s order by task", [one]
    ).fetchall()
    assert rows == [
        ("P01", "driven", ""),
        ("P02", "explained", "call"),
    ]  # L01 is owed until the end: no gap to explain yet


def test_the_net_changes_by_versions_with_a_day_and_two_who_write_at_once_are_told(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.patrol import net

    now = DAY + timedelta(days=5)
    body = {
        "code": "P90",
        "kind": "point",
        "area": "C01",
        "ring": "city",
        "name": {"zh": "新点", "en": "New"},
        "shape": [[118.0, 36.8]],
    }
    with cast.enter("supervisor") as viewer, clock.clock_at(now):
        tomorrow = now.date() + timedelta(days=1)
        net.change(viewer, "P90", body, seen=0, from_day=tomorrow, why="案子多", request_id=fresh())
        for wrong, code in (
            ({"seen": 0}, "changed"),
            ({"seen": 1, "why": " "}, "no-why"),
            ({"seen": 1, "from_day": now.date() - timedelta(days=2)}, "past"),
        ):
            told = {"seen": 1, "from_day": tomorrow, "why": "再改", "request_id": fresh()} | wrong
            with pytest.raises(Refused) as no:
                net.change(viewer, "P90", body, **told)  # type: ignore[arg-type]
            assert no.value.code == code
        today, then = net.net(now.date()), net.net(tomorrow)
        assert today is not None and then is not None
        assert today.named("P90") is None and then.named("P90") is not None
        net.change(viewer, "P90", None, seen=1, from_day=tomorrow, why="画错了", request_id=fresh())
        last = net.net(tomorrow)
        assert last is not None and last.named("P90") is None
        assert [one.number for one in net.history("P90")] == [2, 1]
    with cast.enter("officer") as viewer, clock.clock_at(now), pytest.raises(Refused):
        net.change(
            viewer, "P91", body | {"code": "P91"}, seen=0, from_day=tomorrow, why="x", request_id=fresh()
        )


def test_the_shift_is_planned_by_page_printed_for_each_car_and_driven_by_telephone(
    cast: Cast, worker: Worker, above: psycopg.Connection[Any], beside: Beside
) -> None:
    with clock.clock_at(DAY + timedelta(days=8, hours=1)) as _:
        chief, officer = Visit(cast["supervisor"].token), Visit(cast["officer"].token)
        page = chief.get("/command/patrol")
        assert page.status == 200 and "必到点 60" in page.text
        asked = chief.post("/command/patrol", page.form_with("shift"))
        assert asked.status == 200 and "正在排" in asked.text
        made(clock.now(), worker)
        page = chief.get("/command/patrol")
        assert "75%" in page.text and "没排上" in page.text
        sheet = officer.get("/command/patrol/sheet")
        assert sheet.html.count('class="slip patrol-sheet"') == 2
        assert "没有在哪个警力" in officer.get("/command/patrol/mine").text
        assert officer.get("/command/patrol").text.count("由督办或者指挥调度来排") == 1
    for who in ("resident", "kiosk", "clerk"):
        assert Visit(cast[who].token).get("/command/patrol").status == 403


def test_B03_the_town_asks_for_a_plan_once_and_its_cars_drive_what_is_due(
    cast: Cast, worker: Worker, beside: Beside, above: psycopg.Connection[Any]
) -> None:
    from doorstep.sim.beat import Beat

    moment, beat = DAY.replace(year=2034, hour=9), Beat()
    with clock.clock_at(moment), cast.enter("dispatcher") as viewer:
        beat.look(viewer)
        beat.look(viewer)
    count = above.execute(
        "select count(*) from patrol_plan where since <= %s and until > %s", [moment, moment]
    ).fetchone()
    assert count == (1,) and beat.found is None
    made(moment, worker)
    with clock.clock_at(moment), cast.enter("dispatcher") as viewer:
        beat.look(viewer)
    assert beat.found is not None
    stop = next(one for one in beat.found.input["tasks"] if "at" in one)
    units = {one["id"]: one["unit"] for one in beat.found.input["cars"]}
    assert set(beat.todo) == {unit for unit in units.values() if unit is not None} & set(beat.todo)
    due = [_stop(beat, stop["id"], begin) for begin in (0, 4_000, 3_900, 20_000)]
    beat.todo = {7: deque(due)}
    with clock.clock_at(beat.found.since + timedelta(seconds=3_600)):
        first, second, third = (beat.next(7) for _ in range(3))
    assert first is not None and first.places == (tuple(stop["at"]),) and first.stay == stop["stay"]
    assert second is not None and third is None and beat.next(8) is None


def _stop(beat: Any, task: str, begin: int) -> Any:
    from doorstep.domains.command.patrol.models import PatrolStop

    return PatrolStop(id=uuid4(), plan_id=beat.found.id, car="X", place=0, task=task, visit=0, arrive=begin, begin=begin,
                      leave=begin + 60, backward=False)  # fmt: skip
