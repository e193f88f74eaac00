"""Who should go, asked over loopback of the process that holds the map: rows that are kept, closures, the sea, cover, moves."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http.server import ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from doorstep.geo import advice
from doorstep.geo.advice import CallAt, UnitAt
from doorstep.geo.atlas import Atlas
from doorstep.geo.beside import Beside
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Fallback, Ring, Router, StraightLine, Time
from doorstep.geo.rows import LONGEST_S, WANTED_S, Rows
from doorstep.run import ground
from doorstep.solve.orders import PLAIN, read

MIDDLE, SEA = (117.985, 36.806), (119.5, 38.0)
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def asked(atlas: Atlas, roads: Router) -> Iterator[Beside]:
    held = ground.Held()
    held.map, held.router = atlas, roads
    held.__dict__["_desk"] = desk(atlas, roads)
    server = ThreadingHTTPServer(("127.0.0.1", 0), ground._handler(held))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Beside(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()


def desk(atlas: Atlas, roads: Router) -> Any:
    from doorstep.geo.desk import Desk

    return Desk(lambda: roads, atlas.areas, ground.standing_orders("anlan"))


def cars(many: int, seed: int = 1) -> list[UnitAt]:
    draw = random.Random(seed)
    return [
        UnitAt(f"u{k}", f"安澜 {k:03}", *near(draw), shift_ends=NOW + 20_000, position_at=NOW - 5)
        for k in range(many)
    ]


def calls(many: int, seed: int = 2) -> list[CallAt]:
    draw = random.Random(seed)
    levels = ("urgent", "prompt", "routine")
    return [CallAt(f"c{k}", f"J{k:04}", *near(draw), levels[k % 3], NOW - 30) for k in range(many)]


def near(draw: random.Random) -> Degrees:
    return (MIDDLE[0] + draw.uniform(-0.06, 0.06), MIDDLE[1] + draw.uniform(-0.04, 0.04))


def test_B02_the_plan_says_who_in_what_time_why_and_who_else(asked: Beside) -> None:
    told = advice.advise(asked, calls(3), cars(12), NOW)
    assert {one.call for one in told.choices} == {"c0", "c1", "c2"} and all(one.unit for one in told.choices)
    first = next(one for one in told.choices if one.call == "c0")
    assert first.routed and first.seconds and first.runner_up and first.runner_up != first.unit
    assert first.target_s in (60, 180, 300) and len(first.said) == len(first.codes) >= 2
    assert any("安澜 0" in words.zh for words in first.said), "people are called by their callsigns"
    assert told.held and told.held[0][0].zh == "备紧急警情的警车" and not told.off_road


def test_B02_a_street_that_is_closed_changes_the_time_and_a_call_in_the_sea_is_estimated(
    asked: Beside,
) -> None:
    call, unit = replace(calls(1)[0], lon=118.0, lat=36.83), replace(cars(1)[0], lon=118.0, lat=36.772)
    free = advice.advise(asked, [call], [unit], NOW).choices[0]
    way = asked.route(((118.0, 36.772), (118.0, 36.83)))
    lon, lat = way.line[len(way.line) // 2]
    ring = tuple(
        (lon + x, lat + y)
        for x, y in ((-2e-4, -2e-4), (2e-4, -2e-4), (2e-4, 2e-4), (-2e-4, 2e-4), (-2e-4, -2e-4))
    )
    shut = advice.advise(asked, [call], [unit], NOW, [ring]).choices[0]
    assert free.seconds and shut.seconds and shut.seconds > free.seconds + 1 and shut.routed
    lost = [unit, replace(unit, id="lost", lon=SEA[0], lat=SEA[1])]
    both = advice.advise(asked, [call, replace(call, id="sea", lon=SEA[0], lat=SEA[1])], lost, NOW)
    dry, wet = (next(one for one in both.choices if one.call == name) for name in (call.id, "sea"))
    assert both.off_road == ("sea",) and not wet.routed
    assert (dry.unit, dry.seconds, dry.routed) == (unit.id, free.seconds, True), (
        "one lost car costs nobody else's answer"
    )


class _Counted(StraightLine):
    """Counts the pairs that are asked."""

    pairs = 0

    def matrix(
        self,
        origins: Sequence[Degrees],
        targets: Sequence[Degrees],
        closed: Sequence[Ring] = (),
        mode: str = "auto",
    ) -> list[list[Time]]:
        self.pairs += len(origins) * len(targets)
        return [[replace(cell, source="routed") for cell in row] for row in super().matrix(origins, targets)]


def test_rows_are_kept_for_half_a_minute_and_one_call_more_costs_one_row() -> None:
    now, router = SimpleNamespace(s=0.0), _Counted()
    rows = Rows(lambda: router, lambda: now.s)
    fifty, crowd = calls(50), cars(201)
    rows.times(fifty[:49], crowd)
    assert router.pairs <= 49 * 20, "of more than a hundred only the twenty nearest"
    before = router.pairs
    times, _, age = rows.times(fifty, crowd)
    assert router.pairs == before + 20 and age == 0.0
    assert sum(routed for _, routed in times["c49"].values()) == 20 and len(times["c49"]) == 201
    now.s = LONGEST_S + 1
    rows.times(fifty[:1], crowd)
    assert router.pairs == before + 40, "older than that it is asked again"
    few = _Counted()
    Rows(lambda: few).times(fifty[:1], crowd[:100])
    assert few.pairs == 100, "up to a hundred everybody"
    walking = Rows(lambda: Fallback(StraightLine())).times(fifty[:1], [replace(crowd[0], vehicle="foot")])[0]
    driving = Rows(lambda: Fallback(StraightLine())).times(fifty[:1], crowd[:1])[0]
    assert (walking["c0"]["u0"][0] or 0) > 3 * (driving["c0"]["u0"][0] or 1e9), (
        "who is on foot is timed on foot"
    )


def test_rows_that_are_wanted_are_asked_anew_before_anybody_waits_for_them() -> None:
    now, router = SimpleNamespace(s=0.0), _Counted()
    rows = Rows(lambda: router, lambda: now.s)
    fifty, crowd, ring = calls(50), cars(201), (((118.0, 36.8), (118.1, 36.8), (118.1, 36.9)),)
    rows.times(fifty, crowd)
    rows.times(fifty[:1], crowd, ring)
    for _ in range(160):  # forty seconds, in which somebody asks at the end alone
        now.s += 0.25
        rows.refresh()
    asked = router.pairs
    _, _, age = rows.times(fifty, crowd)
    assert router.pairs == asked and age < 20.0, "nobody waited for a row that was there before"
    _, _, age = rows.times(fifty[:1], crowd, ring)
    assert router.pairs == asked and age < 20.0, "nor for one with a closure"
    now.s += WANTED_S + 1
    rows.refresh()
    assert router.pairs == asked, "what nobody wanted for a minute is not asked"


def test_a_unit_that_jumps_is_asked_for_again_and_one_that_drives_is_not() -> None:
    now, router = SimpleNamespace(s=0.0), _Counted()
    rows, call, crowd = Rows(lambda: router, lambda: now.s), calls(1), cars(60)
    before = rows.times(call, crowd)[0]["c0"]["u0"]
    asked = router.pairs
    rows.times(call, [replace(crowd[0], lat=(crowd[0].lat or 0) + 0.004), *crowd[1:]])
    assert router.pairs == asked, "four hundred metres are driven in half a minute"
    there = rows.times(call, [replace(crowd[0], lon=call[0].lon, lat=call[0].lat), *crowd[1:]])[0]["c0"]["u0"]
    assert router.pairs == asked + 1 and there == (0.0, True) != before


def test_a_router_that_knows_nothing_just_now_takes_no_row_away() -> None:
    now, router = SimpleNamespace(s=0.0), _Counted()
    roads: list[Router] = [router]
    rows = Rows(lambda: roads[0], lambda: now.s)
    rows.times(calls(1), cars(10))
    now.s, roads[0] = 20.0, StraightLine()
    assert rows.refresh() == 1
    times, _, age = rows.times(calls(1), cars(10))
    assert age == 20.0 and all(routed for _, routed in times["c0"].values())
    now.s = LONGEST_S + 1
    assert not any(routed for _, routed in rows.times(calls(1), cars(10))[0]["c0"].values())


def test_E02_cover_says_for_each_community_who_is_there_first_and_a_move_what_it_buys(
    asked: Beside, atlas: Atlas
) -> None:
    corner = [replace(one, lon=117.93 + k * 1e-4, lat=36.77) for k, one in enumerate(cars(6))]
    told = advice.cover(asked, corner)
    assert {one.code for one in told} == {one.code for one in atlas.areas.of("community")}
    assert all(one.seconds and one.unit and one.routed for one in told)
    assert sum((one.seconds or 0) <= one.target_s for one in told) < len(told) / 2
    move = advice.relocate(asked, corner)
    assert move and move.wins and move.unit in {one.id for one in corner} and "社区" in move.said.zh
    assert advice.relocate(asked, []) is None and all(one.seconds is None for one in advice.cover(asked, []))
    bands = advice.posts(asked)
    assert len(bands) == 3 and sum(many for _, _, many in bands[0].posts) == 18 and bands[0].covered > 0.3


def test_orders_of_a_place_are_told_apart_from_nonsense() -> None:
    assert read(None).rules.targets["", "urgent"] == 300
    slips = [
        ({"levles": []}, "levles"),
        ({"targets": [{"level": "urgent"}]}, "targets: entry 1 says no 'seconds'"),
        ({"turn": {"urgent": ["routine"]}}, "more urgent"),
        ({"aid_s": {"later": 5}}, "later"),
        ({"aid_s": [5]}, "aid_s"),
        ({"reserves": [{"code": "x", "level": "prompt"}]}, "reserves: entry 1 says no 'name'"),
    ]
    for slip, said in slips:
        with pytest.raises(ValueError, match=said):
            read({**PLAIN, **slip})
