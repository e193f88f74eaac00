"""Patrol plans, judged by a checker that knows only the definition (judge.py)."""

import itertools
from dataclasses import replace

import pytest

from doorstep.solve.patrol.cover import even_out, fairness
from doorstep.solve.patrol.plan import Surprise, plan, replan, under_way
from doorstep.solve.patrol.roads import travel_times
from doorstep.solve.patrol.search import Stop
from doorstep.solve.patrol.tasks import FAR, Car, Plan, Shift, Task
from tests.bench import beat, carp
from tests.solve import judge

HOUR = 3600


def _judged(made: Plan, one: Shift, town: beat.Town) -> float:
    far = judge.shortest(town.vertices, town.both_ways, town.one_way)
    return judge.shift(made, one.tasks, one.cars, far, one.seconds)


@pytest.mark.parametrize("seed", range(4))
def test_a_small_mixed_plan_is_the_cheapest_there_is(seed: int) -> None:
    town, one = beat.mixed(5, seed, points=2, streets=3, lanes=1, load=14)
    made = plan(one, seed, Stop(rounds=250))
    assert made.uncovered == ()
    assert _judged(made, one, town) == made.cost == _cheapest(one)


def _cheapest(one: Shift) -> float:
    """By trying everything: the best order and directions of each set of tasks, and the best division into sets."""
    tasks, far, depot, room = one.tasks, one.travel, one.cars[0].start, one.cars[0].capacity
    size = len(tasks)
    reached = {(1 << n, h): far[depot, t] + s for n in range(size) for t, h, s in _ways(tasks[n])}
    for held in range(1, 1 << size):
        for n in (n for n in range(size) if held >> n & 1 and held != 1 << n):
            for tail, head, seconds in _ways(tasks[n]):
                before = [(c, h) for (m, h), c in reached.items() if m == held ^ 1 << n]
                best = min((c + far[h, tail] + seconds for c, h in before), default=FAR)
                reached[held, head] = min(best, reached.get((held, head), FAR))
    tour = {0: 0}
    for (held, head), cost in reached.items():
        if sum(tasks[n].demand for n in range(size) if held >> n & 1) <= room:
            tour[held] = min(tour.get(held, FAR), int(cost + far[head, depot]))
    best_of = {0: 0}
    for held in range(1, 1 << size):
        parts = [part for part in tour if part and part & held == part]
        best_of[held] = min((tour[part] + best_of[held ^ part] for part in parts), default=FAR)
    return best_of[(1 << size) - 1]


def _ways(task: Task) -> list[tuple[int, int, int]]:
    forth = (task.tail, task.head, task.seconds)
    return [forth, (task.head, task.tail, task.seconds)] if task.kind == "edge" else [forth]


@pytest.mark.skipif(
    not carp.FOLDER.is_dir(), reason="the public instances are not on this machine (CARP_INSTANCES)"
)
def test_B03_a_public_instance_is_solved_near_its_bound_whatever_its_vertices_are_called() -> None:
    one = carp.read(carp.FOLDER / "gdb8.dat")
    names = [(v * 10 + 3) % one.vertices for v in range(one.vertices)]
    for called in (list(range(one.vertices)), names):
        cost = _carp(one, called, plan(carp.shift(one, called), 1, Stop(rounds=200)))
        assert one.lower <= cost <= 1.05 * one.upper


def _carp(one: carp.Instance, names: list[int], made: Plan) -> float:
    edges = {
        f"e{nth}": (names[a], names[b], cost, demand) for nth, (a, b, cost, demand) in enumerate(one.edges)
    }
    far = judge.shortest(one.vertices, [edge[:3] for edge in edges.values()])
    routes = [[(stop.task, stop.tail, stop.head) for stop in route.stops] for route in made.routes]
    return judge.carp(routes, edges, far, names[0], one.capacity)


@pytest.fixture(scope="module")
def shift() -> tuple[beat.Town, Shift, Plan]:
    """A smaller town of the same make as the measured one."""
    town, one = beat.police(3, stations=3, points=14, lines=18)
    return town, one, plan(one, 1, Stop(rounds=150))


def test_B03_a_shift_is_covered_wholly_with_times_windows_and_directions_kept(
    shift: tuple[beat.Town, Shift, Plan],
) -> None:
    town, one, made = shift
    assert made.coverage == 1.0
    assert made.cost == _judged(made, one, town)
    assert {route.ring for route in made.routes} <= {"city", "district", "edge"}


def test_the_same_seed_gives_the_same_plan_and_another_day_another(
    shift: tuple[beat.Town, Shift, Plan],
) -> None:
    town, one, made = shift
    assert plan(one, 1, Stop(rounds=150)) == made
    days = [plan(one, seed, Stop(rounds=80), Surprise()) for seed in (1, 2)]
    for day in days:
        assert day.coverage == 1.0
        assert _judged(day, one, town) <= 1.15 * made.cost
    first, second = (
        {(a.task, b.task) for route in day.routes for a, b in itertools.pairwise(route.stops)} for day in days
    )
    assert len(first & second) < 0.7 * len(first)


def test_B03_when_a_car_drops_out_what_is_done_stays_done_and_the_rest_is_planned_anew(
    shift: tuple[beat.Town, Shift, Plan],
) -> None:
    _, one, made = shift
    lost, now = made.routes[0].car, 2 * HOUR
    rest = replan(one, made, now, gone=[lost], stop=Stop(rounds=80))
    _, begun = under_way(made, now)
    kept = {
        (stop.task, stop.visit) for route in made.routes for stop in route.stops
        if stop.begin <= now and not (route.car == lost and stop.leave > now)
    }  # fmt: skip
    planned = {(stop.task, stop.visit) for route in rest.routes for stop in route.stops}
    left = {(miss.task, miss.visit) for miss in rest.uncovered}
    owed = {
        (task.id, n) for task in one.tasks for n in range(task.passes * (len(task.windows) or task.visits))
    }
    assert kept <= begun and not planned & kept
    assert planned | left == owed - kept
    assert left == set() and lost not in {route.car for route in rest.routes}
    for route in rest.routes:
        assert route.leaves >= now


def test_what_nobody_can_do_is_named_with_its_reason() -> None:
    far = travel_times(5, [(0, 1, 100), (1, 2, 100), (2, 3, 4000)])
    tasks = [
        Task("island", "node", 4, 4, 10),
        Task("heavy", "node", 1, 1, 10, demand=9),
        Task("early", "node", 2, 2, 10, windows=((0, 50),)),
        Task("long", "node", 1, 1, 3000),
        Task("dear", "node", 2, 2, 3000, weight=5),
    ]
    one = Shift(tuple(tasks), (Car("a", "s", 0, 0, 0, 4000, capacity=5),), far, 4000)
    made = plan(one, 1, Stop(rounds=50))
    assert {(miss.task, miss.reason) for miss in made.uncovered} == {
        ("island", "unreachable"), ("heavy", "too_large"), ("early", "out_of_time"), ("long", "no_room"),
    }  # fmt: skip
    assert [stop.task for route in made.routes for stop in route.stops] == ["dear"]


def test_without_cars_everything_is_uncovered_and_nothing_breaks() -> None:
    far = travel_times(2, [(0, 1, 100)])
    made = plan(Shift((Task("t", "edge", 0, 1, 5),), (), far), 1, Stop(rounds=5))
    assert made.routes == () and [miss.task for miss in made.uncovered] == ["t"]
    assert plan(Shift((), (Car("a", "s", 0, 0),), far), 1, Stop(rounds=5)).coverage == 1.0


def test_spare_time_goes_to_neighbourhoods_that_are_seen_least(shift: tuple[beat.Town, Shift, Plan]) -> None:
    town, one, _ = shift
    short = replace(one, cars=tuple(replace(car, longest=5 * HOUR // 2) for car in one.cars))
    made = plan(short, 1, Stop(rounds=80))
    need = {task.area: 1.0 for task in one.tasks}
    evened = even_out(made, one, need, share=1.0)
    before, after = fairness(made, one, need), fairness(evened, one, need)
    assert after.gini < 0.9 * before.gini and after.areas[0].minutes > before.areas[0].minutes
    _judged(evened, one, town)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "node", "head": 2}, {"kind": "arc", "passes": 2}, {"visits": 0}, {"seconds": -1},
        {"windows": ((5, 4),)}, {"visits": 2, "windows": ((1, 2),)},
    ],
)  # fmt: skip
def test_a_task_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    good = Task("t", "edge", 0, 1, 10)
    with pytest.raises(ValueError, match="t: "):
        replace(good, **wrong)  # type: ignore[arg-type]
