"""Routes that the search has met, put together anew: the cheapest choice of known routes that does every duty.

A local search sees one plan at a time; good routes of many plans together often make a better one, above all
when cars are full.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array

from doorstep.solve.patrol.model import Model, Tour

FEW, MANY = 120, 6_000
"""Routes the exact choice is made from: few where the answer must be the same every time, for then no clock
ends it."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Table:
    """Columns: known routes, then one for leaving out each duty. Rows: duties, then kinds of cars."""

    costs: Floats
    rows: csc_array
    least: Floats
    most: Floats


class Pool:
    """The cheapest known way through each set of duties by each kind of car, the newest ``room`` of them."""

    def __init__(self, model: Model, room: int = 30_000) -> None:
        self._model, self._room = model, room
        self._best: dict[tuple[int, frozenset[int]], tuple[int, Tour]] = {}
        self._seen: set[Tour] = set()
        self._duty = [way.duty for way in model.chart.ways]

    def __len__(self) -> int:
        return len(self._best)

    def knows(self, tour: Tour) -> bool:
        return tour in self._seen

    def add(self, tour: Tour, cost: int) -> None:
        self._seen.add(tour)
        key = (tour[0], frozenset(self._duty[way] for way in tour[1]))
        known = self._best.get(key)
        if known is None or cost < known[0]:
            self._best.pop(key, None)  # the newest stands last
            self._best[key] = (cost, tour)
        if len(self._seen) > 8 * self._room:
            self._seen.clear()

    def put_together(self, below: int, seconds: float | None) -> list[Tour] | None:
        """Tours that together cost less than ``below``, or None. A duty may stand in two of them: `once` takes
        it out."""
        timed = {} if seconds is None else {"time_limit": seconds}
        chosen = list(self._best.values())[-self._room :]
        table = self._table(chosen)
        relaxed = linprog(
            table.costs, A_ub=-table.rows[: self._owed], b_ub=-table.least[: self._owed], A_eq=None, bounds=(0, 1),
            method="highs", options=timed,
        )  # fmt: skip
        if relaxed.status != 0 or relaxed.fun > below - 1 + 1e-6:
            return None
        spare = table.costs + table.rows[: self._owed].T @ relaxed.ineqlin.marginals
        keep = np.flatnonzero(spare <= below - 1 - relaxed.fun + 1e-6)
        keep = np.sort(keep[np.argsort(spare[keep], kind="stable")][: FEW if seconds is None else MANY])
        found = milp(
            table.costs[keep], integrality=np.ones(len(keep)), bounds=Bounds(0, 1),
            constraints=[
                LinearConstraint(table.rows[:, keep], table.least, table.most),
                LinearConstraint(table.costs[keep][None, :], -np.inf, below - 1),
            ],
            options=timed,
        )  # fmt: skip
        if found.x is None:
            return None
        picked = keep[found.x > 0.5]
        return [chosen[column][1] for column in picked if column < len(chosen)]

    @property
    def _owed(self) -> int:
        return len(self._model.chart.duties)

    def _table(self, chosen: list[tuple[int, Tour]]) -> _Table:
        owed, kinds = self._owed, self._model.kinds
        duty = self._duty
        rows: list[int] = []
        starts = [0]
        for _, (kind, ways) in chosen:
            rows += [duty[way] for way in ways]
            rows.append(owed + kind)
            starts.append(len(rows))
        rows += range(owed)
        starts += range(starts[-1] + 1, starts[-1] + owed + 1)
        prizes = [self._model.prize * one.task.weight for one in self._model.chart.duties]
        costs = np.array([cost for cost, _ in chosen] + prizes, dtype=float)
        matrix = csc_array((np.ones(len(rows)), rows, starts), shape=(owed + len(kinds), len(costs)))
        least = np.array([1.0] * owed + [0.0] * len(kinds))
        most = np.array([np.inf] * owed + [float(len(cars)) for _, cars in kinds])
        return _Table(costs, matrix, least, most)


def once(tours: list[Tour], model: Model) -> list[Tour]:
    """The same tours with every duty in one of them only: taken out where that saves most."""
    held: dict[int, list[int]] = {}
    for nth, (_, ways) in enumerate(tours):
        for way in ways:
            held.setdefault(model.chart.ways[way].duty, []).append(nth)
    lists = [list(ways) for _, ways in tours]
    for duty, inside in held.items():
        while len(inside) > 1:
            nth = max(inside, key=lambda one: _saved(tours[one][0], lists[one], duty, model))
            lists[nth] = [way for way in lists[nth] if model.chart.ways[way].duty != duty]
            inside.remove(nth)
    return [(kind, tuple(ways)) for (kind, _), ways in zip(tours, lists, strict=True) if ways]


def _saved(kind: int, ways: list[int], duty: int, model: Model) -> int:
    start, end = model.ends(kind)
    path = [start, *ways, end]
    at = next(nth for nth, way in enumerate(ways, 1) if model.chart.ways[way].duty == duty)
    cost = model.cost
    return int(cost[path[at - 1], path[at]] + cost[path[at], path[at + 1]] - cost[path[at - 1], path[at + 1]])
