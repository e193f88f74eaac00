"""The exact model against figures that others printed."""

from __future__ import annotations

import numpy as np
import pytest

from doorstep.solve.hypercube import hypercube
from tests.solve.cities import THREE, larson_city


def test_B02_three_servers_are_as_busy_as_the_book_says() -> None:
    """Larson and Odoni, Urban Operations Research, 5.4.3 and 5.5.3: exact workloads .5574 .4734 .4693."""
    assert hypercube(*THREE).workloads.round(4).tolist() == [0.5574, 0.4734, 0.4693]


@pytest.mark.parametrize(("w", "mean"), [(1 / 2, 0.46246), (53 / 126, 0.46166)])
def test_B02_the_two_unit_city_has_the_mean_way_of_the_book(w: float, mean: float) -> None:
    """Larson and Odoni, 5.3.3: nearest first is not best; the better border lies nearer to the busy unit."""
    book = larson_city(w)
    long_run = hypercube(book.rates, book.orders, queue=False)
    assert long_run.travel(book.city.seconds[book.city.posts]) == pytest.approx(mean, abs=5e-6)


def test_B02_ten_units_of_one_queue_wait_as_erlang_says() -> None:
    """M/M/10 with nine calls a service time: Erlang C .668732, so Wq = .668732; Erlang B .167963."""
    waiting = hypercube([9.0], [range(10)])
    assert (waiting.queued, waiting.wait) == (
        pytest.approx(0.668732, abs=1e-6),
        pytest.approx(0.668732, abs=1e-6),
    )
    assert hypercube([9.0], [range(10)], queue=False).queued == pytest.approx(0.167963, abs=1e-6)


def test_two_like_units_share_the_work_as_the_closed_form_says() -> None:
    """A quiz of MIT's 1.203J: two like units, one call a service time each, none waits: each busy 2/5 of the time, both a fifth."""
    long_run = hypercube([1.0, 1.0], [(0, 1), (1, 0)], mu=2.0, queue=False)
    assert long_run.workloads == pytest.approx([0.4, 0.4]) and long_run.queued == pytest.approx(0.2)
    assert long_run.sent[0, 1] == pytest.approx(0.1) and np.sum(long_run.sent) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("rates", "orders"),
    [([1.0], [(0, 0)]), ([1.0], []), ([3.0], [(0, 1)]), ([-1.0], [(0, 1)]), ([float("nan")], [(0,)]), ([0.0], [(0,)])],
)  # fmt: skip
def test_a_city_that_cannot_be_is_refused(rates: list[float], orders: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        hypercube(rates, orders)
