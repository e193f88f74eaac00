"""Moves judged with the best directions of everything else on the route (Vidal, Operations Research 65(4), 2017).

A local search that keeps each street's direction while it moves one sees only a part of its neighbours. Here
each position of a route
knows the cheapest way to it and from it, for both of its own directions; joining two such ends is four additions. All
positions are joined with all in a few numpy operations.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from doorstep.solve.patrol.model import Model, Tour
from doorstep.solve.patrol.ways import Ints

NEVER = 1 << 40


class Move(NamedTuple):
    saves: float
    kind: str
    first: int
    second: int


def best_directions(tour: Tour, model: Model) -> Tour:
    """The same duties in the same order, each in the direction that makes the tour cheapest."""
    kind, ways = tour
    if not ways:
        return tour
    start, end = model.ends(kind)
    cost, other = model.cost, model.chart.other
    options = [[start]] + [sorted({way, int(other[way])}) for way in ways] + [[end]]
    reached, came = [0], []
    for before, here in pairwise(options):
        table = [[reached[a] + int(cost[w, h]) for a, w in enumerate(before)] for h in here]
        came.append([row.index(min(row)) for row in table])
        reached = [min(row) for row in table]
    chosen, at = [], 0
    for nth in range(len(ways), 0, -1):
        at = came[nth][at]
        chosen.append(options[nth][at])
    return kind, tuple(reversed(chosen))


@dataclass
class _Laid:
    """All tours of a plan side by side; each begins and ends with its post. ``way[p, d]`` for both directions d."""

    tours: list[Tour]
    way: Ints
    route: Ints
    first: NDArray[np.bool_]
    last: NDArray[np.bool_]
    to: Ints
    after: Ints
    to_reversed: Ints
    after_reversed: Ints
    total: Ints
    load: Ints
    before: Ints
    room: Ints


def improve(tours: list[Tour], model: Model, per_unit: float, steps: int = 30) -> list[Tour]:
    """Best moves until there is none: relocate, swap, exchange of tails (also turned round), turning a
    stretch. Load over the room costs."""
    now = [best_directions(tour, model) for tour in tours if tour[1]]
    for _ in range(steps):
        laid = _lay(now + _idle(now, model), model)
        moves = _moves(laid, model, per_unit)
        if not moves:
            break
        now = _apply(laid, moves, model)
    return now


def _idle(tours: list[Tour], model: Model) -> list[Tour]:
    """One empty tour of each kind of car that is not all used."""
    used = [kind for kind, _ in tours]
    return [(kind, ()) for kind, (_, cars) in enumerate(model.kinds) if used.count(kind) < len(cars)]


def _lay(tours: list[Tour], model: Model) -> _Laid:
    cost, other = model.cost, model.chart.other
    way: list[tuple[int, int]] = []
    route: list[int] = []
    ends: list[tuple[bool, bool]] = []
    chains = []
    for nth, (kind, ways) in enumerate(tours):
        start, end = model.ends(kind)
        chain = [(start, start), *((w, int(other[w])) for w in ways), (end, end)]
        chains.append(_chain(chain, cost))
        way += chain
        route += [nth] * len(chain)
        ends += [(at == 0, at == len(chain) - 1) for at in range(len(chain))]
    to, after, back_to, back_after = (np.concatenate([chain[part] for chain in chains]) for part in range(4))
    ways_at = np.array(way, dtype=np.int64)
    routes = np.array(route, dtype=np.int64)
    edge = np.array(ends, dtype=bool)
    duty = np.array([one.duty for one in model.chart.ways] + [-1] * len(model.chart.posts))
    demand = np.where(edge.any(axis=1), 0, np.append(model.demand, 0)[duty[ways_at[:, 0]]])
    load = np.bincount(routes, weights=demand, minlength=len(tours)).astype(np.int64)
    running = np.cumsum(demand)
    begun = running[edge[:, 0]] if len(tours) else running
    room = np.array([model.kinds[kind][0][5] for kind, _ in tours], dtype=np.int64)
    total = to[edge[:, 1], 0]
    return _Laid(
        tours, ways_at, routes, edge[:, 0], edge[:, 1], to, after, back_to, back_after, total, load,
        running - begun[routes], room,
    )  # fmt: skip


def _chain(chain: list[tuple[int, int]], cost: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Cheapest from the start to each position, from each to the end, and both for the tour driven from its
    last stop to its first."""
    rows = cost  # the matrix is asked pair by pair: routes are short
    turned = [chain[0], *reversed(chain[1:-1]), chain[-1]]
    to, after = _both(chain, rows)
    back_to, back_after = _both(turned, rows)
    order = np.array([0, *range(len(chain) - 2, 0, -1), len(chain) - 1])
    return to, after, back_to[order], back_after[order]


def _both(chain: list[tuple[int, int]], cost: Ints) -> tuple[Ints, Ints]:
    item = cost.item
    links = [
        (item(a0, b0), item(a1, b0), item(a0, b1), item(a1, b1)) for (a0, a1), (b0, b1) in pairwise(chain)
    ]
    x = y = 0
    to = [(0, 0)]
    for c00, c10, c01, c11 in links:
        x, y = min(x + c00, y + c10), min(x + c01, y + c11)
        to.append((x, y))
    x = y = 0
    after = [(0, 0)]
    for c00, c10, c01, c11 in reversed(links):
        x, y = min(c00 + x, c01 + y), min(c10 + x, c11 + y)
        after.append((x, y))
    return np.array(to, dtype=np.int64), np.array(after[::-1], dtype=np.int64)


def _joins(laid: _Laid, cost: Ints) -> tuple[Ints, Ints]:
    """``came[u, d, p]``: cheapest to p and then u in direction d; ``goes[u, d, q]``: from u in direction d to
    q and home."""
    way = laid.way
    size = len(way)
    came = np.empty((size, 2, size), dtype=np.int64)
    goes = np.empty((size, 2, size), dtype=np.int64)
    for d in (0, 1):
        into = [laid.to[:, a][:, None] + cost[np.ix_(way[:, a], way[:, d])] for a in (0, 1)]
        came[:, d, :] = np.minimum(into[0], into[1]).T
        away = [cost[np.ix_(way[:, d], way[:, c])] + laid.after[:, c][None, :] for c in (0, 1)]
        goes[:, d, :] = np.minimum(away[0], away[1])
    return came, goes


def _moves(laid: _Laid, model: Model, per_unit: float) -> list[Move]:
    came, goes = _joins(laid, model.cost)
    found: list[Move] = []
    over = per_unit * np.maximum(0, laid.load - laid.room)
    paid = laid.total + over
    for judge in (_relocations, _swaps):
        found += judge(laid, came, goes, paid, per_unit)
    found += _tails(laid, model.cost, came, paid, per_unit)
    found += _stretches(laid, model)
    return sorted(found)


def _least(kind: str, change: NDArray[np.float64], keep: int = 12) -> list[Move]:
    flat = change.ravel()
    if flat.size == 0:
        return []
    keep = min(keep, flat.size)
    best = np.argpartition(flat, keep - 1)[:keep]
    width = change.shape[1]
    return [Move(float(flat[at]), kind, int(at) // width, int(at) % width) for at in best if flat[at] < -0.5]


def _demands(laid: _Laid) -> Ints:
    before = laid.before
    return np.where(laid.first | laid.last, 0, np.diff(before, prepend=0))


def _relocations(laid: _Laid, came: Ints, goes: Ints, paid: Ints, per_unit: float) -> list[Move]:
    """Position u out of its tour and behind position p of another."""
    route, demand = laid.route, _demands(laid)
    inner = ~(laid.first | laid.last)
    after = np.roll(np.arange(len(route)), -1)
    inserted = np.minimum(came[:, 0, :] + goes[:, 0, after], came[:, 1, :] + goes[:, 1, after]).astype(float)
    inserted += per_unit * np.maximum(
        0, laid.load[route][None, :] + demand[:, None] - laid.room[route][None, :]
    )
    taken = _without(laid, came) + per_unit * np.maximum(0, laid.load[route] - demand - laid.room[route])
    change = inserted - paid[route][None, :] + (taken - paid[route])[:, None]
    change[~inner, :] = NEVER
    change[:, laid.last] = NEVER
    change[route[:, None] == route[None, :]] = NEVER
    return _least("relocate", change)


def _without(laid: _Laid, came: Ints) -> Ints:
    """What the tour of each inner position costs without it."""
    size = len(laid.route)
    at = np.arange(size)
    before, after = np.roll(at, 1), np.roll(at, -1)
    joined: Ints = came[after, :, before] + laid.after[after]
    best: Ints = joined.min(axis=1)
    return best


def _swaps(laid: _Laid, came: Ints, goes: Ints, paid: Ints, per_unit: float) -> list[Move]:
    """Position u where v stands and v where u stands, in two tours."""
    route, demand = laid.route, _demands(laid)
    at = np.arange(len(route))
    before, after = np.roll(at, 1), np.roll(at, -1)
    put = np.minimum(came[:, 0, before] + goes[:, 0, after], came[:, 1, before] + goes[:, 1, after]).astype(
        float
    )
    change_of_load = demand[:, None] - demand[None, :]
    put += per_unit * np.maximum(0, laid.load[route][None, :] + change_of_load - laid.room[route][None, :])
    put -= paid[route][None, :]
    change = put + put.T
    edge = laid.first | laid.last
    change[edge, :] = NEVER
    change[:, edge] = NEVER
    change[(route[:, None] == route[None, :]) | (at[:, None] > at[None, :])] = NEVER
    return _least("swap", change)


def _tails(laid: _Laid, cost: Ints, came: Ints, paid: Ints, per_unit: float) -> list[Move]:
    """What stands behind p and behind q changes places; or both parts are joined turned round."""
    route, before = laid.route, laid.before
    size = len(route)
    after = np.roll(np.arange(size), -1)
    joined = (came + laid.after[:, :, None]).min(axis=1).T
    load, room = laid.load[route], laid.room[route]
    first = before[:, None] + (load - before)[None, :]
    crossed = joined[:, after] + per_unit * np.maximum(0, first - room[:, None])
    straight = crossed + crossed.T - (paid[route][:, None] + paid[route][None, :])
    barred = (route[:, None] >= route[None, :]) | laid.last[:, None] | laid.last[None, :]
    straight = np.where(barred, NEVER, straight)
    heads, ends = _turned(laid, cost, came)
    front = heads + per_unit * np.maximum(0, before[:, None] + before[None, :] - room[:, None])
    rest = load - before
    back = ends[np.ix_(after, after)] + per_unit * np.maximum(
        0, rest[:, None] + rest[None, :] - room[None, :]
    )
    turned = np.where(barred, NEVER, front + back - (paid[route][:, None] + paid[route][None, :]))
    return _least("tails", straight) + _least("turned", turned)


def _turned(laid: _Laid, cost: Ints, came: Ints) -> tuple[Ints, Ints]:
    """``heads[p, q]``: to p, then q and back over what stood before q. ``ends[p, q]``: over what stood behind
    p to p, then q and on."""
    way = laid.way
    final = np.flatnonzero(laid.last)[laid.route]
    heads = (came + laid.after_reversed[:, :, None]).min(axis=1).T
    # Behind the first post nothing is left to turn: then p goes straight home.
    straight = np.minimum(*(laid.to[:, a] + cost[way[:, a], way[final, 0]] for a in (0, 1)))
    heads = np.where(laid.first[None, :], straight[:, None], heads)
    begin = np.flatnonzero(laid.first)[laid.route]
    ends = np.full(heads.shape, NEVER, dtype=np.int64)
    for a in (0, 1):
        for c in (0, 1):
            link = (
                laid.to_reversed[:, a][:, None]
                + cost[np.ix_(way[:, a], way[:, c])]
                + laid.after[:, c][None, :]
            )
            ends = np.minimum(ends, link)
    onward = np.minimum(*(cost[way[begin, 0], way[:, c]] + laid.after[:, c] for c in (0, 1)))
    return heads, np.where(laid.last[:, None], onward[None, :], ends)


def _stretches(laid: _Laid, model: Model) -> list[Move]:
    """The positions i to j of one tour driven from j to i, each street the other way."""
    cost, other = model.cost, np.append(model.chart.other, np.arange(model.size, len(model.cost)))
    now = laid.way[:, 0]
    flip = other[now]
    at = np.arange(len(now))
    after, before = np.roll(at, -1), np.roll(at, 1)
    forth = np.concatenate([[0], np.cumsum(cost[now[:-1], now[1:]])])
    back = np.concatenate([[0], np.cumsum(cost[flip[1:], flip[:-1]])])
    inside = (back - forth)[None, :] - (back - forth)[:, None]
    enters = cost[now[before][:, None], flip[None, :]] - cost[now[before], now][:, None]
    leaves = cost[flip[:, None], now[after][None, :]] - cost[now, now[after]][None, :]
    change = (inside + enters + leaves).astype(float)
    edge = laid.first | laid.last
    same = (laid.route[:, None] == laid.route[None, :]) & (at[:, None] <= at[None, :])
    change[~same] = NEVER
    change[edge, :] = NEVER
    change[:, edge] = NEVER
    return _least("stretch", change)


def _apply(laid: _Laid, moves: list[Move], model: Model) -> list[Tour]:
    """The best move, and those after it that touch none of its tours."""
    tours = [list(ways) for _, ways in laid.tours]
    start = np.flatnonzero(laid.first)
    touched: set[int] = set()
    for move in moves:
        one, two = int(laid.route[move.first]), int(laid.route[move.second])
        if touched & {one, two}:
            continue
        touched |= {one, two}
        p, q = move.first - int(start[one]), move.second - int(start[two])
        _make(tours, move.kind, one, two, p, q, model)
    result = [(kind, tuple(ways)) for (kind, _), ways in zip(laid.tours, tours, strict=True) if ways]
    return [best_directions(tour, model) for tour in result]


def _make(tours: list[list[int]], kind: str, one: int, two: int, p: int, q: int, model: Model) -> None:
    """Positions count from the post at 0: the way at p is ``tours[one][p - 1]``."""
    a, b = tours[one], tours[two]
    if kind == "relocate":
        b.insert(q, a.pop(p - 1))
    elif kind == "swap":
        a[p - 1], b[q - 1] = b[q - 1], a[p - 1]
    elif kind == "tails":
        tours[one], tours[two] = a[:p] + b[q:], b[:q] + a[p:]
    elif kind == "turned":
        tours[one], tours[two] = a[:p] + _flipped(b[:q], model), _flipped(a[p:], model) + b[q:]
    else:
        tours[one] = a[: p - 1] + _flipped(a[p - 1 : q], model) + a[q:]


def _flipped(ways: list[int], model: Model) -> list[int]:
    return [int(model.chart.other[way]) for way in reversed(ways)]
