"""Makes patrols by rule: a town with one-way lanes, and shifts of points, streets and lanes on it. The same
seed makes the same."""

import random
from dataclasses import dataclass

from doorstep.solve.patrol.roads import Link, travel_times
from doorstep.solve.patrol.tasks import FAR, Car, Shift, Task

HOURS = 3600


@dataclass(frozen=True)
class Town:
    """Streets both ways and one way, on a grid with gaps; ``area`` of each vertex."""

    vertices: int
    both_ways: tuple[Link, ...]
    one_way: tuple[Link, ...]
    area: tuple[str, ...]


def town(side: int, seed: int, areas: int = 4, lanes: float = 0.15) -> Town:
    """``side`` by ``side`` crossings. Every row and column is whole, so everything can be reached; ``lanes``
    of the rest are one way."""
    chance = random.Random(seed)
    both: list[Link] = []
    one: list[Link] = []
    for x in range(side):
        for y in range(side):
            here = x * side + y
            for nx, ny in ((x + 1, y), (x, y + 1)):
                if nx < side and ny < side:
                    seconds = chance.randint(20, 90)
                    there = nx * side + ny
                    kind = chance.random()
                    if kind < lanes and x % 4 and y % 4:
                        one.append(
                            (here, there, seconds) if chance.random() < 0.5 else (there, here, seconds)
                        )
                    elif kind < 0.9 or not (x % 4 and y % 4):
                        both.append((here, there, seconds))
    wide = -(-side // areas)
    named = tuple(f"area {v // side // wide}-{v % side // wide}" for v in range(side * side))
    both, one, named = _main_part(side * side, both, one, named)
    return Town(len(named), tuple(both), tuple(one), named)


def _main_part(
    vertices: int, both: list[Link], one: list[Link], named: tuple[str, ...]
) -> tuple[list[Link], list[Link], tuple[str, ...]]:
    """Only crossings that one can reach from the first and leave again."""
    far = travel_times(vertices, both, one)
    keep = [v for v in range(vertices) if max(far[0, v], far[v, 0]) < FAR]
    new = {v: nth for nth, v in enumerate(keep)}
    return (
        [(new[a], new[b], s) for a, b, s in both if a in new and b in new],
        [(new[a], new[b], s) for a, b, s in one if a in new and b in new],
        tuple(named[v] for v in keep),
    )


def mixed(side: int, seed: int, points: int, streets: int, lanes: int, load: int) -> tuple[Town, Shift]:
    """General routing without times: points, streets and lanes with demand, one depot, cars of room ``load``."""
    made = town(side, seed)
    chance = random.Random(seed + 1)
    tasks = [
        Task(f"n{v}", "node", v, v, chance.randint(10, 60), demand=chance.randint(1, 10))
        for v in chance.sample(range(made.vertices), points)
    ]
    for name, kind, links, many in (
        ("e", "edge", made.both_ways, streets),
        ("a", "arc", made.one_way, lanes),
    ):
        for a, b, seconds in chance.sample(links, min(many, len(links))):
            tasks.append(Task(f"{name}{a}-{b}", kind, a, b, seconds, demand=chance.randint(1, 10)))
    depot = chance.randrange(made.vertices)
    cars = -(-sum(task.demand for task in tasks) // load) + 3
    fleet = tuple(Car(f"c{n}", "depot", depot, depot, capacity=load) for n in range(cars))
    return made, Shift(tuple(tasks), fleet, travel_times(made.vertices, made.both_ways, made.one_way))


def police(
    seed: int = 1, stations: int = 9, points: int = 60, lines: int = 78, cars: int = 2
) -> tuple[Town, Shift]:
    """A shift of eight hours: points (some at fixed times, some several times), streets (some both ways),
    lanes, stations around."""
    made = town(24, seed, areas=6)
    chance = random.Random(seed + 2)
    tasks = [
        _point(nth, v, made, chance) for nth, v in enumerate(chance.sample(range(made.vertices), points))
    ]
    for nth, (a, b, seconds) in enumerate(chance.sample(made.both_ways, lines * 5 // 6)):
        slow = seconds * 3
        tasks.append(
            Task(
                f"line {nth}",
                "edge",
                a,
                b,
                slow,
                slow + 10,
                passes=2 if nth % 10 == 0 else 1,
                area=made.area[a],
            )
        )
    for nth, (a, b, seconds) in enumerate(chance.sample(made.one_way, lines - lines * 5 // 6)):
        tasks.append(Task(f"lane {nth}", "arc", a, b, seconds * 3, area=made.area[a]))
    homes = chance.sample(range(made.vertices), stations)
    rings = ("city", "district", "edge")
    fleet = [
        Car(f"car {n}-{k}", f"station {n}", home, home, 0, 8 * HOURS, 7 * HOURS, ring=rings[n % 3])
        for n, home in enumerate(homes)
        for k in range(cars)
    ]
    far = travel_times(made.vertices, made.both_ways, made.one_way)
    return made, Shift(tuple(tasks), tuple(fleet), far, 8 * HOURS)


def _point(nth: int, vertex: int, made: Town, chance: random.Random) -> Task:
    area = made.area[vertex]
    stay = chance.choice((300, 600))
    if nth % 4 == 0:
        begin = chance.randint(1, 12) * HOURS // 2
        return Task(
            f"point {nth}", "node", vertex, vertex, stay, windows=((begin, begin + HOURS),), area=area
        )
    return Task(f"point {nth}", "node", vertex, vertex, stay, visits=chance.choice((1, 1, 2, 3)), area=area)
