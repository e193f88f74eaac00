"""The question of who goes where as a table: a row each open need and each reserve, most urgent first; a column each unit.

A cell is the weighted road time of a pair, or the bar that forbids it. The table is solved by SciPy's `linear_sum_assignment`
(Jonker and Volgenant's shortest augmenting paths, after Crouse 2016; exact): it finds the dearest rows that can be met together
and, among all ways to meet them, the one with the least weighted time. Dearer always comes first: which sets of rows can be met
together is a matroid, so with falling prices no number of lesser needs outweighs a greater one. A reserve is a need that nobody
called for, ranked just above the level that it is kept from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from doorstep.solve.duty import (
    BROKEN,
    DAY_S,
    FREE,
    THERE,
    UNDER_WAY,
    Incident,
    Need,
    Reserve,
    Rules,
    Times,
    Unit,
)

BARS = (
    "", "broken", "off", "there", "barred", "team", "skill", "kit", "right", "vehicle", "unknown-time", "no-way",
    "neighbour", "under-way", "shift-ends",
)  # fmt: skip
"""Why a unit cannot take a need; the first that holds is told. "" is none."""
BAR = {word: number for number, word in enumerate(BARS)}
WAIVED = frozenset({"neighbour", "under-way", "shift-ends"})
"""Bars that whoever decides may waive with a reason of their own; the others are facts."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A row of the table: a need of an incident, or a reserve."""

    key: tuple[float, int, float, float, str]
    row: int
    number: int
    need: Need
    reserve: Reserve | None = None


class Board:
    """The question as arrays: rows are open needs and reserves in order of urgency, columns are units."""

    def __init__(
        self, incidents: Sequence[Incident], units: Sequence[Unit], times: Times, rules: Rules, now: float
    ) -> None:
        if times.seconds.shape != (len(incidents), len(units)):
            raise ValueError(f"times are {times.seconds.shape}, not {len(incidents)} x {len(units)}")
        self.incidents, self.units, self.rules, self.now = incidents, units, rules, now
        self.times = times
        self.place = {one.id: number for number, one in enumerate(incidents)}
        self.weights = np.array([rules.weight(one) for one in incidents])
        self.seconds = np.where((times.seconds < 0), np.nan, times.seconds)
        self.on: dict[tuple[str, int], int] = {}
        for number, unit in enumerate(units):
            if unit.on and unit.state in UNDER_WAY | {THERE}:
                self.on.setdefault(unit.on, number)
        self.slots = self._slots()
        self.keeper = [-1 if s.reserve else self.on.get(self.name(s), -1) for s in self.slots]
        self.bars, self.cost = self._table()

    def name(self, slot: Slot) -> tuple[str, int]:
        return self.incidents[slot.row].id, slot.number

    def _slots(self) -> list[Slot]:
        found = []
        for row, one in enumerate(self.incidents):
            rank, used, waited, name = self.rules.urgency(one, self.now)
            for number, need in enumerate(one.needs):
                if number not in one.met and not self._stays(one, number):
                    found.append(Slot((rank, number, used, waited, name), row, number, need))
        for number, reserve in enumerate(self.rules.reserves):
            rank_of = self.rules.levels.index(reserve.level) - 0.5
            found.append(Slot((rank_of, number, 0.0, 0.0, reserve.name), -1, number, reserve.need, reserve))
        return sorted(found, key=lambda slot: slot.key)

    def _stays(self, one: Incident, number: int) -> bool:
        """Somebody is there, and no rule takes them away."""
        unit = self.on.get((one.id, number))
        return unit is not None and self.units[unit].state == THERE and not self.rules.leave.get(one.level)

    def _table(self) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """Bars and weighted costs (inf where barred)."""
        bars = np.zeros((len(self.slots), len(self.units)), dtype=np.int8)
        cost = np.zeros(bars.shape)
        rows = [self._row(number) for number in range(len(self.incidents))]
        for at, slot in enumerate(self.slots):
            if slot.reserve:
                bars[at] = self._reserve_bars(slot.reserve)
            else:
                facts, rest, cost[at] = rows[slot.row]
                bars[at] = facts
                _first(bars[at], self._unfit(slot.need))
                _first(bars[at], rest)
                self._keeper(at, slot, bars[at], cost[at])
            cost[at, bars[at] > 0] = np.inf
        return bars, cost

    def _row(self, number: int) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.float64]]:
        """What holds for every need of one incident: bars of the unit itself, bars of time and rules, weighted costs."""
        one, rules, seconds = self.incidents[number], self.rules, self.seconds[number]
        level, weight = rules.level(one), self.weights[number]
        facts, soft = self._engaged[level]
        facts = facts.copy()
        _first(facts, np.array([one.id in unit.barred for unit in self.units]) * BAR["barred"])
        foreign, aid = self._foreign(one.force), rules.aid_s.get(level)
        with np.errstate(invalid="ignore"):
            rest = np.isnan(seconds) * BAR["unknown-time"] + (seconds >= DAY_S) * BAR["no-way"]
            rest = rest.astype(np.int8)
            if aid is None:
                _first(rest, foreign * BAR["neighbour"])
            _first(rest, soft)
            ends = self.now + seconds + rules.left_s.get(level, 0.0) > self.shift_ends
            _first(rest, ends * BAR["shift-ends"])
            over = np.maximum(0.0, rules.waited(one, self.now) + seconds - rules.target(one))
            extra = self.stale + foreign * (aid or 0.0)
            return facts, rest, weight * (seconds + extra + rules.beyond * over)

    def _foreign(self, force: str) -> NDArray[np.bool_]:
        if not force:
            return np.zeros(len(self.units), dtype=np.bool_)
        return np.array([bool(unit.force) and unit.force != force for unit in self.units], dtype=np.bool_)

    def _keeper(self, at: int, slot: Slot, bars: NDArray[np.int8], cost: NDArray[np.float64]) -> None:
        """Whoever is on this need already may keep it; another one has to be quicker by `turn_s`."""
        keeper = self.keeper[at]
        if keeper < 0:
            return
        weight = self.weights[slot.row]
        cost += weight * self.rules.turn_s
        unit, told = self.units[keeper], self.seconds[slot.row, keeper]
        if told >= DAY_S and unit.state != THERE:
            return
        known = 0.0 if unit.state == THERE else told
        if np.isnan(known):
            known = self.rules.target(self.incidents[slot.row])
        bars[keeper], cost[keeper] = 0, weight * known

    @cached_property
    def shift_ends(self) -> NDArray[np.float64]:
        return np.array([np.inf if one.shift_ends is None else one.shift_ends for one in self.units])

    @cached_property
    def age(self) -> NDArray[np.float64]:
        """How old each position is; 0 where none is told."""
        told = [self.now if one.position_at is None else one.position_at for one in self.units]
        return np.nan_to_num(np.maximum(0.0, self.now - np.array(told)), nan=DAY_S)

    @cached_property
    def stale(self) -> NDArray[np.float64]:
        return np.where(self.age > self.rules.stale_s, self.rules.stale_cost_s, 0.0)

    @cached_property
    def _engaged(self) -> dict[str, tuple[NDArray[np.int8], NDArray[np.int8]]]:
        """For incidents of each level: which units are off, broken or there, and which are under way to what keeps them."""
        found = {}
        for level in self.rules.levels:
            bars = np.array([self._engagement(one, level) for one in self.units], dtype=np.int8)
            under_way = bars == BAR["under-way"]
            found[level] = (
                np.where(under_way, 0, bars).astype(np.int8),
                np.where(under_way, bars, 0).astype(np.int8),
            )
        return found

    def _engagement(self, unit: Unit, level: str) -> int:
        if unit.state in FREE:
            return 0
        if unit.state not in UNDER_WAY | {THERE}:
            return BAR["broken" if unit.state == BROKEN else "off"]
        way = self.rules.leave if unit.state == THERE else self.rules.turn
        where = self.place.get(unit.on[0]) if unit.on else None
        lesser = None if where is None else self.incidents[where].level
        if lesser is not None and level in way.get(lesser, ()):
            return 0
        return BAR["there" if unit.state == THERE else "under-way"]

    def _unfit(self, need: Need) -> NDArray[np.int8]:
        found = self._known_unfit.get(need)
        if found is None:
            found = np.array([_unfit(need, one) for one in self.units], dtype=np.int8)
            self._known_unfit[need] = found
        return found

    @cached_property
    def _known_unfit(self) -> dict[Need, NDArray[np.int8]]:
        return {}

    def _reserve_bars(self, reserve: Reserve) -> NDArray[np.int8]:
        bars = np.array([0 if one.state in FREE else BAR["under-way"] for one in self.units], dtype=np.int8)
        _first(bars, self._unfit(reserve.need))
        if reserve.units is not None:
            _first(bars, np.where([one.id in reserve.units for one in self.units], 0, BAR["team"]))
        return bars

    @cached_property
    def penalty(self) -> NDArray[np.float64]:
        """What it costs to leave a row unmet: each more than all that stand below it can save in time."""
        dearest = np.max(self.cost, initial=0.0, where=np.isfinite(self.cost))
        steps = np.arange(len(self.slots), 0, -1, dtype=np.float64)
        return steps * (1.0 + dearest) * (len(self.slots) + 1)

    @cached_property
    def _square(self) -> NDArray[np.float64]:
        """The cost table with a column more a row, for rows that stay unmet."""
        spare = np.repeat(self.penalty[:, None], len(self.slots), axis=1)
        return np.hstack([self.cost, spare])

    def best(self, without: tuple[int, int] | None = None) -> NDArray[np.intp]:
        """The column of each row in the best plan, -1 where unmet; ``without`` one pair, if given."""
        if not self.slots:
            return np.zeros(0, dtype=np.intp)
        table = self._square
        kept = table[without] if without else 0.0
        if without:
            table[without] = np.inf
        columns: NDArray[np.intp] = linear_sum_assignment(table)[1]
        if without:
            table[without] = kept
        return np.where(columns < len(self.units), columns, -1)

    def in_turn(self) -> NDArray[np.intp]:
        """The column of each row when each takes, in order, the nearest unit that nobody has."""
        columns = np.full(len(self.slots), -1, dtype=np.intp)
        taken = np.zeros(len(self.units), dtype=np.bool_)
        for at, keeper in enumerate(self.keeper):
            if keeper >= 0 and np.isfinite(self.cost[at, keeper]):
                columns[at], taken[keeper] = keeper, True
        engaged = np.array([one.state not in FREE for one in self.units], dtype=np.bool_)
        for at in np.flatnonzero(columns < 0).tolist():
            left = np.where(taken | engaged, np.inf, self.cost[at])
            if left.size and np.isfinite(nearest := left.min()):
                columns[at] = int(np.flatnonzero(left == nearest)[0])
                taken[columns[at]] = True
        return columns

    def total(self, columns: NDArray[np.intp]) -> float:
        """Costs and penalties of a plan."""
        met = columns >= 0
        return float(self.cost[met, columns[met]].sum() + self.penalty[~met].sum())

    def known(self, at: int, column: int) -> float:
        """Road seconds of a pair; 0 for who is there, or whose time nobody knows."""
        seconds = self.seconds[self.slots[at].row, column]
        there = self.keeper[at] == column and self.units[column].state == THERE
        return 0.0 if there or not np.isfinite(seconds) else float(seconds)


def _first(bars: NDArray[np.int8], more: NDArray[Any]) -> None:
    """Lay further bars under those that are told already."""
    np.copyto(bars, more, where=bars == 0, casting="unsafe")


def _unfit(need: Need, unit: Unit) -> int:
    if need.team and need.team != unit.team:
        return BAR["team"]
    if not need.skills <= unit.skills:
        return BAR["skill"]
    if not need.kit <= unit.kit:
        return BAR["kit"]
    if not need.rights <= unit.rights:
        return BAR["right"]
    return BAR["vehicle"] if need.vehicles and unit.vehicle not in need.vehicles else 0
