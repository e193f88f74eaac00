"""The map's process plans a patrol in a child of its own, and holds positions against the street that they were matched to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from doorstep.geo.router import Driven, Fix, StraightLine
from doorstep.run import patrol

BASE, SEED = [118.0, 36.8], 2**31 - 1
POINT = {"visits": 1, "windows": [], "stay": 120, "area": "A"}
LINE = {"visits": 1, "windows": [], "area": "B", "each_way": False, "one_way": False}
ASKED: dict[str, Any] = {
    "tasks": [{"id": "P01", "at": [118.01, 36.8], **POINT}, {"id": "P02", "at": [117.99, 36.81], **POINT},
              {"id": "L01", "line": [[118.0, 36.79], [118.004, 36.79]], **LINE}],
    "cars": [{"id": car, "station": "W1", "ring": "", "at": BASE, "home": BASE, "opens": 0, "closes": 14_400}
             for car in ("a", "b")],
    "seconds": 14_400, "pace": 20, "limit": 0.3, "seed": SEED, "need": {"A": 1.0, "B": 1.0},
}  # fmt: skip


def test_B03_a_plan_is_a_job_and_its_rest_is_planned_without_the_car_that_dropped_out() -> None:
    plans, router = patrol.Plans(), StraightLine()
    assert plans.answer(router, {"job": "nowhere"}) == {"state": "unknown"}
    job = plans.answer(router, {"plan": ASKED})
    until = time.monotonic() + 60
    while (told := plans.answer(router, job))["state"] == "making" and time.monotonic() < until:
        time.sleep(0.1)
    made = told["plan"]
    assert made["coverage"] == 1.0 and made["source"] == "estimated"
    assert {stop["task"] for route in made["routes"] for stop in route["stops"]} == {"P01", "P02", "L01"}
    used = next(route["car"] for route in made["routes"] if route["stops"])
    rest = patrol.plan(
        router, ASKED | {"old": made["raw"], "now": 0, "gone": [used], "where": {}, "done": [["P02", 0]]}
    )
    left = {(route["car"], stop["task"]) for route in rest["routes"] for stop in route["stops"]}
    assert used not in {car for car, _ in left} and {task for _, task in left} == {"P01", "L01"}


class Matched(StraightLine):
    """Matches every position to one street."""

    def __init__(self, way: int) -> None:
        super().__init__()
        self.way = way

    def match(self, fixes: Sequence[Fix]) -> list[Driven]:
        return [Driven(self.way, 0.0, 1.0, True, 0, len(fixes) - 1)]


@pytest.mark.parametrize(("way", "how"), [(7, "driven"), (8, "gap")])
def test_B03_the_parallel_road_eight_metres_away_does_not_count(way: int, how: str) -> None:
    line = [[118.0, 36.79], [118.004, 36.79]]
    owed = {"task": "L01", "visit": 0, "opens": 0, "closes": 3600, "pieces": [{"way": 7, "line": line}], "place": None, "stay": 0,
            "car": "a", "begin": 0, "leave": 300}  # fmt: skip
    track = [[10.0 * n, 118.0 + 0.0004 * n, 36.79007, 5.0] for n in range(11)]
    told = patrol.patrolled(Matched(way), {"owed": [owed], "tracks": {"a": track}})
    assert [one["how"] for one in told] == [how]
