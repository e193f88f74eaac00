# ruff: noqa: T201
"""Measures the patrol solver: ``python -m tests.bench.patrol [--seconds 10] [--seeds 1 2 3] [--mixed]
[--police] [name …]``.

Each run is a process of its own; its CPU seconds are those of its whole tree, imports and all, as the system
counts them. Costs are those
of the checker in tests/solve/judge.py, on the instance with its vertices renumbered by the seed. The gap is to
the upper bound of the
instance's file; for a generated one to the best plan ever found (``--reference`` finds it by long runs and
writes it).
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from doorstep.solve.patrol.plan import Surprise, plan, replan
from doorstep.solve.patrol.search import Stop
from doorstep.solve.patrol.tasks import Plan, Shift
from tests.bench import beat, carp
from tests.solve import judge

KNOWN = Path(__file__).with_name("patrol.json")
JUDGED = 0.3
"""CPU seconds left for the checker, so that the whole tree keeps to what was asked."""
SHAPES = {
    "mixed-60": (9, 11, 18, 30, 12, 40),
    "mixed-90": (10, 12, 20, 55, 15, 60),
    "mixed-130": (12, 13, 40, 70, 20, 55),
    "mixed-140-long": (12, 14, 30, 90, 20, 200),
    "mixed-nodes": (11, 15, 80, 10, 10, 45),
    "mixed-200": (15, 16, 50, 120, 30, 90),
}


def _one(name: str, seconds: float, seed: int) -> dict[str, object]:
    """One run, in this process."""
    if name in SHAPES:
        town, shift = beat.mixed(SHAPES[name][0], SHAPES[name][1], *SHAPES[name][2:])
        made = plan(shift, seed, Stop(seconds - JUDGED, since=0.0))
        return {"cost": _mixed(made, shift, town), "cars": len(made.routes)}
    one = carp.read(carp.FOLDER / f"{name}.dat")
    names = list(range(one.vertices))
    random.Random(seed).shuffle(names)
    made = plan(carp.shift(one, names), seed, Stop(seconds - JUDGED, since=0.0))
    return {"cost": _carp(made, one, names), "cars": len(made.routes), "lower": one.lower, "upper": one.upper}


def _mixed(made: Plan, shift: Shift, town: beat.Town) -> float:
    far = judge.shortest(town.vertices, town.both_ways, town.one_way)
    if made.uncovered:
        raise SystemExit(f"left out: {made.uncovered}")
    return judge.shift(made, shift.tasks, shift.cars, far, shift.seconds)


def _carp(made: Plan, one: carp.Instance, names: list[int]) -> float:
    edges = {
        f"e{nth}": (names[a], names[b], cost, demand) for nth, (a, b, cost, demand) in enumerate(one.edges)
    }
    far = judge.shortest(one.vertices, [edge[:3] for edge in edges.values()])
    routes = [[(stop.task, stop.tail, stop.head) for stop in route.stops] for route in made.routes]
    return judge.carp(routes, edges, far, names[0], one.capacity)


def _apart(*arguments: str) -> tuple[dict[str, float], float]:
    """A run in a process of its own, and the CPU seconds of its tree."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.patrol", *arguments], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(told.stdout.splitlines()[-1]), cpu


def _measured(names: list[str], seconds: float, seeds: list[int]) -> None:
    known = json.loads(KNOWN.read_text()) if KNOWN.is_file() else {}
    gaps: dict[int, list[float]] = {seed: [] for seed in seeds}
    for name in names:
        for seed in seeds:
            told, cpu = _apart("--one", name, "--seconds", str(seconds), "--seeds", str(seed))
            best = told.get("upper", known.get(name, told["cost"]))
            gap = 100 * (told["cost"] / best - 1)
            gaps[seed].append(gap)
            print(f"{name:16} seed {seed}  cost {told['cost']:>9.0f}  of {best:>7.0f}  gap {gap:6.2f} %  "
                  f"cars {told['cars']:>3.0f}  CPU {cpu:5.1f} s", flush=True)  # fmt: skip
    for seed in seeds:
        print(f"mean of {len(names)} instances, seed {seed}: {statistics.fmean(gaps[seed]):.2f} %")
    print(f"mean of all: {statistics.fmean(gap for each in gaps.values() for gap in each):.2f} %")


def _reference(seconds: float, seeds: list[int]) -> None:
    """The best of long runs, kept if better than what is known."""
    known = json.loads(KNOWN.read_text()) if KNOWN.is_file() else {}
    for name in SHAPES:
        for seed in seeds:
            cost = _apart("--one", name, "--seconds", str(seconds), "--seeds", str(seed + 100))[0]["cost"]
            known[name] = min(int(cost), known.get(name, int(cost)))
            print(name, seed, cost, "best", known[name], flush=True)
    KNOWN.write_text(json.dumps(known, indent=1) + "\n")


def _police(seconds: float, seeds: list[int]) -> None:
    """The police plan, a car dropping out, and what surprise costs."""
    for seed in seeds:
        town, shift = beat.police()
        began = time.process_time()
        made = plan(shift, seed, Stop(seconds))
        took = time.process_time() - began
        _report("plan", made, shift, town, took)
        began = time.process_time()
        rest = replan(shift, made, 2 * 3600, gone=[made.routes[0].car], seed=seed)
        print(f"re-plan: coverage {100 * rest.coverage:.1f} %  CPU {time.process_time() - began:.1f} s")
        days = [plan(shift, 1000 * seed + day, Stop(seconds), Surprise()) for day in (1, 2)]
        for number, day in enumerate(days, 1):
            _report(f"day {number}", day, shift, town, seconds)
        same, minutes = _alike(*days)
        print(
            f"the second day: {100 * same:.0f} % of pairs in a row as on the first, {minutes:.0f} minutes apart in the median"
        )


def _alike(first: Plan, second: Plan) -> tuple[float, float]:
    """The share of tasks followed by the same one on both days, and by how many minutes visits differ in the median."""
    pairs = [
        {(a.task, b.task) for route in day.routes for a, b in pairwise(route.stops)}
        for day in (first, second)
    ]
    begins = [
        {(stop.task, stop.visit): stop.begin for route in day.routes for stop in route.stops}
        for day in (first, second)
    ]
    apart = [abs(begins[0][visit] - begins[1][visit]) / 60 for visit in begins[0].keys() & begins[1].keys()]
    return len(pairs[0] & pairs[1]) / max(1, len(pairs[0])), statistics.median(apart)


def _report(what: str, made: Plan, shift: Shift, town: beat.Town, cpu: float) -> None:
    far = judge.shortest(town.vertices, town.both_ways, town.one_way)
    cost = judge.shift(made, shift.tasks, shift.cars, far, shift.seconds)
    print(f"{what}: {len(shift.tasks)} tasks, {len(shift.cars)} cars, coverage {100 * made.coverage:.1f} %, "
          f"{len(made.routes)} routes, cost {cost:.0f}, driving {sum(r.driving for r in made.routes)}, "
          f"CPU {cpu:.1f} s",
          flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--mixed", action="store_true")
    parser.add_argument("--police", action="store_true")
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--one")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_one(asked.one, asked.seconds, asked.seeds[0])))
    elif asked.reference:
        _reference(asked.seconds, asked.seeds)
    elif asked.police:
        _police(asked.seconds, asked.seeds)
    else:
        names = asked.names or (
            list(SHAPES) if asked.mixed else sorted(path.stem for path in carp.FOLDER.glob("*.dat"))
        )
        _measured(names, asked.seconds, asked.seeds)


if __name__ == "__main__":
    main()
