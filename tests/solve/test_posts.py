"""Where units wait, what a move buys, and how long each community waits now."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.solve.duty import Times
from doorstep.solve.posts import Band, Ground, advise, busy_share, by_band, coverage, covered, exchange, place
from doorstep.solve.spoken import advice
from tests.solve.cities import squares


def any_ground(rng: np.random.Generator) -> Ground:
    seconds = rng.uniform(0, 900, (rng.integers(1, 6), rng.integers(1, 9)))
    seconds[rng.random(seconds.shape) < 0.1] = np.nan
    return Ground(seconds, rng.integers(0, 5, seconds.shape[1]).astype(float), 300.0)


@given(st.integers(0, 2**32))
def test_B02_no_placing_covers_more_than_the_one_that_is_called_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ground, busy = any_ground(rng), float(rng.choice([0.0, 0.3, 0.7]))
    posts, units = len(ground.seconds), int(rng.integers(0, 5))
    best = max(
        covered(ground, np.bincount(one, minlength=posts), busy)
        for one in combinations_with_replacement(range(posts), units)
    )
    found, quick = place(ground, units, busy), exchange(ground, units, busy)
    assert found.proven and found.covered == pytest.approx(best, abs=1e-6) and found.counts.sum() == units
    assert best * 0.63 - 1e-9 <= quick.covered <= best + 1e-9 <= quick.bound + 2e-9


def test_B02_a_town_of_thirty_units_has_its_best_posts_proven_in_seconds() -> None:
    town = squares(0.3)
    found, quick = place(town.ground, 30, town.busy), exchange(town.ground, 30, town.busy)
    assert found.proven and quick.covered >= 0.995 * found.covered
    even = np.ones(25, dtype=np.int64)
    assert found.covered > covered(town.ground, even, town.busy) + 0.01


def test_each_band_has_posts_of_its_own() -> None:
    seconds = np.array([[60.0, 900.0], [900.0, 60.0]])
    day = Band("day", 1, 1.0, 1200.0, np.array([9.0, 1.0]))
    night = Band("night", 2, 1.0, 1200.0, np.array([1.0, 9.0]))
    storm = Band("storm", 2, 9.0, 1200.0, np.array([1.0, 9.0]))
    posts = by_band(seconds, 300.0, [day, night, storm])
    assert {name: one.counts.tolist() for name, one in posts.items()} == {
        "day": [1, 0],
        "night": [0, 2],
        "storm": [0, 2],
    }
    assert by_band(seconds, 300.0, [night], most=1)["night"].counts.tolist() == [1, 1]
    assert (
        busy_share(3.0, 1200.0, 4) == 0.25 and busy_share(99.0, 9999.0, 1) == busy_share(1.0, 1.0, 0) == 0.95
    )


def test_what_does_not_fit_is_refused() -> None:
    ground = Ground(np.array([[60.0]]), np.array([1.0]), 300.0)
    for units, busy, most in ((-1, 0.3, None), (1, 1.0, None), (3, 0.3, 2)):
        with pytest.raises(ValueError, match="fit"):
            place(ground, units, busy, most=most)
    with pytest.raises(ValueError, match="demand"):
        Ground(np.array([[60.0]]), np.array([-1.0]), 300.0)


def east_and_west(communities: int = 4) -> Ground:
    """A post in the west with two communities, one in the east with ``communities`` that are seven minutes from the west."""
    seconds = np.full((2, 2 + communities), 420.0)
    seconds[0, :2] = seconds[1, 2:] = 60.0
    return Ground(seconds, np.ones(2 + communities), 180.0)


def test_B02_advice_says_what_it_buys() -> None:
    """Two units wait in the west, none in the east: four communities wait seven minutes otherwise."""
    drives = np.array([[0.0, 400.0], [30.0, 380.0]])
    move = advise(east_and_west(), [0, 0], drives, 0.3)
    assert move and (move.unit, move.post, move.drive_s) == (0, 1, 400.0)
    assert move.wins == tuple((community, 420.0, 60.0) for community in (2, 3, 4, 5)) and move.loses == ()
    assert move.gain == pytest.approx(4 / 6 * 0.7 - 2 / 6 * 0.7 * 0.3)
    told = advice(move, "102 车", "东门")
    assert told.en == "102 车 to 东门 (6 min 40 s): otherwise 4 communities wait up to 7 min."
    assert told.zh == "102 车移到东门（6 分 40 秒）：否则 4 个社区要等到 7 分钟。"
    alone = advise(east_and_west(), [0], drives[:1], 0.3)
    assert alone and alone.loses == ((0, 60.0, 420.0), (1, 60.0, 420.0))
    assert advice(alone, "a", "b").en.endswith("; 2 communities fall beyond the target by it.")


def test_advice_is_silent_where_it_buys_too_little_or_is_too_far() -> None:
    drives = np.array([[0.0, 400.0], [30.0, 380.0]])
    assert advise(east_and_west(), [0, 1], np.array([[0.0, 400.0], [400.0, 0.0]]), 0.3) is None
    assert advise(east_and_west(), [0, 0], drives, 0.3, least=0.5) is None
    assert advise(east_and_west(), [0, 0], drives, 0.3, longest_s=300.0) is None
    assert advise(east_and_west(), [0, 0], drives, 0.3, movable=()) is None
    assert advise(east_and_west(), [], np.zeros((0, 2)), 0.3) is None
    lost = advise(east_and_west(), [0, 0], np.full((2, 2), np.nan), 0.3)
    assert lost is None


def test_coverage_says_who_could_be_where_how_soon_and_does_not_guess() -> None:
    nan, inf = float("nan"), float("inf")
    times = Times(
        np.array([[60.0, inf, nan], [90.0, 300.0, nan], [10.0, 10.0, 10.0]]), np.array([[True] * 3, [False] * 3, [True] * 3])
    )  # fmt: skip
    near, far, unknown = coverage(times, np.array([True, True, False]))
    assert (near.seconds, near.unit, near.routed, near.next_s) == (60.0, 0, True, 90.0)
    assert (far.seconds, far.unit, far.routed, far.next_s) == (300.0, 1, False, None)
    assert (unknown.seconds, unknown.unit) == (None, None)
    assert [one.unit for one in coverage(times, np.zeros(3, dtype=bool))] == [None] * 3
    assert [one.unit for one in coverage(Times.guessed(np.zeros((0, 2))), np.zeros(0, dtype=bool))] == [
        None,
        None,
    ]
