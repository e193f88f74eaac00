"""What a way of sending would have done: a day of invented calls played again and again, each rule of sending on the same calls.

One heap of events, the units' state in arrays. Calls are drawn beforehand by `drawn` from three separate streams of one seed
(when, where and what, how long), so that two policies meet exactly the same calls and differ by what they decide alone. Only
rates go in: no call, place or person of real life is copied. Happenings carry the words of a matter's own events.

Held to results of others in tests/solve/test_rehearsal.py: Erlang's C, the two-unit city and the hypercube of Larson and Odoni.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Numbers = NDArray[np.float64]
Indices = NDArray[np.intp]
FREE, MOVING, THERE = 0, 1, 2
HOUR_S = 3600.0


@dataclass(frozen=True)
class City:
    """Places with road seconds between them, and units with their posts."""

    seconds: Numbers
    """From place (row) to place (column)."""
    posts: Indices
    """The place at which each unit waits."""
    targets: tuple[float, ...]
    """Within how many seconds somebody is to be there, by level; level 0 is the most urgent."""
    classic: bool = False
    """As in the books: every drive starts at the unit's post and takes none of its time."""
    queue: bool = True
    """Whether who finds nobody free waits; if not, the call is lost."""

    def __post_init__(self) -> None:
        places = len(self.seconds)
        if self.seconds.shape != (places, places) or not (self.seconds >= 0).all():
            raise ValueError("seconds is a square table without negative or unknown times")
        if not self.targets or len(self.posts) == 0 or self.posts.min() < 0 or self.posts.max() >= places:
            raise ValueError("every unit waits at a place, and there is a target")


@dataclass(frozen=True)
class Load:
    """What a day brings: rates, never rows."""

    per_hour: tuple[float, ...]
    """Calls an hour, by hour of the day; one number is for all hours."""
    places: Numbers
    """How often each place calls, as weights."""
    levels: tuple[float, ...] = (1.0,)
    """Share of each level."""
    service_s: float = 1500.0
    """Mean time at the place; drawn from an exponential distribution."""


@dataclass(frozen=True)
class Calls:
    """Drawn calls, in order of time; seconds."""

    at: Numbers
    place: Indices
    level: Indices
    service: Numbers


def drawn(load: Load, seed: int, until_s: float) -> Calls:
    """The calls of ``until_s`` seconds from midnight on, always the same for one seed."""
    when, what, how_long = (np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(3))
    rates = np.array(load.per_hour) / HOUR_S
    most = rates.max()
    enough = int(most * until_s + 8 * (most * until_s) ** 0.5 + 20)
    at = np.cumsum(when.exponential(1 / most, enough))
    kept = when.random(enough) * most < rates[(at // HOUR_S).astype(int) % len(rates)]
    at = at[kept & (at < until_s)]
    place = what.choice(len(load.places), len(at), p=load.places / load.places.sum())
    level = what.choice(len(load.levels), len(at), p=load.levels)
    return Calls(at, place, level, how_long.exponential(load.service_s, len(at)))


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, in the words of a matter's own: `opened`, `late`, or `acted` at step `send` with the unit's new state."""

    at: float
    kind: str
    call: int
    step: str = ""
    outcome: str = ""
    unit: int = -1


class Policy(Protocol):
    """A way of sending."""

    def send(self, room: Room) -> Iterable[tuple[int, int]]:
        """Pairs of call and unit to be sent now: asked when a call came or a unit became free."""

    def settle(self, room: Room, unit: int) -> int:
        """The place to which a unit goes that has nothing to do."""


@dataclass
class Room:
    """What the duty room sees. Policies read it; only the engine writes it."""

    city: City
    calls: Calls
    now: float = 0.0
    waiting: list[tuple[int, int]] = field(default_factory=list)
    """Level and number of the calls that nobody was sent to, in the order in which they come."""
    state: NDArray[np.int8] = field(init=False)
    from_: Indices = field(init=False)
    to: Indices = field(init=False)
    left: Numbers = field(init=False)
    due: Numbers = field(init=False)
    call: Indices = field(init=False)
    """The call that each unit is on, or -1."""
    free: int = field(init=False)

    def __post_init__(self) -> None:
        units = len(self.city.posts)
        self.state = np.zeros(units, dtype=np.int8)
        self.from_, self.to = self.city.posts.copy(), self.city.posts.copy()
        self.left, self.due = np.full(units, -np.inf), np.zeros(units)
        self.call = np.full(units, -1, dtype=np.intp)
        self.free = units
        self._from_posts = np.ascontiguousarray(self.city.seconds[self.city.posts].T)

    def seconds_to(self, place: int) -> Numbers:
        """Road seconds of every unit. One on its way can go on to where it is bound or turn back: whichever is quicker."""
        if self.city.classic:
            return np.array(self._from_posts[place])
        column: Numbers = self.city.seconds[:, place]
        ahead = self.due - self.now
        onward: Numbers = column[self.to] + np.maximum(0.0, ahead)
        back = np.where(ahead > 0, column[self.from_] + (self.now - self.left), np.inf)
        return np.asarray(np.minimum(onward, back))

    def way(self, unit: int, place: int) -> float:
        """Road seconds of one unit."""
        return float(self.seconds_to(place)[unit])


@dataclass(frozen=True)
class Played:
    """What came of it; a number a call, ``nan`` where nobody came before the end."""

    calls: Calls
    waits: Numbers
    """Seconds until a unit was sent that came."""
    responses: Numbers
    """Seconds until it was there."""
    late: NDArray[np.bool_]
    busy: Numbers
    """Share of its time that each unit was under way or there."""
    driven_s: float
    """Seconds of driving to calls, ways that were broken off included."""
    lost: int
    happenings: tuple[Happening, ...]

    def mean(self) -> float:
        """Mean seconds until somebody was there."""
        return float(np.nanmean(self.responses))

    def late_share(self, level: int | None = None) -> float:
        """Share of the calls (of one level) to which somebody came after the target, or nobody."""
        told = self.late if level is None else self.late[self.calls.level == level]
        return float(told.mean()) if told.size else 0.0

    def digest(self) -> str:
        """A hash of all that happened: the same seed and policy give the same."""
        return hashlib.sha256("\n".join(map(str, self.happenings)).encode()).hexdigest()


def rehearse(city: City, calls: Calls, policy: Policy, *, tell: bool = False) -> Played:
    """Play ``calls`` to their end. ``tell`` keeps every happening."""
    engine = _Engine(city, calls, policy, tell)
    engine.run()
    targets = np.array(city.targets)[calls.level]
    late = ~(engine.responses <= targets)
    answered = np.isfinite(engine.responses)
    if not city.queue:
        late &= answered
    busy = engine.busy_s / max(engine.room.now, 1e-9)
    return Played(
        calls, engine.waits, engine.responses, late, busy, engine.driven_s, engine.lost,
        tuple(sorted(engine.happenings, key=lambda one: one.at)),
    )  # fmt: skip


class _Engine:
    """The heap and its three events: a call comes, a unit gets there, a unit is done."""

    def __init__(self, city: City, calls: Calls, policy: Policy, tell: bool) -> None:
        self.city, self.calls, self.policy, self.tell = city, calls, policy, tell
        self.room = Room(city, calls)
        self.heap: list[tuple[float, int, int, int]] = []
        self.turn = [0] * len(city.posts)
        """How often each unit's plan has changed: what was due under an older one does not happen."""
        self.sent_at = [0.0] * len(city.posts)
        self.waits = np.full(len(calls.at), np.nan)
        self.responses = np.full(len(calls.at), np.nan)
        self.busy_s, self.driven_s = np.zeros(len(city.posts)), 0.0
        self.lost = 0
        self.happenings: list[Happening] = []
        self.at, self.place = calls.at.tolist(), calls.place.tolist()
        self.level, self.service = calls.level.tolist(), calls.service.tolist()

    def run(self) -> None:
        room, coming, at = self.room, 0, self.at
        while coming < len(at) or self.heap:
            if coming < len(at) and (not self.heap or at[coming] <= self.heap[0][0]):
                room.now = at[coming]
                self._came(coming)
                coming += 1
                continue
            room.now, unit, turn, state = heappop(self.heap)
            if turn != self.turn[unit]:
                continue
            if state == THERE:
                self._arrived(unit)
            else:
                self._done(unit)

    def _came(self, call: int) -> None:
        self._told("opened", call)
        if not self.room.free and not self.city.queue:
            self.lost += 1
            return
        insort(self.room.waiting, (self.level[call], call))
        self._decide()

    def _decide(self) -> None:
        changes = list(self.policy.send(self.room))
        meant = {call for call, _ in changes}
        for call, unit in changes:
            self._send(call, unit, meant)

    def _send(self, call: int, unit: int, meant: set[int]) -> None:
        """The unit leaves whatever it was under way to, which waits again unless somebody else is meant for it."""
        room = self.room
        before = int(room.call[unit])
        for other in np.flatnonzero(room.call == call) if not self.city.classic else ():
            self._break_off(int(other), settle=True)
        if before >= 0 and before != call:
            self._break_off(unit, settle=False)
            if before not in meant:
                insort(room.waiting, (self.level[before], before))
        entry = (self.level[call], call)
        place = bisect_left(room.waiting, entry)
        if place < len(room.waiting) and room.waiting[place] == entry:
            room.waiting.pop(place)
        self._set_off(call, unit)

    def _set_off(self, call: int, unit: int) -> None:
        room, now = self.room, self.room.now
        way = room.way(unit, self.place[call])
        room.free -= 1
        room.call[unit] = call
        self.sent_at[unit] = now
        self.waits[call] = now - self.at[call]
        self._told("acted", call, "assigned", unit)
        if self.city.classic:
            room.state[unit] = THERE
            self.responses[call] = now + way - self.at[call]
            self._later(unit, self.service[call], FREE)
            return
        room.state[unit] = MOVING
        self._leave(unit, self.place[call], way)
        self._later(unit, way, THERE)

    def _leave(self, unit: int, place: int, way: float) -> None:
        """Turn to ``place`` from wherever it is: counted from the nearer end of the way it was on, and how far it is off that."""
        room, now = self.room, self.room.now
        ahead, behind = max(0.0, room.due[unit] - now), now - room.left[unit]
        room.from_[unit] = room.to[unit] if ahead <= behind else room.from_[unit]
        room.left[unit], room.due[unit], room.to[unit] = now - min(ahead, behind), now + way, place

    def _break_off(self, unit: int, *, settle: bool) -> None:
        room = self.room
        gone = room.now - self.sent_at[unit]
        self.driven_s += gone
        self.busy_s[unit] += gone
        room.call[unit], room.state[unit] = -1, FREE
        room.free += 1
        self.turn[unit] += 1
        if settle:
            self._settle(unit)

    def _arrived(self, unit: int) -> None:
        room, call = self.room, int(self.room.call[unit])
        room.state[unit] = THERE
        room.from_[unit], room.left[unit] = room.to[unit], -np.inf
        self.driven_s += room.now - self.sent_at[unit]
        self.responses[call] = room.now - self.at[call]
        self._told("acted", call, "there", unit)
        self._later(unit, self.service[call], FREE)

    def _done(self, unit: int) -> None:
        room, call = self.room, int(self.room.call[unit])
        self.busy_s[unit] += room.now - self.sent_at[unit]
        self._told("acted", call, "finished", unit)
        room.call[unit], room.state[unit] = -1, FREE
        room.free += 1
        self.turn[unit] += 1
        self._decide()
        if room.state[unit] == FREE and not self.city.classic:
            self._settle(unit)

    def _settle(self, unit: int) -> None:
        room = self.room
        goal = self.policy.settle(room, unit)
        self._leave(unit, goal, room.way(unit, goal))

    def _later(self, unit: int, seconds: float, state: int) -> None:
        self.turn[unit] += 1
        heappush(self.heap, (self.room.now + seconds, unit, self.turn[unit], state))

    def _told(self, kind: str, call: int, outcome: str = "", unit: int = -1) -> None:
        if not self.tell:
            return
        now, step = self.room.now, "send" if outcome else ""
        self.happenings.append(Happening(now, kind, call, step, outcome, unit))
        target = self.city.targets[self.level[call]]
        if outcome == "there" and now - self.at[call] > target:
            self.happenings.append(Happening(self.at[call] + target, "late", call))


def interval(differences: Sequence[float] | Numbers) -> tuple[float, float, float]:
    """Mean of paired differences with the ends of its 95 % interval (Student's t)."""
    told = np.asarray(differences, dtype=np.float64)
    half = float(stdtrit(len(told) - 1, 0.975)) * float(told.std(ddof=1)) / len(told) ** 0.5
    middle = float(told.mean())
    return middle, middle - half, middle + half
