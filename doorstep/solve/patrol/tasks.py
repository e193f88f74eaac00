"""What is to be patrolled, by whom, and the plan that says so. Times are whole seconds of the shift, from its
begin."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FAR = 10_000_000
"""A travel time that stands for "no way there"."""

Reason = Literal["unreachable", "too_large", "out_of_time", "no_room"]
Kind = Literal["node", "edge", "arc"]
Travel = NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """A point (``node``), a street that may be driven either way (``edge``), or one way only (``arc``).

    ``tail`` and ``head`` are vertices of the road network, the same for a point. ``seconds`` is what serving
    takes, ``back`` the same
    for an edge the other way. ``passes`` 2 = an edge once each way. ``visits`` n = n times, one in each n-th
    of the shift;
    with ``windows`` instead: once in each window. ``weight`` says what is left out last when cars are too few.
    ``area`` is the neighbourhood.
    """

    id: str
    kind: Kind
    tail: int
    head: int
    seconds: int
    back: int | None = None
    demand: int = 0
    passes: int = 1
    visits: int = 1
    windows: tuple[tuple[int, int], ...] = ()
    weight: int = 1
    area: str = ""

    def __post_init__(self) -> None:
        if self.kind == "node" and self.tail != self.head:
            raise ValueError(f"{self.id}: a point has one vertex")
        if self.passes not in (1, 2) or (self.passes == 2 and self.kind != "edge"):
            raise ValueError(f"{self.id}: only an edge is driven once each way")
        if self.visits < 1 or (self.windows and self.visits != 1):
            raise ValueError(f"{self.id}: either a number of visits or windows")
        if self.seconds < 0 or self.demand < 0 or self.weight < 1 or any(a > b for a, b in self.windows):
            raise ValueError(f"{self.id}: seconds, demand, weight or a window make no sense")


@dataclass(frozen=True)
class Car:
    """One car's shift: where it begins and ends (vertices), between which seconds, and how long at most.
    ``ring``: city, district, edge."""

    id: str
    station: str
    start: int
    end: int
    opens: int = 0
    closes: int = FAR
    longest: int = FAR
    capacity: int = 0
    ring: str = ""


@dataclass(frozen=True)
class Shift:
    """Everything a plan is made from. ``travel[a, b]`` = seconds from vertex a to b, ``FAR`` when there is no way."""

    tasks: tuple[Task, ...]
    cars: tuple[Car, ...]
    travel: Travel
    seconds: int = FAR
    done: frozenset[tuple[str, int]] = frozenset()
    """Visits already made."""

    def __post_init__(self) -> None:
        for named in ([t.id for t in self.tasks], [c.id for c in self.cars]):
            if len(set(named)) != len(named):
                raise ValueError("two tasks or two cars have the same name")
        places = [v for t in self.tasks for v in (t.tail, t.head)] + [
            v for c in self.cars for v in (c.start, c.end)
        ]
        if places and not 0 <= min(places) <= max(places) < len(self.travel):
            raise ValueError("a vertex is not on the network")


@dataclass(frozen=True)
class Stop:
    """A task done by a route: which visit (0, 1, …), entered at ``tail`` and left at ``head``."""

    task: str
    visit: int
    tail: int
    head: int
    arrive: int
    begin: int
    leave: int


@dataclass(frozen=True)
class Route:
    """What one car does. ``driving`` = seconds between tasks and from and to the station."""

    car: str
    station: str
    ring: str
    start: int
    end: int
    leaves: int
    returns: int
    driving: int
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Uncovered:
    """A visit that nobody makes, and why."""

    task: str
    visit: int
    reason: Reason


@dataclass(frozen=True)
class Plan:
    """Routes, and by name what they leave out. ``cost`` = driving and serving together."""

    routes: tuple[Route, ...]
    uncovered: tuple[Uncovered, ...] = ()
    cost: int = 0
    rounds: int = field(default=0, compare=False)

    @property
    def coverage(self) -> float:
        """Visits planned, of all visits owed."""
        done = sum(len(route.stops) for route in self.routes)
        owed = done + len(self.uncovered)
        return done / owed if owed else 1.0
