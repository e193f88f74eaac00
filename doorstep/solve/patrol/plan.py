"""Plans a shift's patrol, and mends a plan when a car drops out or is called away."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from doorstep.solve.patrol.model import Model, Tour
from doorstep.solve.patrol.search import Search, Settings, Stop
from doorstep.solve.patrol.tasks import FAR, Car, Plan, Route, Shift, Uncovered
from doorstep.solve.patrol.tasks import Stop as Visit
from doorstep.solve.patrol.turns import best_directions
from doorstep.solve.patrol.ways import Chart, Ints, chart


@dataclass(frozen=True)
class Surprise:
    """How far a plan may stray from the cheapest, so that nobody can know it from yesterday's.

    ``jitter``: each drive seems longer or shorter by up to this share while the plan is made. ``turn``: a tour
    is driven the other way
    round, half of the time, if that costs no more than this share. ``delay``: cars leave up to so many seconds
    late, if nothing is missed by it.
    The seed of the plan is a secret of the day.
    """

    jitter: float = 0.4
    turn: float = 0.03
    delay: int = 1200


def plan(
    shift: Shift,
    seed: int = 0,
    stop: Stop = Stop(),  # noqa: B008 (frozen)
    surprise: Surprise | None = None,
    like: Plan | None = None,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
) -> Plan:
    """Routes for all cars: every visit owed is in one of them, or named in ``uncovered`` with its reason.

    ``like`` is a plan to begin with. The same seed and a stop by rounds give the same plan.
    """
    laid = chart(shift)
    if not laid.duties:
        return Plan((), laid.left_out)
    chance = random.Random(seed)  # noqa: S311 (the caller's secret; a plan must be repeatable from it)
    drive = _jittered(laid, surprise, seed)
    model = Model(shift, laid, drive)
    tours, rounds = _searched(model, Model(shift, laid, drive, must=False), like, seed, stop, settings)
    if surprise is not None:
        tours = [_turned(tour, model, surprise, chance) for tour in tours]
    return _told(tours, shift, laid, model, chance, surprise, rounds)


def _searched(
    whole: Model, part: Model, like: Plan | None, seed: int, stop: Stop, settings: Settings
) -> tuple[list[Tour], int]:
    """A plan of everything; or, when the search finds none, of as much as there is room for, what weighs most
    first."""
    search = Search(whole, seed, settings, stop)
    found = search.run(whole.solution(_tours(like, whole)) if like is not None else None)
    if found.is_feasible():
        return whole.tours(found), search.rounds
    rest = Search(part, seed, settings, replace(stop, since=search.began))
    rest.rounds = search.rounds
    return part.tours(rest.run(part.solution(whole.tours(found)))), rest.rounds


def replan(
    shift: Shift,
    old: Plan,
    now: int,
    gone: Iterable[str] = (),
    where: Mapping[str, tuple[int, int]] | None = None,
    done: Iterable[tuple[str, int]] | None = None,
    seed: int = 0,
    stop: Stop = Stop(4.0),  # noqa: B008 (frozen)
) -> Plan:
    """The rest of the shift without the cars that are ``gone``. What is done stays done, what a car is at it
    finishes.

    ``where``: for a car that was called away the vertex and second from which it patrols again; ``done``:
    visits made. Both default to what
    ``old`` says of ``now``.
    The plan returned is of the rest alone.
    """
    places, made = under_way(old, now)
    places.update(where or {})
    lost = set(gone)
    finished = (made if done is None else set(done)) | shift.done
    if done is None:
        finished -= _unfinished(old, now, lost | set(where or ()))
    cars = tuple(_from_here(car, old, places, now) for car in shift.cars if car.id not in lost)
    rest = replace(shift, cars=cars, done=frozenset(finished))
    return plan(rest, seed, stop, like=old)


def under_way(old: Plan, now: int) -> tuple[dict[str, tuple[int, int]], set[tuple[str, int]]]:
    """If all goes as planned: from which vertex and when each car can be sent elsewhere, and which visits are
    made or begun."""
    places: dict[str, tuple[int, int]] = {}
    made: set[tuple[str, int]] = set()
    for route in old.routes:
        at, free = route.start, route.leaves
        for stop in route.stops:
            if now < free:
                break
            if now < stop.begin:
                at, free = stop.tail, stop.arrive
                break
            made.add((stop.task, stop.visit))
            at, free = stop.head, stop.leave
        else:
            at, free = (route.end, route.returns) if now >= free else (at, free)
        places[route.car] = (at, max(now, free))
    return places, made


def _unfinished(old: Plan, now: int, lost: set[str]) -> set[tuple[str, int]]:
    """What cars that are gone or called away had begun and not ended."""
    return {
        (stop.task, stop.visit)
        for route in old.routes if route.car in lost
        for stop in route.stops if stop.begin <= now < stop.leave
    }  # fmt: skip


def _from_here(car: Car, old: Plan, places: Mapping[str, tuple[int, int]], now: int) -> Car:
    if car.id not in places:
        return replace(car, opens=max(car.opens, now))
    vertex, free = places[car.id]
    left = next((route.leaves for route in old.routes if route.car == car.id), free)
    used = max(0, free - left) if car.longest < FAR else 0
    return replace(car, start=vertex, opens=max(car.opens, free), longest=max(0, car.longest - used))


def _jittered(laid: Chart, surprise: Surprise | None, seed: int) -> Ints | None:
    if surprise is None or not surprise.jitter:
        return None
    chance = np.random.default_rng(seed)
    share = 1 + surprise.jitter * (2 * chance.random(laid.drive.shape) - 1)
    return np.where(laid.drive < FAR, np.rint(laid.drive * share), FAR).astype(np.int64)


def _tours(old: Plan, model: Model) -> list[Tour]:
    """The tours of an earlier plan, as far as their cars and duties are still there."""
    index = {
        (model.chart.duties[way.duty].task.id, model.chart.duties[way.duty].visit, way.tail, way.head): nth
        for nth, way in enumerate(model.chart.ways)
    }
    kind_of = {car.id: nth for nth, (_, cars) in enumerate(model.kinds) for car in cars}
    tours = []
    for route in old.routes:
        ways = [index.get((stop.task, stop.visit, stop.tail, stop.head)) for stop in route.stops]
        if route.car in kind_of:
            tours.append((kind_of[route.car], tuple(way for way in ways if way is not None)))
    return tours


def _turned(tour: Tour, model: Model, surprise: Surprise, chance: random.Random) -> Tour:
    kind, ways = tour
    other = model.chart.other
    back = best_directions((kind, tuple(int(other[way]) for way in reversed(ways))), model)
    if chance.random() < 0.5 or len(ways) < 2:
        return tour
    cheap = _length(back, model) <= (1 + surprise.turn) * _length(tour, model)
    return back if cheap and model.solution([back]).routes()[0].is_feasible() else tour


def _length(tour: Tour, model: Model) -> int:
    start, end = model.ends(tour[0])
    path = [start, *tour[1], end]
    return int(sum(model.cost[a, b] for a, b in pairwise(path)))


def _told(
    tours: Sequence[Tour], shift: Shift, laid: Chart, model: Model, chance: random.Random,
    surprise: Surprise | None, rounds: int,
) -> Plan:  # fmt: skip
    """Tours as routes with times, each with a car of its kind."""
    free = {nth: list(cars) for nth, (_, cars) in enumerate(model.kinds)}
    if surprise is not None:
        for cars in free.values():
            chance.shuffle(cars)
    routes = []
    for kind, ways in sorted(tours):
        car = free[kind].pop(0)
        route = _routed(car, ways, shift, laid)
        if surprise is not None:
            route = _late(route, car, ways, shift, laid, chance.randint(0, surprise.delay))
        routes.append(route)
    order = {car.id: nth for nth, car in enumerate(shift.cars)}
    routes.sort(key=lambda route: order[route.car])
    held = {laid.ways[way].duty for _, ways in tours for way in ways}
    missing = [
        Uncovered(duty.task.id, duty.visit, "no_room")
        for nth, duty in enumerate(laid.duties)
        if nth not in held
    ]
    cost = sum(route.driving for route in routes) + sum(
        laid.ways[way].seconds for _, ways in tours for way in ways
    )
    return Plan(tuple(routes), (*laid.left_out, *missing), cost, rounds)


def _routed(car: Car, ways: Sequence[int], shift: Shift, laid: Chart) -> Route:
    """The route that is back as early as can be, and leaves as late as it then may: who would wait outside
    waits at the station."""
    early = _leaving(car.opens, car, ways, shift, laid)
    waited, spare = 0, FAR
    for stop, way in zip(early.stops, ways, strict=True):
        waited += stop.begin - stop.arrive
        spare = min(spare, waited + laid.duties[laid.ways[way].duty].closes - stop.begin)
    return _leaving(car.opens + max(0, min(spare, waited)), car, ways, shift, laid)


def _leaving(leaves: int, car: Car, ways: Sequence[int], shift: Shift, laid: Chart) -> Route:
    """The route with its times, when the car leaves then."""
    now, at, driving, stops = leaves, car.start, 0, []
    for way in (laid.ways[index] for index in ways):
        duty = laid.duties[way.duty]
        drive = int(shift.travel[at, way.tail])
        arrive, driving = now + drive, driving + drive
        begin = max(arrive, duty.opens)
        now, at = begin + way.seconds, way.head
        stops.append(Visit(duty.task.id, duty.visit, way.tail, way.head, arrive, begin, now))
    home = int(shift.travel[at, car.end])
    return Route(
        car.id, car.station, car.ring, car.start, car.end, leaves, now + home, driving + home, tuple(stops)
    )


def _late(route: Route, car: Car, ways: Sequence[int], shift: Shift, laid: Chart, delay: int) -> Route:
    """The same route later: as much of the delay as breaks nothing."""
    closes = [laid.duties[laid.ways[way].duty].closes for way in ways]
    while delay > 0:
        later = _leaving(route.leaves + delay, car, ways, shift, laid)
        in_time = all(stop.begin <= last for stop, last in zip(later.stops, closes, strict=True))
        if in_time and later.returns <= car.closes and later.returns - later.leaves <= car.longest:
            return later
        delay //= 2
    return route
