"""The ways of doing what is owed: each visit of each task once, in one direction or the other.

A *duty* is one visit of one task; a *way* is a duty with its direction. Between ways one drives the shortest
way, so a plan is an order of
ways for each car, one way for each duty.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from doorstep.solve.patrol.tasks import FAR, Car, Reason, Shift, Task, Uncovered

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Duty:
    task: Task
    visit: int
    opens: int
    closes: int


@dataclass(frozen=True)
class Way:
    duty: int
    tail: int
    head: int
    seconds: int


@dataclass(frozen=True)
class Chart:
    """Duties that somebody can reach, their ways, and matrices over ``[ways..., posts...]``, where posts are
    starts and ends of cars.

    ``drive[a, b]`` = seconds from leaving a to entering b. ``other[w]`` = the same duty the other way, or w itself.
    """

    duties: tuple[Duty, ...]
    ways: tuple[Way, ...]
    posts: tuple[int, ...]
    drive: Ints
    other: Ints
    left_out: tuple[Uncovered, ...]

    def post(self, vertex: int) -> int:
        """The index of a post in the matrices."""
        return len(self.ways) + self.posts.index(vertex)

    @property
    def cost(self) -> Ints:
        """Driving to b and doing it."""
        serve = np.array([way.seconds for way in self.ways] + [0] * len(self.posts), dtype=np.int64)
        return self.drive + serve[None, :]

    def ways_of(self) -> list[list[int]]:
        """For each duty its ways."""
        found: list[list[int]] = [[] for _ in self.duties]
        for index, way in enumerate(self.ways):
            found[way.duty].append(index)
        return found


def chart(shift: Shift) -> Chart:
    """Everything owed as ways; what no car could do even alone is left out with its reason."""
    duties: list[Duty] = []
    ways: list[Way] = []
    left_out: list[Uncovered] = []
    for task in shift.tasks:
        for visit, (duty, directions) in enumerate(_owed(task, shift.seconds)):
            if (task.id, visit) in shift.done:
                continue
            reason = _impossible(shift, duty, directions)
            if reason:
                left_out.append(Uncovered(task.id, visit, reason))
                continue
            ways += [Way(len(duties), *direction) for direction in directions]
            duties.append(duty)
    posts = tuple(sorted({vertex for car in shift.cars for vertex in (car.start, car.end)}))
    return Chart(
        tuple(duties), tuple(ways), posts, _drive(shift, ways, posts), _others(ways), tuple(left_out)
    )


Direction = tuple[int, int, int]


def _owed(task: Task, length: int) -> list[tuple[Duty, list[Direction]]]:
    forth = (task.tail, task.head, task.seconds)
    back = (task.head, task.tail, task.seconds if task.back is None else task.back)
    each = [[forth], [back]] if task.passes == 2 else [[forth, back] if task.kind == "edge" else [forth]]
    spans = task.windows or tuple(
        (length * nth // task.visits, length * (nth + 1) // task.visits) for nth in range(task.visits)
    )
    pairs = [(span, directions) for span in spans for directions in each]
    return [(Duty(task, nth, *span), directions) for nth, (span, directions) in enumerate(pairs)]


def _impossible(shift: Shift, duty: Duty, directions: list[Direction]) -> Reason | None:
    """Why no car could do this even if it did nothing else."""
    reasons: list[Reason] = []
    for car in shift.cars:
        for direction in directions:
            reason = _alone(shift, car, duty, direction)
            if reason is None:
                return None
            reasons.append(reason)
    for reason in _SAID_FIRST:
        if reason in reasons:
            return reason
    return "no_room"


_SAID_FIRST: tuple[Reason, ...] = ("out_of_time", "too_large", "unreachable")


def _alone(shift: Shift, car: Car, duty: Duty, direction: Direction) -> Reason | None:
    tail, head, seconds = direction
    there, home = int(shift.travel[car.start, tail]), int(shift.travel[head, car.end])
    if max(there, home) >= FAR:
        return "unreachable"
    if duty.task.demand > car.capacity:
        return "too_large"
    begin = max(car.opens + there, duty.opens)
    if begin > duty.closes or begin + seconds + home > car.closes or there + seconds + home > car.longest:
        return "out_of_time"
    return None


def _drive(shift: Shift, ways: list[Way], posts: tuple[int, ...]) -> Ints:
    heads = [way.head for way in ways] + list(posts)
    tails = [way.tail for way in ways] + list(posts)
    return shift.travel[np.ix_(heads, tails)] if heads else np.zeros((0, 0), dtype=np.int64)


def _others(ways: list[Way]) -> Ints:
    other = np.arange(len(ways))
    for index in range(1, len(ways)):
        if ways[index].duty == ways[index - 1].duty:
            other[index], other[index - 1] = index - 1, index
    return other
