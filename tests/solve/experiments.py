"""What the rehearsal is held to, as long or short as asked: quick in the tests, precise in `python -m tests.bench.solve`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from doorstep.solve.duty import Rules
from doorstep.solve.policy import InOrder, Joint, Nearest, Relocating
from doorstep.solve.rehearsal import City, Load, Played, drawn, interval, rehearse
from tests.solve.cities import THREE, larson_city, one_queue, squares

HOUR = 3600.0
ERLANG = 0.668732
TWO_UNITS = ((1 / 2, 0.46246), (53 / 126, 0.46166))
THREE_BUSY = (0.5574, 0.4734, 0.4693)


def ten_units(seed: int, service_times: float) -> tuple[float, float]:
    """M/M/10 with nine calls a service time (an hour), the first thousand calls left out: mean wait as played, and held steady.

    Long queues come seldom, so that millions of calls still leave the mean a per cent off. The same calls at one server ten
    times as quick (M/M/1, by Lindley's recursion, no line of the engine) wait 0.9 in the mean, exactly, and are as unlucky as
    ours: what they are above 0.9 is taken off.
    """
    calls = drawn(Load((9.0,), np.ones(1), service_s=HOUR), seed, service_times * HOUR)
    played = float(rehearse(one_queue(10), calls, Nearest()).waits[1000:].mean()) / HOUR
    steps = np.append(0.0, np.cumsum(calls.service[:-1] / 10 - np.diff(calls.at)))
    single = float((steps - np.minimum.accumulate(steps))[1000:].mean()) / HOUR
    return played, played - (single - 0.9)


def two_units(w: float, runs: int, service_times: float) -> tuple[float, float]:
    """Mean way in the two-unit city, and the share of calls that find both units busy."""
    book = larson_city(w)
    load = Load((1.25,), book.rates, service_s=HOUR)
    played = [
        rehearse(book.city, drawn(load, seed, HOUR * service_times), InOrder(book.orders))
        for seed in range(runs)
    ]
    lost = sum(one.lost for one in played) / sum(len(one.waits) for one in played)
    return float(np.mean([one.mean() for one in played])), lost


def three_servers(seed: int, service_times: float) -> NDArray[np.float64]:
    """How busy the three servers of the book are when played."""
    rates, orders = THREE
    city = City(np.zeros((4, 4)), np.array([0, 2, 3]), (1.0,), classic=True)
    calls = drawn(Load((1.5,), np.array(rates), service_s=HOUR), seed, HOUR * service_times)
    return rehearse(city, calls, InOrder(orders)).busy


@dataclass(frozen=True)
class Compared:
    """Two policies on the same calls."""

    late: tuple[float, float]
    """Mean late shares, the plainer policy first."""
    difference: tuple[float, float, float]
    """Of late shares: mean and the ends of its 95 % interval."""
    seconds: tuple[float, float, float]
    """Of mean responses."""


def compared(pairs: Iterable[tuple[Played, Played]]) -> Compared:
    """Paired by their calls."""
    late, mean = [], []
    for plain, other in pairs:
        late.append((plain.late_share(), other.late_share()))
        mean.append(other.mean() - plain.mean())
    first, second = np.mean(late, axis=0).tolist()
    return Compared((first, second), interval([b - a for a, b in late]), interval(mean))


def relocation(seeds: Iterable[int], seconds: float) -> Compared:
    """Static posts against moving the freed unit: 30 units, 30 % busy, 20 x 20 km at 30 km/h, target eight minutes."""
    town = squares(0.30)
    mover = Relocating(Nearest(), town.ground, town.posts, town.busy)
    drawn_calls = (drawn(town.load, seed, seconds) for seed in seeds)
    return compared((rehearse(town.city, c, Nearest()), rehearse(town.city, c, mover)) for c in drawn_calls)


def replays(seeds: Iterable[int], seconds: float, rules: Rules) -> Compared:
    """Nearest first against all together: 30 units, 70 % busy, 6 x 6 km, three levels of one, three and five minutes."""
    town = squares(0.7, km=6, targets=(60.0, 180.0, 300.0), levels=(0.2, 0.4, 0.4), drive_s=150.0)
    drawn_calls = (drawn(town.load, seed, seconds) for seed in seeds)
    return compared(
        (rehearse(town.city, c, Nearest()), rehearse(town.city, c, Joint(rules))) for c in drawn_calls
    )
