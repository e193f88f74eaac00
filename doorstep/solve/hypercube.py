"""How busy units are, and how long calls wait, when who goes where is fixed: the exact hypercube model.

Larson, "A hypercube queuing model for facility location and redistricting in urban emergency services" (1974); Larson and
Odoni, Urban Operations Research, 5.3 and 5.4. Calls come as Poisson streams, one an atom of the city; each atom has an order
in which units are asked; service is exponential and of one mean wherever and by whomever; a state is the set of busy units.
It is the yardstick of `rehearsal`, and quick enough for a question at the desk (1,024 states of ten units: well under a second).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
MOST_UNITS = 14


@dataclass(frozen=True)
class Steady:
    """The long run."""

    workloads: Numbers
    """Share of the time that each unit is busy."""
    sent: Numbers
    """Units x atoms: share of all calls that this unit answers at this atom; sums to the share that is answered at all."""
    queued: float
    """Share of calls that find nobody free: they wait, or are lost where nobody may wait."""
    wait: float
    """Mean time in the queue over all calls, in units of the given time; 0 where nobody may wait."""

    def travel(self, seconds: Numbers) -> float:
        """Mean way of the calls that are answered; ``seconds`` is units x atoms, from each unit's home."""
        return float((self.sent * seconds).sum() / self.sent.sum())


def hypercube(
    rates: Sequence[float] | Numbers, orders: Sequence[Sequence[int]], mu: float = 1.0, *, queue: bool = True
) -> Steady:
    """The long run of a city: calls per unit of time of each atom, for each atom all units in the order in which they are asked.

    ``mu`` is how many calls a busy unit finishes in a unit of time. With ``queue`` whoever finds nobody waits, first come first
    served, for the unit that is free first; without, the call is lost (somebody else answers it). ValueError: an order that does
    not name every unit once, more than 14 units, or more work than they can do where calls may wait.
    """
    flows, groups, units = _checked(rates, orders)
    total = float(flows.sum())
    if queue and total >= units * mu:
        raise ValueError("more calls than the units can ever answer")
    first = _first_free([orders[k] for k in _leaders(groups)], units)
    streams = np.bincount(groups, weights=flows).astype(np.float64)
    chance = _balance(first, streams, mu, units)
    if queue:
        chance /= 1 + chance[-1] * total / (units * mu - total)
    full = float(chance[-1])
    lost_or_queued = full / (1 - total / (units * mu)) if queue else full
    busy = (np.arange(1 << units)[:, None] >> np.arange(units)) & 1
    waiting = lost_or_queued - full if queue else 0.0
    workloads = (chance[:, None] * busy).sum(axis=0) + waiting
    sent = np.zeros((units, len(flows)))
    for group, asked in enumerate(first):
        share = np.bincount(asked[:-1], weights=chance[:-1], minlength=units)
        mine = groups == group
        sent[:, mine] = share[:, None] * flows[mine] / total
    if queue:
        sent += lost_or_queued / units * flows / total
    wait = lost_or_queued / (units * mu - total) if queue else 0.0
    return Steady(workloads, sent, lost_or_queued, wait)


def _checked(
    rates: Sequence[float] | Numbers, orders: Sequence[Sequence[int]]
) -> tuple[Numbers, NDArray[np.intp], int]:
    flows = np.asarray(rates, dtype=np.float64)
    units = len(orders[0]) if orders else 0
    if not 0 < units <= MOST_UNITS or len(orders) != len(flows):
        raise ValueError(f"an order an atom, of one to {MOST_UNITS} units")
    if any(sorted(one) != list(range(units)) for one in orders):
        raise ValueError("each order names every unit once")
    if not np.isfinite(flows).all() or (flows < 0).any() or flows.sum() <= 0:
        raise ValueError("rates are not below 0, and some are above")
    _, groups = np.unique(np.asarray(orders), axis=0, return_inverse=True)
    return flows, groups.reshape(-1), units


def _leaders(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """One atom of each group of atoms that ask in the same order."""
    return np.unique(groups, return_index=True)[1]


def _first_free(orders: Sequence[Sequence[int]], units: int) -> list[NDArray[np.intp]]:
    """For each order: which unit goes in each state; the last state (all busy) has none and says 0."""
    states = np.arange(1 << units)
    found = []
    for order in orders:
        asked = np.zeros(1 << units, dtype=np.intp)
        for unit in reversed(order):
            asked = np.where(states >> unit & 1, asked, unit)
        found.append(asked)
    return found


def _balance(first: list[NDArray[np.intp]], streams: Numbers, mu: float, units: int) -> Numbers:
    """The chances of all states without a queue: Gauss-Seidel from level to level, as no state leads to one of its own level.

    What each level of busy units weighs together is known beforehand (births and deaths), which makes it quick and exact.
    """
    total, states = float(streams.sum()), np.arange(1 << units)
    level = np.array([int(s).bit_count() for s in states])
    weight = np.cumprod([1.0] + [total / (k * mu) for k in range(1, units + 1)])
    weight = weight / weight.sum()
    chance: Numbers = weight[level] / np.bincount(level)[level]
    out = np.where(level < units, total, 0.0) + level * mu
    rows = [np.flatnonzero(level == k) for k in range(units + 1)]
    for _ in range(10_000):
        before = chance.copy()
        for k in (*range(units + 1), *range(units - 1, -1, -1)):
            mine = rows[k]
            found = np.zeros(len(mine))
            if k < units:
                for unit in range(units):
                    free = (mine >> unit & 1) == 0
                    found[free] += mu * chance[mine[free] | 1 << unit]
            if k > 0:
                found += _from_below(mine, first, streams, chance, units)
            found /= out[mine]
            chance[mine] = found * (weight[k] / found.sum())
        if np.abs(chance - before).max() < 1e-14:
            break
    return chance


def _from_below(
    mine: NDArray[np.intp], first: list[NDArray[np.intp]], streams: Numbers, chance: Numbers, units: int
) -> Numbers:
    """What flows into these states by a call that takes the last of their busy units."""
    found = np.zeros(len(mine))
    for unit in range(units):
        has = np.flatnonzero(mine >> unit & 1)
        below = mine[has] ^ 1 << unit
        for asked, stream in zip(first, streams, strict=True):
            found[has] += np.where(asked[below] == unit, stream * chance[below], 0.0)
    return found
