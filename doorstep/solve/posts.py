"""Where units wait: posts by time band, advice to move, and how long each community waits now.

Posts are placed by the maximum expected covering location problem (Daskin, Transportation Science 1983): with units busy a share
``busy`` of the time, a community within reach of k of them is answered in time with chance 1 - busy^k. Solved exactly by HiGHS
(`scipy.optimize.milp`), started and backed by exchange. Advice is that of Jagtenberg, Bhulai and van der Mei (2015): the unit
goes where it adds most expected cover. It is said only if it buys enough, and with what it buys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from doorstep.solve.duty import Times

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]
BUSIEST = 0.95
"""No unit counts as busier than this: beyond it nothing is answered in time anyway."""


@dataclass(frozen=True)
class Ground:
    """What is to be reached from where. Unknown times (``nan``) and ways that do not exist (``inf``) reach nobody."""

    seconds: Numbers
    """Road seconds from each possible post (row) to each community (column)."""
    demand: Numbers
    """How often each community calls, as weights; only their proportions count."""
    targets: Numbers | float
    """Within how many seconds somebody is to be there; a number, or one a community."""

    def __post_init__(self) -> None:
        wrong = self.seconds.ndim != 2 or self.demand.shape != self.seconds.shape[1:]
        if wrong or not np.isfinite(self.demand).all() or (self.demand < 0).any():
            raise ValueError("a column a community, with demand not below 0")

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Which communities are within the target of which post."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.seconds <= self.targets)

    @property
    def shares(self) -> Numbers:
        """Share of all calls that each community makes; nobody's if nobody calls."""
        whole = float(self.demand.sum())
        return self.demand / whole if whole else self.demand


@dataclass(frozen=True)
class Placing:
    """How many units wait at each post."""

    counts: Counts
    covered: float
    """Expected share of the calls that find a free unit within the target."""
    bound: float
    """No placing covers more; equal to ``covered`` where it is proven best."""

    @property
    def proven(self) -> bool:
        """Is none better?"""
        return self.bound - self.covered <= 1e-6


def busy_share(calls_per_hour: float, seconds_per_call: float, units: int) -> float:
    """Share of the time that each of so many units is busy in a band: the work, divided evenly; at most `BUSIEST`."""
    if units <= 0:
        return BUSIEST
    return min(BUSIEST, max(0.0, calls_per_hour * seconds_per_call / 3600.0 / units))


def covered(ground: Ground, counts: Counts, busy: float) -> float:
    """Expected share of the calls answered in time by this placing."""
    within = ground.reached.T @ counts
    return float(ground.shares @ (1.0 - np.power(busy, within)))


def place(
    ground: Ground, units: int, busy: float, *, most: int | None = None, limit_s: float = 10.0
) -> Placing:
    """The best posts for so many units of one time band, at most ``most`` of them at one post.

    By exchange first; HiGHS then proves it or finds better within ``limit_s``. Whatever is not proven carries its bound.
    ValueError if the posts cannot hold so many.
    """
    posts = len(ground.seconds)
    if units < 0 or not 0 <= busy < 1 or units > posts * (units if most is None else most):
        raise ValueError("so many units do not fit, or are always busy")
    found = exchange(ground, units, busy, most=most)
    if not units or found.proven:
        return found
    proved = _exactly(ground, units, busy, units if most is None else most, limit_s)
    if proved is None:
        return found
    counts, bound = proved
    value = covered(ground, counts, busy)
    best = found.counts if found.covered >= value else counts
    top = max(found.covered, value)
    return Placing(best, top, max(top, bound))


@dataclass(frozen=True)
class Band:
    """A part of the week with demand of its own (weekday mornings, Saturday nights), as rates."""

    name: str
    units: int
    calls_per_hour: float
    seconds_per_call: float
    """Drive and work together."""
    demand: Numbers
    """How often each community calls then, as weights."""


def by_band(
    seconds: Numbers, targets: Numbers | float, bands: Sequence[Band], *, most: int | None = None
) -> dict[str, Placing]:
    """The posts of each band, by its name; see `Ground` and `place`."""
    return {
        one.name: place(
            Ground(seconds, one.demand, targets),
            one.units,
            busy_share(one.calls_per_hour, one.seconds_per_call, one.units),
            most=most,
        )
        for one in bands
    }


def exchange(ground: Ground, units: int, busy: float, *, most: int | None = None) -> Placing:
    """Units placed one by one where each adds most, then moved one at a time as long as that gains. Quick, not proven."""
    reached = ground.reached.astype(np.float64)
    counts, within = np.zeros(len(reached), dtype=np.int64), np.zeros(reached.shape[1])
    room = units if most is None else most

    def worth() -> Numbers:
        gains = reached @ (ground.shares * (1 - busy) * np.power(busy, within))
        return np.where(counts < room, gains, -1.0)

    def put(post: int, how_many: int) -> None:
        nonlocal within
        counts[post] += how_many
        within = within + how_many * reached[post]

    for _ in range(units):
        put(int(worth().argmax()), 1)
    moved = True
    while moved:
        moved = False
        for post in np.flatnonzero(counts).tolist():
            put(post, -1)
            gains = worth()
            better = int(gains.argmax())
            moved = moved or bool(gains[better] > gains[post] + 1e-12)
            put(better if gains[better] > gains[post] + 1e-12 else post, 1)
    value = covered(ground, counts, busy)
    reachable = float(ground.shares @ (reached.max(axis=0, initial=0.0)))
    return Placing(counts, value, max(value, reachable * (1 - busy**units)))


def _exactly(
    ground: Ground, units: int, busy: float, most: int, limit_s: float
) -> tuple[Counts, float] | None:
    """MEXCLP as a mixed-integer program: whole units at posts; layer k of a community is covered by the k-th unit in its reach."""
    layers = 1 if busy == 0 else min(units, int(np.ceil(np.log(1e-9) / np.log(busy))))
    who = np.flatnonzero((ground.shares > 0) & ground.reached.any(axis=0))
    posts, rows = len(ground.seconds), len(who)
    if not rows:
        return None
    worth = np.outer(ground.shares[who], (1 - busy) * busy ** np.arange(layers)).reshape(-1)
    near, at = np.nonzero(ground.reached[:, who])
    layer = np.arange(rows * layers)
    row = np.concatenate([at, layer // layers, np.full(posts, rows)])
    column = np.concatenate([near, posts + layer, np.arange(posts)])
    value = np.concatenate([-np.ones(len(at)), np.ones(len(layer)), np.ones(posts)])
    table = coo_array((value, (row, column)), shape=(rows + 1, posts + len(layer))).tocsr()
    lower = np.concatenate([np.full(rows, -np.inf), [units]])
    upper = np.concatenate([np.zeros(rows), [units]])
    told = milp(
        np.concatenate([np.zeros(posts), -worth]),
        integrality=np.concatenate([np.ones(posts), np.zeros(len(layer))]),
        bounds=Bounds(0, np.concatenate([np.full(posts, most), np.ones(len(layer))])),
        constraints=LinearConstraint(table, lower, upper),
        options={"time_limit": limit_s, "mip_rel_gap": 1e-7},
    )
    if told.x is None:
        return None
    return np.round(told.x[:posts]).astype(np.int64), float(-told.mip_dual_bound)


@dataclass(frozen=True, slots=True)
class Cover:
    """How soon somebody free could be at a community now."""

    community: int
    seconds: float | None
    """None: nobody free could, or nobody knows."""
    unit: int | None
    routed: bool
    """Whether that time was routed; if not, it was estimated."""
    next_s: float | None
    """How soon, if that one is gone."""


def coverage(times: Times, free: NDArray[np.bool_]) -> list[Cover]:
    """For each community (column of ``times``) the free unit (row) that is there first, and the next."""
    seconds = np.where(free[:, None] & (times.seconds >= 0), times.seconds, np.inf)
    found = []
    for community in range(seconds.shape[1]):
        order = np.argsort(seconds[:, community], kind="stable")[:2]
        near = [float(seconds[k, community]) for k in order if np.isfinite(seconds[k, community])]
        if not near:
            found.append(Cover(community, None, None, False, None))
            continue
        routed = bool(times.routed[order[0], community])
        after = near[1] if len(near) > 1 else None
        found.append(Cover(community, near[0], int(order[0]), routed, after))
    return found


@dataclass(frozen=True, slots=True)
class Move:
    """Advice: this unit to that post. ``wins`` and ``loses`` say what a dispatcher reads: who waits how long otherwise."""

    unit: int
    post: int
    drive_s: float
    gain: float
    """By how much the expected share of calls answered in time rises."""
    wins: tuple[tuple[int, float | None, float], ...]
    """Communities that nobody free reaches within the target otherwise: seconds without and with the move; None: nobody at all."""
    loses: tuple[tuple[int, float, float | None], ...]
    """Communities that are reached within the target now and are not after it."""


def worth(ground: Ground, others: Counts, busy: float) -> Numbers:
    """What one unit more at each post adds to the expected share of calls in time, with ``others`` waiting as counted."""
    within = ground.reached.T @ others
    return np.asarray(ground.reached @ (ground.shares * (1 - busy) * np.power(busy, within)))


def advise(
    ground: Ground,
    waiting: Sequence[int],
    drives: Numbers,
    busy: float,
    *,
    movable: Sequence[int] | None = None,
    least: float = 0.02,
    longest_s: float = 900.0,
) -> Move | None:
    """The one move of a free unit that buys most, or None if none buys ``least`` of all calls within ``longest_s`` of driving.

    ``waiting``: the post at which each free unit waits (or to which it is bound); ``drives``: road seconds of each free unit to
    each post; ``movable``: which of the units may be asked (the one just freed), all if None.
    """
    counts = np.bincount(np.asarray(waiting, dtype=np.int64), minlength=len(ground.seconds))
    best: tuple[float, int, int] | None = None
    for unit in range(len(waiting)) if movable is None else movable:
        others = counts.copy()
        others[waiting[unit]] -= 1
        gains = worth(ground, others, busy)
        gains = gains - gains[waiting[unit]]
        gains = np.where(drives[unit] <= longest_s, gains, -np.inf)
        post = int(gains.argmax())
        if gains[post] >= least and (best is None or gains[post] > best[0]):
            best = float(gains[post]), unit, post
    if best is None:
        return None
    gain, unit, post = best
    now, then = list(waiting), list(waiting)
    then[unit] = post
    wins, loses = _changed(ground, now, then)
    return Move(unit, post, float(drives[unit, post]), gain, wins, loses)


def _changed(
    ground: Ground, now: Sequence[int], then: Sequence[int]
) -> tuple[tuple[tuple[int, float | None, float], ...], tuple[tuple[int, float, float | None], ...]]:
    """Which communities come within the target by a move, and which fall out of it."""
    known = np.where(np.isnan(ground.seconds), np.inf, ground.seconds)
    before, after = known[list(now)].min(axis=0), known[list(then)].min(axis=0)
    targets = np.broadcast_to(np.asarray(ground.targets, dtype=np.float64), before.shape)
    calls = ground.demand > 0
    won = np.flatnonzero((before > targets) & (after <= targets) & calls)
    lost = np.flatnonzero((before <= targets) & (after > targets) & calls)
    return (
        tuple((int(c), _finite(before[c]), float(after[c])) for c in won),
        tuple((int(c), float(before[c]), _finite(after[c])) for c in lost),
    )


def _finite(seconds: float) -> float | None:
    return float(seconds) if np.isfinite(seconds) else None
