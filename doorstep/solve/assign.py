"""Who goes where: all open incidents and all units at once, by weighted road time, with the reasons.

`doorstep.solve.board` makes the table and solves it; this says what the plan is and why, as codes and numbers that a page
puts into words. Measured against nearest-first in docs/measuring.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from doorstep.solve.board import BAR, BARS, WAIVED, Board
from doorstep.solve.duty import DAY_S, FREE, THERE, Incident, Rules, Times, Unit


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of `REASONS`, with the numbers and ids that a page puts into its words."""

    code: str
    seconds: float | None = None
    unit: str | None = None
    incident: str | None = None
    counts: tuple[tuple[str, int], ...] = ()


REASONS = {
    "nearest": "nobody able and free to come is quicker; seconds = its road time",
    "nearer-elsewhere": "`unit` would be there in `seconds`, but is better used at `incident`",
    "kept": "it was already on it",
    "turned-round": "it was under way to `incident`, which is less urgent",
    "taken-from": "it was at `incident`; a rule of the place allows it",
    "relieves": "`unit` was under way and is let go; this one is quicker by more than the rule asks",
    "neighbour": "no own unit is that near: mutual aid",
    "estimated": "the time was not routed",
    "position-old": "its position is `seconds` old",
    "unknown-time": "nobody knows how long it still takes",
    "shift-ends": "it is on it already, and its shift ends before that is done",
    "in-time": "`seconds` are left of the target",
    "late": "`seconds` beyond the target, the waiting so far included",
    "runner-up": "with `unit` the whole plan would take `seconds` more (weighted)",
    "runner-up-costs": "with `unit` something of the plan would be left waiting",
    "only-one": "nobody else can take it",
    "level-unknown": "the rules do not know its level; it counts as the most urgent",
    "nobody": "no unit can take it: `counts` by bar",
    "outranked": "all who could take it are needed for something more urgent",
    "held-back": "who could take it is held as reserve for something more urgent: `counts` by reserve",
    "could": "`unit` could be there in `seconds` if somebody waives its bar (`counts` names it)",
}
"""Every code that a choice may carry, and what it says."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who takes one need, or why nobody does."""

    incident: str
    need: int
    unit: str | None
    seconds: float | None
    """Road time; None if nobody comes, or nobody knows."""
    routed: bool
    """Whether that time was routed; if not, it was estimated."""
    runner_up: str | None
    runner_up_s: float | None
    """Its road time to here."""
    difference: float | None
    """What the whole plan would take more, in weighted seconds, without this unit here; None if it could not do without."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One decision over everything that is open."""

    choices: tuple[Choice, ...]
    """Every need that is open, most urgent first."""
    waiting: tuple[tuple[str, int], ...]
    """The backlog: needs that nobody takes now, in the order in which they come next."""
    let_go: tuple[str, ...]
    """Units that were under way and are free again."""
    held: tuple[tuple[str, str], ...]
    """Reserve and the unit that is it."""
    weighted: float
    """Weighted seconds of all that is sent, surcharges of rules included."""
    road: float
    """Weighted seconds of road alone."""


def assign(
    incidents: Sequence[Incident],
    units: Sequence[Unit],
    times: Times,
    rules: Rules,
    now: float,
    explain: Collection[str] | None = None,
) -> Answer:
    """The best plan for all open needs at once. ``times`` has a row an incident and a column a unit, in the given order.

    ``explain`` names the incidents whose choices carry a runner-up (all, if None; each costs one more solution). Nothing that can
    happen in a duty room raises: who cannot come, unknown times and old positions are answered in the reasons. ValueError only
    for a table of another shape than the lists.
    """
    board = Board(incidents, units, times, rules, now)
    return _answer(board, board.best(), explain)


def nearest_first(
    incidents: Sequence[Incident], units: Sequence[Unit], times: Times, rules: Rules, now: float
) -> Answer:
    """What a dispatcher without this does: call after call, the most urgent first, the nearest free unit; nobody is turned round.

    The yardstick: `assign` meets at least what this meets, and where both meet the same, in no more weighted time.
    """
    board = Board(incidents, units, times, rules, now)
    return _answer(board, board.in_turn(), ())


def _answer(board: Board, columns: NDArray[np.intp], explain: Collection[str] | None) -> Answer:
    told = _Telling(board, columns)
    rows = [at for at, slot in enumerate(board.slots) if not slot.reserve]
    sent = [at for at in rows if columns[at] >= 0]
    using = {int(c) for at, c in enumerate(columns) if c >= 0 and not board.slots[at].reserve}
    return Answer(
        choices=tuple(
            told.choice(at, explain is None or board.incidents[board.slots[at].row].id in explain)
            for at in rows
        ),
        waiting=tuple(board.name(board.slots[at]) for at in rows if columns[at] < 0),
        let_go=tuple(board.units[k].id for k in board.keeper if k >= 0 and k not in using),
        held=tuple(
            (slot.reserve.name, board.units[columns[at]].id)
            for at, slot in enumerate(board.slots)
            if slot.reserve and columns[at] >= 0
        ),
        weighted=float(sum(board.cost[at, columns[at]] for at in sent)),
        road=float(
            sum(board.weights[board.slots[at].row] * board.known(at, int(columns[at])) for at in sent)
        ),
    )


@dataclass
class _Telling:
    """Why a plan is as it is."""

    board: Board
    columns: NDArray[np.intp]

    @cached_property
    def whole(self) -> float:
        """What the plan costs, penalties included."""
        return self.board.total(self.columns)

    def choice(self, at: int, fully: bool) -> Choice:
        """One row of the plan."""
        board, column = self.board, int(self.columns[at])
        name, number = board.name(board.slots[at])
        one = board.incidents[board.slots[at].row]
        unknown = [] if one.level in board.rules.levels else [Reason("level-unknown")]
        if column < 0:
            return Choice(name, number, None, None, False, None, None, None, (*unknown, *self.unmet(at)))
        seconds, routed = self._time(at, column)
        reasons = [*unknown, *self.met(at, column, seconds, routed)]
        second: tuple[str | None, float | None, float | None] = None, None, None
        if fully:
            second, said = self.without(at, column)
            reasons.append(said)
        return Choice(name, number, board.units[column].id, seconds, routed, *second, tuple(reasons))

    def _time(self, at: int, column: int) -> tuple[float | None, bool]:
        board, row = self.board, self.board.slots[at].row
        if board.keeper[at] == column and board.units[column].state == THERE:
            return 0.0, True
        return _finite(board.seconds[row, column]), bool(board.times.routed[row, column])

    def met(self, at: int, column: int, seconds: float | None, routed: bool) -> list[Reason]:
        """Why this unit."""
        board, slot, unit = self.board, self.board.slots[at], self.board.units[column]
        one = board.incidents[slot.row]
        found = [self._how(at, column, seconds)]
        keeper = board.keeper[at]
        if keeper >= 0 and keeper != column and keeper not in self.columns:
            found.append(Reason("relieves", unit=board.units[keeper].id))
        if unit.on and unit.state not in FREE and keeper != column:
            found.append(Reason("taken-from" if unit.state == THERE else "turned-round", incident=unit.on[0]))
        if one.force and unit.force and unit.force != one.force:
            found.append(Reason("neighbour"))
        if not routed and seconds is not None:
            found.append(Reason("estimated"))
        if board.stale[column] > 0:
            found.append(Reason("position-old", seconds=float(board.age[column])))
        if seconds is None:
            return [*found, Reason("unknown-time")]
        if board.now + seconds + board.rules.left_s.get(one.level, 0.0) > board.shift_ends[column]:
            found.append(Reason("shift-ends"))
        left = board.rules.target(one) - board.rules.waited(one, board.now) - seconds
        return [*found, Reason("in-time" if left >= 0 else "late", seconds=abs(left))]

    def _how(self, at: int, column: int, seconds: float | None) -> Reason:
        board = self.board
        if board.keeper[at] == column:
            return Reason("kept", seconds=seconds)
        row = board.slots[at].row
        nearer = np.flatnonzero(board.cost[at] < board.cost[at, column])
        used = {int(c): k for k, c in enumerate(self.columns) if c >= 0}
        for other in sorted(nearer.tolist(), key=lambda k: board.cost[at, k]):
            where = used.get(other)
            if where is not None:
                slot = board.slots[where]
                there = slot.reserve.name if slot.reserve else board.incidents[slot.row].id
                told = _finite(board.seconds[row, other])
                return Reason("nearer-elsewhere", told, board.units[other].id, there)
        return Reason("nearest", seconds=seconds)

    def without(self, at: int, column: int) -> tuple[tuple[str | None, float | None, float | None], Reason]:
        """The plan without this unit here: who would come, in what time, and what the whole plan would take more."""
        board = self.board
        other = board.best(without=(at, column))
        instead = int(other[at])
        if instead < 0:
            return (None, None, None), Reason("only-one")
        name, seconds = board.units[instead].id, self._time(at, instead)[0]
        if not np.array_equal(other < 0, self.columns < 0):
            return (name, seconds, None), Reason("runner-up-costs", unit=name)
        more = max(0.0, board.total(other) - self.whole)
        return (name, seconds, more), Reason("runner-up", seconds=more, unit=name)

    def unmet(self, at: int) -> list[Reason]:
        """Why nobody, and who could if a bar were waived."""
        board = self.board
        able = np.flatnonzero(np.isfinite(board.cost[at]))
        if able.size:
            held: dict[str, int] = {}
            for k, slot in enumerate(board.slots):
                if slot.reserve and self.columns[k] in able:
                    held[slot.reserve.name] = held.get(slot.reserve.name, 0) + 1
            found = [Reason("held-back", counts=tuple(held.items())) if held else Reason("outranked")]
        else:
            bars, counts = np.unique(board.bars[at], return_counts=True)
            told = tuple((BARS[b], int(n)) for b, n in zip(bars, counts, strict=True) if b)
            found = [Reason("nobody", counts=told)]
        return found + self._waived(at)

    def _waived(self, at: int) -> list[Reason]:
        board, row = self.board, self.board.slots[at].row
        soft = [BAR[word] for word in WAIVED]
        near = np.where(np.isin(board.bars[at], soft), board.seconds[row], np.inf)
        near = np.where(near < DAY_S, near, np.inf)
        if not near.size or not np.isfinite(near.min()):
            return []
        best = int(near.argmin())
        return [
            Reason(
                "could", float(near[best]), board.units[best].id, counts=((BARS[board.bars[at, best]], 1),)
            )
        ]


def _finite(seconds: float) -> float | None:
    return float(seconds) if np.isfinite(seconds) else None
