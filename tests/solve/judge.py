"""Judges a patrol plan by itself: its own shortest ways, its own sums, nothing of the solver but the plan's words.

Written from the definition of the task alone; it must never import from the solver.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Link = tuple[int, int, int]


def shortest(vertices: int, both_ways: Iterable[Link], one_way: Iterable[Link] = ()) -> list[list[float]]:
    """Seconds from each vertex to each, by Dijkstra from every vertex."""
    out: list[list[tuple[int, int]]] = [[] for _ in range(vertices)]
    for a, b, cost in both_ways:
        out[a].append((b, cost))
        out[b].append((a, cost))
    for a, b, cost in one_way:
        out[a].append((b, cost))
    return [_from(vertex, out) for vertex in range(vertices)]


def _from(source: int, out: list[list[tuple[int, int]]]) -> list[float]:
    found = [float("inf")] * len(out)
    found[source] = 0
    heap = [(0.0, source)]
    while heap:
        so_far, here = heapq.heappop(heap)
        if so_far > found[here]:
            continue
        for there, cost in out[here]:
            if so_far + cost < found[there]:
                found[there] = so_far + cost
                heapq.heappush(heap, (so_far + cost, there))
    return found


def carp(routes: Sequence[Sequence[tuple[str, int, int]]], edges: Mapping[str, tuple[int, int, int, int]],
         far: list[list[float]], depot: int, capacity: int) -> float:  # fmt: skip
    """What a capacitated arc routing plan costs. A route is (edge, entered at, left at)…; AssertionError if it
    breaks a rule."""
    served: list[str] = []
    total = 0.0
    for route in routes:
        here, load = depot, 0
        for name, tail, head in route:
            a, b, cost, demand = edges[name]
            assert (tail, head) in ((a, b), (b, a)), f"{name} does not lie between {tail} and {head}"
            total += far[here][tail] + cost
            here, load = head, load + demand
            served.append(name)
        total += far[here][depot]
        assert load <= capacity, f"a car holds {load} of {capacity}"
    owed = sorted(name for name, (_, _, _, demand) in edges.items() if demand)
    assert sorted(served) == owed, "not every edge is served exactly once"
    return total


def shift(plan: Any, tasks: Sequence[Any], cars: Sequence[Any], far: list[list[float]], length: int) -> float:
    """What a shift's plan costs; AssertionError unless each time, window, limit and direction is right and
    nothing is dropped unsaid."""
    named, fleet = {task.id: task for task in tasks}, {car.id: car for car in cars}
    done: list[tuple[str, int]] = []
    total = 0.0
    assert len({route.car for route in plan.routes}) == len(plan.routes), "a car drives two routes"
    for route in plan.routes:
        total += _route(route, named, fleet[route.car], far, length)
        done += [(stop.task, stop.visit) for stop in route.stops]
    done += [(one.task, one.visit) for one in plan.uncovered]
    owed = [(task.id, n) for task in tasks for n in range(task.passes * (len(task.windows) or task.visits))]
    assert sorted(done) == sorted(owed), "something is owed and neither planned nor named, or done twice"
    _passes(plan, named)
    return total


def _route(route: Any, named: Mapping[str, Any], car: Any, far: list[list[float]], length: int) -> float:
    here, now, load, total = car.start, route.leaves, 0, 0.0
    assert route.leaves >= car.opens
    for stop in route.stops:
        task = named[stop.task]
        ways = {(task.tail, task.head): task.seconds}
        if task.kind == "edge":
            ways[task.head, task.tail] = task.seconds if task.back is None else task.back
        serving = ways[stop.tail, stop.head]
        nth = stop.visit // task.passes
        spans = task.windows or [
            (length * n // task.visits, length * (n + 1) // task.visits) for n in range(task.visits)
        ]
        assert stop.arrive >= now + far[here][stop.tail], f"{stop.task}: nobody drives that fast"
        assert max(spans[nth][0], stop.arrive) <= stop.begin <= spans[nth][1], (
            f"{stop.task}: outside its window"
        )
        assert stop.leave >= stop.begin + serving
        total += far[here][stop.tail] + serving
        here, now, load = stop.head, stop.leave, load + task.demand
    total += far[here][car.end]
    assert route.returns >= now + far[here][car.end] and route.returns <= car.closes
    assert route.returns - route.leaves <= car.longest and load <= car.capacity
    return total


def _passes(plan: Any, named: Mapping[str, Any]) -> None:
    """Of an edge owed both ways, each way was driven."""
    ways: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for stop in (stop for route in plan.routes for stop in route.stops):
        task = named[stop.task]
        if task.passes == 2:
            ways.setdefault((task.id, stop.visit // 2), []).append((stop.tail, stop.head))
    for driven in ways.values():
        assert len(set(driven)) == len(driven), "the same way twice"
