"""A cordon that is said to hold does: checked by searches of its own, which know nothing of flows."""

from __future__ import annotations

import heapq
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.solve.containment import Cordon, Streets, contain

SIDE = 9
HASTE, SETUP, DRIVE = 0.7, 60.0, 0.85


def town(seed: int) -> Streets:
    """A lattice with a river through its middle and two bridges; roads leave it at its edge."""
    dice = random.Random(seed)
    bridges = set(dice.sample(range(SIDE), 2))
    links = []
    for x in range(SIDE):
        for y in range(SIDE):
            for ahead in ((x + 1, y), (x, y + 1)):
                wet = ahead[1] == SIDE // 2 + 1 and ahead[1] != y
                if max(ahead) < SIDE and (not wet or x in bridges):
                    links.append((x * SIDE + y, ahead[0] * SIDE + ahead[1], dice.uniform(20, 70), wet))
    both = links + [(b, a, s, wet) for a, b, s, wet in links]
    rim = np.zeros(SIDE * SIDE, np.bool_)
    rim[[0, SIDE - 1, SIDE * (SIDE - 1), SIDE * SIDE - 1]] = True
    tail, head, seconds, narrow = (np.array(one) for one in zip(*both, strict=True))
    return Streets(SIDE * SIDE, tail, head, seconds, narrow, np.zeros(len(both), np.bool_), rim)


def walked(streets: Streets, start: list[int], factor: float, closed: set[int] = frozenset()) -> list[float]:  # type: ignore[assignment]
    """Seconds from the nearest start to each node without the closed links, by a heap."""
    found = [np.inf] * streets.nodes
    heap = [(0.0, one) for one in start]
    while heap:
        at, node = heapq.heappop(heap)
        if at < found[node]:
            found[node] = at
            for k in np.flatnonzero(streets.tail == node):
                if k not in closed:
                    heapq.heappush(heap, (at + float(streets.seconds[k]) * factor, int(streets.head[k])))
    return found


def manned_in_time(streets: Streets, told: Cordon, start: list[int], age: float, units: list[int]) -> None:
    fleeing = walked(streets, start, HASTE)
    assert (
        len({one.unit for one in told.orders}) == len({one.link for one in told.orders}) == len(told.orders)
    )
    for one in told.orders:
        tail = int(streets.tail[one.link])
        there = walked(streets, [units[one.unit]], DRIVE)[tail] + SETUP
        assert one.there_s == pytest.approx(there, abs=0.01)
        assert one.slack_s == pytest.approx(fleeing[tail] - age - there, abs=0.01)
        assert one.slack_s >= 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), cars=st.integers(0, 14), age=st.sampled_from((0, 30, 90, 200)))
def test_B04_a_cordon_that_holds_lets_nobody_out(seed: int, cars: int, age: int) -> None:
    dice = random.Random(seed)
    streets = town(seed)
    start = [dice.randrange(10, SIDE * SIDE - 10)]
    units = [dice.randrange(SIDE * SIDE) for _ in range(cars)]
    told = contain(streets, start, age, units, haste=HASTE, setup_s=SETUP, drive=DRIVE)
    manned_in_time(streets, told, start, age, units)
    without = walked(streets, start, HASTE, {one.link for one in told.orders})
    assert [one < np.inf for one in without] == told.inside.tolist()
    out = [
        n for n, s in enumerate(without) if s < np.inf and (streets.rim[n] or told.flee[n] >= told.horizon_s)
    ]
    assert told.holds == (not out) or (not told.holds and not told.orders)
    assert not told.holds or not told.gaps


def _two_banks(far: float) -> Streets:
    """Here - bridge - there - two roads out; a car waits ``far`` seconds from the bridge's other end."""
    rows = [(0, 1, 300.0), (1, 2, 60.0), (2, 3, 900.0), (2, 4, 900.0), (5, 2, far)]
    rows += [(b, a, s) for a, b, s in rows]
    tail, head, seconds = (np.array(one) for one in zip(*rows, strict=True))
    narrow = np.isin(np.arange(len(rows)), (1, 6))
    rim = np.array([False, False, False, True, True, False])
    return Streets(6, tail, head, seconds, narrow, np.zeros(len(rows), np.bool_), rim)


def test_B04_one_bridge_is_closed_by_one_car_and_a_later_car_cannot() -> None:
    near, late = _two_banks(20), _two_banks(2_000)
    told = contain(near, [0], 30, [5], haste=1, setup_s=60, drive=1)
    assert told.holds and [int(near.tail[one.link]) for one in told.orders] == [1]
    told = contain(late, [0], 30, [5], haste=1, setup_s=60, drive=1)
    assert not told.holds and told.gaps and not told.orders
    two = contain(near, [0], 420, [5, 2], haste=1, setup_s=60, drive=1)
    assert not two.holds or {int(near.tail[one.link]) for one in two.orders} <= {1, 2}


def test_B04_as_time_passes_the_cordon_widens() -> None:
    streets = town(7)
    start, units = [SIDE * 4 + 2], list(range(0, SIDE * SIDE, 7))
    found = [contain(streets, start, age, units, haste=1.0) for age in (0, 120, 240)]
    assert found[0].holds
    inside = [int(one.inside.sum()) for one in found if one.holds]
    assert inside == sorted(inside)


def test_B04_nothing_impossible_is_an_exception() -> None:
    streets = town(1)
    told = contain(streets, [40], 10_000, [3, 5])
    assert not told.holds and not told.orders
    assert not contain(streets, [0], 10, [1]).holds, "they were seen where the map ends"
    with pytest.raises(ValueError, match="future"):
        contain(streets, [40], -1, [])
