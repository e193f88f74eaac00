"""Ways of sending to be rehearsed against each other: the nearest, a fixed order, all together; and where the freed unit goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from doorstep.solve.assign import assign
from doorstep.solve.duty import Incident, Rules, Times, Unit
from doorstep.solve.posts import Ground, worth
from doorstep.solve.rehearsal import FREE, MOVING, Policy, Room


class Nearest:
    """Call after call, the most urgent first: the free unit that is nearest by road. Who is done goes back to its post."""

    def send(self, room: Room) -> Iterable[tuple[int, int]]:
        """See `Policy`."""
        found: list[tuple[int, int]] = []
        taken: list[int] = []
        for _, call in room.waiting[: room.free]:
            seconds = room.seconds_to(room.calls.place[call])
            seconds[room.state != FREE] = np.inf
            seconds[taken] = np.inf
            unit = int(seconds.argmin())
            taken.append(unit)
            found.append((call, unit))
        return found

    def settle(self, room: Room, unit: int) -> int:
        """Home."""
        return int(room.city.posts[unit])


@dataclass(frozen=True)
class InOrder(Nearest):
    """For each place a fixed order in which units are asked, as in the hypercube model."""

    orders: Sequence[Sequence[int]]

    def send(self, room: Room) -> Iterable[tuple[int, int]]:
        """See `Policy`. One call at a time, as none waits while somebody is free."""
        for _, call in room.waiting[: min(1, room.free)]:
            order = self.orders[room.calls.place[call]]
            return [(call, next(unit for unit in order if room.state[unit] == FREE))]
        return []


@dataclass(frozen=True)
class Joint(Nearest):
    """All calls and units at once by `assign`, again at each event: who is under way may be turned round as the rules say."""

    rules: Rules

    def send(self, room: Room) -> Iterable[tuple[int, int]]:
        """See `Policy`."""
        moving = np.flatnonzero(room.state == MOVING)
        if not room.waiting and not moving.size:
            return []
        calls = [call for _, call in room.waiting] + [int(room.call[unit]) for unit in moving]
        incidents = [self._incident(room, call) for call in calls]
        units = [
            Unit(str(k), "moving" if room.state[k] == MOVING else "available", (str(room.call[k]), 0))
            for k in range(len(room.state))
            if room.state[k] in (FREE, MOVING)
        ]
        columns = [int(one.id) for one in units]
        seconds = np.array([room.seconds_to(room.calls.place[call])[columns] for call in calls])
        told = assign(incidents, units, Times.guessed(seconds), self.rules, room.now, explain=())
        chosen = ((int(one.incident), int(one.unit)) for one in told.choices if one.unit is not None)
        return [(call, unit) for call, unit in chosen if room.call[unit] != call]

    def _incident(self, room: Room, call: int) -> Incident:
        return Incident(str(call), self.rules.levels[room.calls.level[call]], float(room.calls.at[call]))


@dataclass(frozen=True)
class Relocating:
    """Sends like ``first``; who is done goes to the post where it adds most expected cover, if that is enough more than at home."""

    first: Policy
    ground: Ground
    """Its rows are ``posts``, its columns the places of the city."""
    posts: Sequence[int]
    busy: float
    least: float = 0.0
    _row: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_row", {place: row for row, place in enumerate(self.posts)})

    def send(self, room: Room) -> Iterable[tuple[int, int]]:
        """See `Policy`."""
        return self.first.send(room)

    def settle(self, room: Room, unit: int) -> int:
        """Jagtenberg's rule, against the posts to which the other free units are bound."""
        free = room.state == FREE
        free[unit] = False
        bound = [self._row[place] for place in room.to[free].tolist() if place in self._row]
        others = np.bincount(np.array(bound, dtype=np.int64), minlength=len(self.posts))
        gains = worth(self.ground, others, self.busy)
        home = self._row[self.first.settle(room, unit)]
        best = int(gains.argmax())
        return self.posts[best if gains[best] > gains[home] + self.least else home]
