"""Who is seen how much: cover of each neighbourhood by a plan, and spare time given to those with least of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from doorstep.solve.patrol.tasks import FAR, Car, Plan, Route, Shift, Stop, Task


@dataclass(frozen=True)
class Cover:
    """Visits and minutes in one neighbourhood; ``level`` = its minutes for its need, 1.0 where all have the same."""

    area: str
    visits: int
    minutes: float
    level: float


@dataclass(frozen=True)
class Fairness:
    """Cover of all neighbourhoods, the least first. ``least`` and ``most`` are levels; ``gini`` is 0 when all
    levels are the same."""

    areas: tuple[Cover, ...]
    least: float
    most: float
    gini: float


def fairness(plan: Plan, shift: Shift, need: Mapping[str, float]) -> Fairness:
    """How evenly minutes lie over neighbourhoods. ``need`` = people, or whatever minutes should be in
    proportion to."""
    tasks = {task.id: task for task in shift.tasks}
    minutes = dict.fromkeys(need, 0.0)
    visits = dict.fromkeys(need, 0)
    for stop in (stop for route in plan.routes for stop in route.stops):
        area = tasks[stop.task].area
        if area in minutes:
            minutes[area] += (stop.leave - stop.begin) / 60
            visits[area] += 1
    mean = sum(minutes.values()) / sum(need.values()) if need else 0.0
    areas = [
        Cover(area, visits[area], round(minutes[area], 1), minutes[area] / need[area] / mean if mean else 0.0)
        for area in need
    ]
    areas.sort(key=lambda one: (one.level, one.area))
    levels = [one.level for one in areas]
    return Fairness(tuple(areas), levels[0] if levels else 0.0, levels[-1] if levels else 0.0, _gini(levels))


def _gini(levels: list[float]) -> float:
    total, size = sum(levels), len(levels)
    if not total:
        return 0.0
    return sum((2 * nth - size - 1) * level for nth, level in enumerate(sorted(levels), 1)) / (size * total)


def even_out(
    plan: Plan, shift: Shift, need: Mapping[str, float], share: float = 0.5, step: int = 120
) -> Plan:
    """Longer stays where cover is least, out of the ``share`` of each car's spare time that may be given away.
    No window is broken."""
    tasks = {task.id: task for task in shift.tasks}
    cars = {car.id: car for car in shift.cars}
    routes = list(plan.routes)
    spare = [int(share * _slack(route, cars[route.car])) for route in routes]
    minutes = {one.area: one.minutes for one in fairness(plan, shift, need).areas}
    places: dict[str, list[tuple[int, int]]] = {}
    for nth, route in enumerate(routes):
        for at, stop in enumerate(route.stops):
            places.setdefault(tasks[stop.task].area, []).append((nth, at))
    open_areas = {area for area in places if area in minutes}
    while open_areas:
        poorest = min(sorted(open_areas), key=lambda area: minutes[area] / need[area])
        if minutes[poorest] / need[poorest] >= sum(minutes.values()) / sum(need.values()):
            break  # whoever is still below the mean cannot be helped; more for the others would only widen the spread
        if _lengthen(places[poorest], routes, spare, shift, tasks, cars, step):
            minutes[poorest] += step / 60
        else:
            open_areas.remove(poorest)
    return replace(plan, routes=tuple(routes))


def _slack(route: Route, car: Car) -> int:
    return max(0, min(car.closes - route.returns, car.longest - (route.returns - route.leaves)))


def _lengthen(
    places: list[tuple[int, int]], routes: list[Route], spare: list[int], shift: Shift,
    tasks: Mapping[str, Task], cars: Mapping[str, Car], step: int,
) -> bool:  # fmt: skip
    """One stay more in one of these places: where most time is spare. False when none can be longer."""
    for nth, at in sorted(places, key=lambda place: -spare[place[0]]):
        if spare[nth] < step:
            return False
        longer = _stays(routes[nth], at, step, shift, tasks)
        if (
            longer is not None
            and _slack(longer, cars[longer.car]) < FAR
            and longer.returns <= cars[longer.car].closes
        ):
            spare[nth] -= longer.returns - routes[nth].returns
            routes[nth] = longer
            return True
        places.remove((nth, at))
        return bool(places) and _lengthen(places, routes, spare, shift, tasks, cars, step)
    return False


def _stays(route: Route, at: int, step: int, shift: Shift, tasks: Mapping[str, Task]) -> Route | None:
    """The route with a longer stay at one stop; None if a later window would be missed."""
    stops = list(route.stops)
    stops[at] = replace(stops[at], leave=stops[at].leave + step)
    for later in range(at + 1, len(stops)):
        before, stop = stops[later - 1], stops[later]
        arrive = before.leave + int(shift.travel[before.head, stop.tail])
        begin = max(arrive, stop.begin)
        if begin > latest(tasks[stop.task], stop, shift):
            return None
        stops[later] = replace(stop, arrive=arrive, begin=begin, leave=begin + stop.leave - stop.begin)
    returns = stops[-1].leave + int(shift.travel[stops[-1].head, route.end])
    return replace(route, stops=tuple(stops), returns=returns)


def latest(task: Task, stop: Stop, shift: Shift) -> int:
    """The latest second at which a visit may begin."""
    spans = task.windows or tuple((0, shift.seconds * (nth + 1) // task.visits) for nth in range(task.visits))
    return spans[stop.visit // task.passes][1]
