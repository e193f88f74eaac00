"""Closing the ways out around somebody who flees: which streets to close, by whom, and whether each is closed in time.

Streets are a directed graph of seconds. Whoever flees starts where they were last seen, drives ``haste`` times the legal time,
and may take any way. A cordon is a set of links that cuts every way from there to the rim: everything that they reach no sooner
than the horizon, and every road that leaves the map. Of all cuts that can be manned the cheapest is found as a maximum flow
(Ford and Fulkerson 1956; SciPy's `maximum_flow`): cheap is what is narrow and leaves time. Then cars are put to its links
(`linear_sum_assignment`), and where two links wait for one car a dearer price sends the next cut elsewhere. The horizon begins
small and grows until a cordon holds: what cannot be held any more is given up for the next ring.

Pure: no tables, no clock, no persons. What it says is about streets and cars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra, maximum_flow

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_WALL = 1_000_000
"""The price of a link that cannot be closed; all prices of a cordon together stay far below it."""
_PRICE, _TIGHT, _NARROW, _MOST = 100, 60, 30, 40_000
_ROUNDS = 12


@dataclass(frozen=True)
class Streets:
    """A directed graph: link ``k`` leads from ``tail[k]`` to ``head[k]`` in ``seconds[k]``. ``narrow`` marks bridges and
    tunnels, ``open_`` links that nobody can close (a motorway between exits), ``rim`` nodes where roads leave the map. Raises
    ValueError where tables do not fit.
    """

    nodes: int
    tail: Ints
    head: Ints
    seconds: Floats
    narrow: NDArray[np.bool_]
    open_: NDArray[np.bool_]
    rim: NDArray[np.bool_]

    def __post_init__(self) -> None:
        shapes = {one.shape for one in (self.tail, self.head, self.seconds, self.narrow, self.open_)}
        if len(shapes) != 1 or self.rim.shape != (self.nodes,):
            raise ValueError("every link needs all its columns, every node its rim")
        if self.tail.size and (self.seconds.min() < 0 or max(self.tail.max(), self.head.max()) >= self.nodes):
            raise ValueError("a link leads between two nodes and takes no less than no time")

    def graph(self, seconds: Floats) -> csr_array:
        """As a sparse table; of parallel links the quickest."""
        order = np.lexsort((seconds, self.head, self.tail))
        tail, head = self.tail[order], self.head[order]
        first = np.ones(order.shape, dtype=np.bool_)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        told = seconds[order][first] + 1e-6  # a sparse table takes zero for "no link"
        return csr_array((told, (tail[first], head[first])), shape=(self.nodes, self.nodes))


@dataclass(frozen=True, slots=True)
class Order:
    """Somebody closes a link. ``slack_s``: how much sooner it is closed than anybody who flees can be there."""

    link: int
    unit: int
    there_s: float
    """From now until the unit stands there, ready."""
    slack_s: float


@dataclass(frozen=True, slots=True)
class Cordon:
    """What to close. ``holds``: every way out is closed in time; otherwise ``gaps`` are links that nobody can close in time.

    ``inside`` are the nodes that can still be reached; ``flee`` seconds since the sighting to each node.
    """

    holds: bool
    horizon_s: float
    orders: tuple[Order, ...]
    gaps: tuple[int, ...]
    inside: NDArray[np.bool_]
    flee: Floats


def contain(
    streets: Streets,
    start: Sequence[int],
    age_s: float,
    units: Sequence[int],
    *,
    ready: Sequence[float] = (),
    haste: float = 0.7,
    setup_s: float = 60.0,
    drive: float = 0.85,
    horizons: Sequence[float] = (300, 420, 600, 900, 1_200, 1_800, 2_700),
) -> Cordon:
    """The smallest cordon that holds. ``start``: nodes where they can have gone on from the sighting; ``age_s``: seconds since
    then; ``units``: the node of each car that can be sent, ``ready`` in how many seconds it is there; ``drive``: what our cars'
    times are multiplied by (blue light).

    Raises ValueError for a negative age, no start, or factors that are not above 0. Never an exception for what can happen: no
    car, or everything too late, is a cordon that does not hold, with its gaps.
    """
    if age_s < 0 or not start or haste <= 0 or drive <= 0:
        raise ValueError("a sighting is at a place, not in the future; factors are above 0")
    chase = _Chase(streets, start, age_s, units, ready, haste, setup_s, drive)
    best: Cordon | None = None
    for horizon in horizons:
        if horizon <= age_s or not chase.leads_out(horizon):
            continue  # they may be beyond it already, or nothing is
        found = chase.within(horizon)
        if found.holds:
            return found
        if best is None or _worth(found) > _worth(best):
            best = found
    return best or chase.nothing(max(horizons))


def _worth(one: Cordon) -> tuple[float, int]:
    """Of cordons with gaps, the one that closes the greatest share of the ways out."""
    return len(one.orders) / max(1, len(one.orders) + len(one.gaps)), -len(one.gaps)


class _Chase:
    """One sighting and who can be sent."""

    def __init__(
        self, streets: Streets, start: Sequence[int], age_s: float, units: Sequence[int], ready: Sequence[float],
        haste: float, setup_s: float, drive: float,
    ) -> None:  # fmt: skip
        self.streets, self.start, self.age_s = streets, list(start), age_s
        fleeing = dijkstra(streets.graph(streets.seconds * haste), indices=self.start, min_only=True)
        self.flee: Floats = np.asarray(fleeing, dtype=np.float64)
        ours = streets.graph(streets.seconds * drive)
        self.come: Floats = (
            np.atleast_2d(dijkstra(ours, indices=list(units))) if units else np.zeros((0, streets.nodes))
        )
        if ready:
            self.come = self.come + np.asarray(ready, dtype=np.float64)[:, None]
        # A link is closed where it begins: whoever flees must not have passed its tail.
        self.there: Floats = self.come[:, streets.tail] + setup_s
        self.left: Floats = self.flee[streets.tail] - age_s
        soonest = self.there.min(axis=0) if units else np.full(streets.tail.shape, np.inf)
        with np.errstate(invalid="ignore"):
            self.slack: Floats = self.left - soonest
        self.closable = (self.slack >= 0) & ~streets.open_ & np.isfinite(soonest)

    def leads_out(self, horizon: float) -> bool:
        """Is there anything to keep them from?"""
        return bool((self._sink(horizon) & np.isfinite(self.flee)).any())

    def within(self, horizon: float) -> Cordon:
        """The best cordon inside this horizon."""
        price = self._prices()
        best: Cordon | None = None
        for _ in range(_ROUNDS):
            links = self._cut(horizon, price)
            if links is None:
                break
            found = self._man(horizon, links)
            if best is None or _worth(found) > _worth(best):
                best = found
            if found.holds:
                break
            price[list(found.gaps)] = np.minimum(price[list(found.gaps)] * 3, _MOST)
        return best or self._leaking(horizon)

    def nothing(self, horizon: float) -> Cordon:
        """They may be anywhere by now."""
        return Cordon(False, horizon, (), (), np.isfinite(self.flee), self.flee)

    def _prices(self) -> Ints:
        """What closing a link costs: less where it is narrow, more where little time is left."""
        tight = np.clip(1 - np.where(self.closable, self.slack, 0) / 300, 0, 1)
        price = _PRICE + np.round(tight * _TIGHT).astype(np.int64) - _NARROW * self.streets.narrow
        return np.where(self.closable, price, _WALL)

    def _sink(self, horizon: float) -> NDArray[np.bool_]:
        return self.streets.rim | (self.flee >= horizon)

    def _cut(self, horizon: float, price: Ints) -> list[int] | None:
        """The links of the cheapest cut between where they began and the rim; None if every cut has one that cannot be closed."""
        streets, sink = self.streets, self._sink(horizon)
        if sink[self.start].any():
            return None
        source, target = streets.nodes, streets.nodes + 1
        rim = np.flatnonzero(sink & np.isfinite(self.flee))
        near = ~sink[streets.tail] & np.isfinite(self.flee[streets.tail])
        ends = np.concatenate([streets.tail[near], np.full(len(self.start), source), rim])
        to = np.concatenate([streets.head[near], self.start, np.full(rim.size, target)])
        room = np.concatenate([price[near], np.full(len(self.start) + rim.size, 100 * _WALL)])
        table = csr_array((room, (ends, to)), shape=(target + 1, target + 1), dtype=np.int32)
        table.sum_duplicates()
        told = maximum_flow(table, source, target)
        if told.flow_value >= _WALL:
            return None
        rest = table - told.flow
        rest.data = np.maximum(rest.data, 0)
        rest.eliminate_zeros()
        reached = np.zeros(target + 1, dtype=np.bool_)
        reached[breadth_first_order(rest, source, return_predecessors=False)] = True
        crossing = near & reached[streets.tail] & ~reached[streets.head]
        return [int(one) for one in np.flatnonzero(crossing)]

    def _man(self, horizon: float, links: list[int]) -> Cordon:
        """Cars to the links of a cut: as many in time as can be, then with most time left on the whole."""
        slack = self.left[links][:, None] - self.there[:, links].T
        late = ~(slack >= 0)
        cost = np.where(late, 1e7, -np.minimum(np.nan_to_num(slack, nan=0, neginf=0), 3_600))
        rows, columns = linear_sum_assignment(cost) if slack.size else (np.array([], int), np.array([], int))
        orders = [
            Order(links[r], int(c), float(self.there[c, links[r]]), float(slack[r, c]))
            for r, c in zip(rows, columns, strict=True)
            if not late[r, c]
        ]
        manned = {one.link for one in orders}
        gaps = tuple(one for one in links if one not in manned)
        orders.sort(key=lambda one: one.slack_s)
        return Cordon(not gaps, horizon, tuple(orders), gaps, self._inside(manned), self.flee)

    def _inside(self, closed: set[int]) -> NDArray[np.bool_]:
        keep = np.ones(self.streets.tail.shape, dtype=np.bool_)
        keep[list(closed)] = False
        held = _without(self.streets, keep)
        reached: NDArray[np.bool_] = np.isfinite(dijkstra(held, indices=self.start, min_only=True))
        return reached

    def _leaking(self, horizon: float) -> Cordon:
        """No cut of closable links: the best of those that count an unclosable one like others, its gaps named."""
        price = np.where(self.closable, self._prices(), _MOST // 20)
        links = self._cut(horizon, price)
        return self._man(horizon, links) if links else self.nothing(horizon)


def _without(streets: Streets, keep: NDArray[np.bool_]) -> csr_array:
    rest = Streets(
        streets.nodes, streets.tail[keep], streets.head[keep], streets.seconds[keep],
        streets.narrow[keep], streets.open_[keep], streets.rim,
    )  # fmt: skip
    return rest.graph(rest.seconds)
