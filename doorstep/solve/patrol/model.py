"""A chart and its cars, as PyVRP sees them: one client for each way, one exclusive group for each duty, one
vehicle type for like cars."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pyvrp

from doorstep.solve.patrol.tasks import FAR, Car, Shift
from doorstep.solve.patrol.ways import Chart, Ints

Tour = tuple[int, tuple[int, ...]]
"""A kind of car, and ways in order."""

PRIZE = 3
"""A duty left out costs this many of the longest drives: more than any detour."""

Limits = tuple[int, int, int, int, int, int]


class Model:
    """What the search asks of an instance: costs, and solutions to and from tours."""

    def __init__(self, shift: Shift, laid: Chart, drive: Ints | None = None, must: bool = True) -> None:
        self.chart, self.must = laid, must
        self.kinds: list[tuple[Limits, list[Car]]] = _kinds(shift.cars)
        self.timed = _timed(shift, laid)
        seen = laid.drive if drive is None else drive
        serve = np.array([way.seconds for way in laid.ways] + [0] * len(laid.posts), dtype=np.int64)
        self.cost: Ints = seen + serve[None, :]
        np.fill_diagonal(self.cost, 0)
        reachable = self.cost[self.cost < FAR]
        self.prize = PRIZE * max(1, int(reachable.max(initial=1)))
        self.demand = np.array([duty.task.demand for duty in laid.duties], dtype=np.int64)
        ways_of = laid.ways_of()
        self._groups = [ways for ways in ways_of if len(ways) > 1 or not must]
        # PyVRP counts the prize of the direction not taken as lost: the same sum in every plan that leaves nothing out.
        weights = [
            duty.task.weight * (len(ways) - 1) for duty, ways in zip(laid.duties, ways_of, strict=True)
        ]
        self.offset = 0 if must else self.prize * sum(weights)
        self.data = self._data()

    @property
    def size(self) -> int:
        return len(self.chart.ways)

    def _data(self) -> pyvrp.ProblemData:
        laid = self.chart
        groups = [pyvrp.ClientGroup(ways, required=self.must) for ways in self._groups]
        group_of = {way: nth for nth, ways in enumerate(self._groups) for way in ways}
        clients = [self._client(index, group_of.get(index)) for index in range(self.size)]
        places = [pyvrp.Location(0, 0) for _ in range(self.size + len(laid.posts))]
        depots = [pyvrp.Depot(self.size + nth) for nth in range(len(laid.posts))]
        vehicles = [self._vehicles(nth) for nth in range(len(self.kinds))]
        times = laid.drive.copy() if self.timed else np.zeros_like(self.cost)
        np.fill_diagonal(times, 0)
        return pyvrp.ProblemData(
            places, clients, depots, vehicles, [cast("Any", self.cost)], [cast("Any", times)], groups
        )

    def _client(self, index: int, group: int | None) -> pyvrp.Client:
        way = self.chart.ways[index]
        duty = self.chart.duties[way.duty]
        return pyvrp.Client(
            index, [duty.task.demand], service_duration=way.seconds if self.timed else 0,
            tw_early=duty.opens, tw_late=_open(duty.closes),
            prize=0 if self.must else self.prize * duty.task.weight, required=group is None, group=group,
        )  # fmt: skip

    def _vehicles(self, nth: int) -> pyvrp.VehicleType:
        (start, end, opens, closes, longest, capacity), cars = self.kinds[nth]
        posts = self.chart.posts
        return pyvrp.VehicleType(
            len(cars), [capacity], posts.index(start), posts.index(end),
            tw_early=opens, tw_late=_open(closes), shift_duration=_open(longest),
        )  # fmt: skip

    def tours(self, solution: pyvrp.Solution) -> list[Tour]:
        return [(route.vehicle_type(), ways_of(route)) for route in solution.routes()]

    def solution(self, tours: Sequence[Tour]) -> pyvrp.Solution:
        routes = [pyvrp.Route(self.data, list(ways), kind) for kind, ways in tours if ways]
        return pyvrp.Solution(self.data, routes)

    def ends(self, kind: int) -> tuple[int, int]:
        """Where a kind of car starts and ends, in the matrices."""
        limits = self.kinds[kind][0]
        return self.chart.post(limits[0]), self.chart.post(limits[1])


def _open(limit: int) -> int:
    """PyVRP's own word for "no limit" spares it the sums."""
    return limit if limit < FAR else int(np.iinfo(np.int64).max)


def ways_of(route: pyvrp.Route) -> tuple[int, ...]:
    return tuple(act.idx for act in route if act.is_client())


def _kinds(cars: Sequence[Car]) -> list[tuple[Limits, list[Car]]]:
    alike: dict[Limits, list[Car]] = {}
    for car in cars:
        limits = (car.start, car.end, car.opens, car.closes, car.longest, car.capacity)
        alike.setdefault(limits, []).append(car)
    return list(alike.items())


def _timed(shift: Shift, laid: Chart) -> bool:
    windows = any(duty.opens > 0 or duty.closes < FAR for duty in laid.duties)
    return windows or any(min(car.closes, car.longest) < FAR for car in shift.cars)
