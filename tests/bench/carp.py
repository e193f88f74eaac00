"""Reads the public instances of the capacitated arc routing problem: ``from to cost demand`` lines, then
vehicles, capacity, bounds."""

import os
from dataclasses import dataclass
from pathlib import Path

from doorstep.solve.patrol.roads import travel_times
from doorstep.solve.patrol.tasks import Car, Shift, Task

FOLDER = Path(os.environ.get("CARP_INSTANCES", "../shared/bench/carp"))


@dataclass(frozen=True)
class Instance:
    name: str
    vertices: int
    edges: tuple[tuple[int, int, int, int], ...]
    vehicles: int
    capacity: int
    lower: int
    upper: int


def read(path: Path) -> Instance:
    """One file. Vertices are counted from 0, and the depot is the first."""
    numbers = [int(float(word)) for word in path.read_text().split()]
    vertices, count = numbers[:2]
    body, tail = numbers[2 : 2 + 4 * count], numbers[2 + 4 * count :]
    edges = tuple((body[n], body[n + 1], body[n + 2], body[n + 3]) for n in range(0, 4 * count, 4))
    return Instance(path.stem, vertices, edges, tail[0], tail[1], tail[2], tail[3])


def shift(one: Instance, names: list[int] | None = None) -> Shift:
    """The instance as a shift with as many cars as its load could ever want; ``names`` gives each vertex
    another number."""
    name = names or list(range(one.vertices))
    links = [(name[a], name[b], cost) for a, b, cost, _ in one.edges]
    tasks = [
        Task(f"e{nth}", "edge", name[a], name[b], cost, demand=demand)
        for nth, (a, b, cost, demand) in enumerate(one.edges)
        if demand
    ]
    fleet = -(-sum(task.demand for task in tasks) // one.capacity) + 3
    depot = name[0]
    cars = [Car(f"c{nth}", "depot", depot, depot, capacity=one.capacity) for nth in range(fleet)]
    return Shift(tuple(tasks), tuple(cars), travel_times(one.vertices, links))
