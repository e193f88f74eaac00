"""Cities whose answers others have printed, and two of our own to rehearse in."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose

import numpy as np
from numpy.typing import NDArray

from doorstep.solve.posts import Ground, busy_share, place
from doorstep.solve.rehearsal import City, Load

THREE = ([0.50, 0.25, 0.35, 0.40], [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1)])
"""The three-server city of Larson and Odoni 5.4.3 by groups of atoms that ask in the same order: 1.5 calls a service time, half of
them in area 1, whose atoms 1 and 2 ask unit 2 next and atom 4 unit 3. The book prints the rates in a figure that we could
not see; of all multiples of .05 only these give its three workloads."""

STEP = 252


@dataclass(frozen=True)
class TwoUnits:
    """The two-unit city of Larson and Odoni 5.3.3 in strips of 1/252: exact, as every border and home lies between two strips.

    The last two places are the homes, where nobody calls.
    """

    rates: NDArray[np.float64]
    orders: list[tuple[int, int]]
    x: NDArray[np.float64]

    @property
    def city(self) -> City:
        """To be played: no queue, and a drive takes no time of its own."""
        far = np.abs(self.x[:, None] - self.x[None, :])
        return City(far, np.array([2 * STEP, 2 * STEP + 1]), (1.0,), classic=True, queue=False)


def larson_city(w: float) -> TwoUnits:
    """Homes at 0.75 and -0.25 of [-1, 1]; half of 1.25 calls a service time east of 0.75; unit 1 is first east of 0.75 - w."""
    assert isclose(w * STEP, round(w * STEP))
    x = np.append((np.arange(-STEP, STEP) + 0.5) / STEP, (0.75, -0.25))
    here = np.append(np.ones(2 * STEP), (0.0, 0.0))
    east = x > 0.75
    rates = 1.25 * here * np.where(east, 0.5 / here[east].sum(), 0.5 / here[~east].sum())
    return TwoUnits(rates, [(0, 1) if one > 0.75 - w else (1, 0) for one in x], x)


def one_queue(units: int) -> City:
    """As many units as one likes at one place, and nothing to drive."""
    return City(np.zeros((1, 1)), np.zeros(units, dtype=np.intp), (1.0,), classic=True)


@dataclass(frozen=True)
class Town:
    """A town to rehearse in: what is driven, what a day brings, what is to be covered from which posts, how busy units count as."""

    city: City
    load: Load
    ground: Ground
    posts: list[int]
    busy: float


def squares(
    load: float, units: int = 30, *, km: float = 20, km_per_h: float = 30, targets: tuple[float, ...] = (480.0,),
    levels: tuple[float, ...] = (1.0,), drive_s: float = 300.0,
) -> Town:  # fmt: skip
    """A square of 12 x 12 places, more calls towards the middle, 25 posts; as many units as given, placed by `place`."""
    size = 12
    side = (np.arange(size) + 0.5) * km * 1000 / size
    x, y = (part.reshape(-1) for part in np.meshgrid(side, side))
    seconds = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]) / (km_per_h / 3.6)
    centre, wide = km * 500, km * 250
    demand = np.exp(-((x - centre) ** 2 + (y - centre) ** 2) / wide**2) + 0.15
    rows = np.linspace(1, size - 2, 5).round().astype(int).tolist()
    posts = [size * row + column for row in rows for column in rows]
    ground = Ground(seconds[posts], demand, targets[-1])
    service_s = 1500.0
    calls = units * load / (service_s + drive_s) * 3600
    busy = busy_share(calls, service_s + drive_s, units)
    homes = np.repeat(np.array(posts), place(ground, units, busy).counts)
    return Town(City(seconds, homes, targets), Load((calls,), demand, levels, service_s), ground, posts, busy)
