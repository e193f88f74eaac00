"""Patrol plans as jobs of `doorstep ground`: asked for, then polled; and what was driven, held against the streets.

Road times come from the map's router; the search runs in a process of its own (`python -m doorstep.run.patrol`), which alone
loads the solver, ends after its seconds of processor time and is killed if it does not. A plan that was made is kept until it is
fetched or ten minutes old; whoever asks for one that is not here any more asks anew.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any, Final

from doorstep.geo.crs import Degrees, metres
from doorstep.geo.router import ESTIMATED, ROUTED, Fix, Router, Unreachable
from doorstep.run.leash import leashed

KEPT: Final = 600.0
MOST: Final = 8
"""So many plans are kept or made at once."""
FAR: Final = 10_000_000
_ROWS: Final = 20
"""So many places are asked of the router at once: its answer must not be late."""
_STEP_M: Final = 15.0
_SLOW: Final = 30.0
"""Beside its processor time a search may wait so long for the processor."""

Told = dict[str, Any]


class Plans:
    """The plans of this process."""

    def __init__(self) -> None:
        self._jobs: dict[str, Told] = {}
        self._lock, self._one = threading.Lock(), threading.Lock()

    def answer(self, router: Router, asked: Told) -> Told:
        """``{"job": id}`` begins a plan of ``asked["plan"]``; ``{"job": id}`` asked tells how far it is: making, done
        with what it is, failed with why, or unknown. Raises ValueError when there are too many.
        """
        if "job" in asked:
            with self._lock:
                return dict(self._jobs.get(str(asked["job"]), {"state": "unknown"}))
        job = secrets.token_hex(8)
        with self._lock:
            old = [one for one, told in self._jobs.items() if time.monotonic() - told["at"] > KEPT]
            for one in old:
                del self._jobs[one]
            if len(self._jobs) >= MOST:
                raise ValueError("too many plans at once")
            self._jobs[job] = {"state": "making", "at": time.monotonic()}
        threading.Thread(
            target=self._make, args=(job, router, asked["plan"]), name="patrol", daemon=True
        ).start()
        return {"job": job}

    def _make(self, job: str, router: Router, asked: Told) -> None:
        try:
            with self._one:  # one search at a time: a second one would halve the first one's processor
                told = {"state": "done", "plan": plan(router, asked)}
        except Exception as why:  # whoever polls must learn of it
            told = {"state": "failed", "why": repr(why)[:500]}
        with self._lock:
            self._jobs[job] = told | {"at": time.monotonic()}


def plan(router: Router, asked: Told) -> Told:
    """A plan with its ways and turns. Raises ValueError if the search failed.

    ``asked``: tasks (`id`, `at` or `line`, `visits`, `windows`, `stay`, `each_way`, `one_way`, `area`), cars (`id`, `station`,
    `ring`, `at`, `home`, `opens`, `closes`), `seconds`, `pace`, `limit`, `seed`, `need`; and for the rest of a shift `old` (the
    `raw` of a plan of this function), `now`, `gone`, `where`, `done` (what was driven or tapped; of the rest `old` is believed).
    """
    began = time.monotonic()
    places = list(_places(asked))
    index = {place: number for number, place in enumerate(places)}
    parts = (places[n : n + _ROWS] for n in range(0, len(places), _ROWS))
    rows = [row for part in parts for row in router.matrix(part, places)]
    travel = [[FAR if cell.seconds is None else round(cell.seconds) for cell in row] for row in rows]
    source = ESTIMATED if any(cell.source == ESTIMATED for row in rows for cell in row) else ROUTED
    laid = {
        "tasks": [_task(one, index, float(asked["pace"])) for one in asked["tasks"]],
        "cars": [_car(one, index) for one in asked["cars"]],
        "where": {car: [index[_place(at)], second] for car, (at, second) in asked.get("where", {}).items()},
        "travel": travel,
    }
    matrix_s = time.monotonic() - began
    keys = ("seconds", "limit", "seed", "need", "old", "now", "gone", "done")
    found = _searched(laid | {key: asked[key] for key in keys if key in asked}, float(asked["limit"]))
    ends = {one["id"]: one["tail"] for one in laid["tasks"]}
    routes = [_backward(one, ends) | _driven(router, one, places) for one in found["raw"]["routes"]]
    streets = {one["id"]: pieces(router, one["line"]) for one in asked["tasks"] if "line" in one}
    return found | {
        "routes": routes,
        "streets": streets,
        "source": source,
        "matrix_s": round(matrix_s, 2),
        "wall_s": round(time.monotonic() - began, 2),
    }


def _place(told: Sequence[float]) -> Degrees:
    return (float(told[0]), float(told[1]))


def _places(asked: Told) -> Iterator[Degrees]:
    """Every place once, those of tasks and cars in their order: the rest of a shift numbers them as the whole one did."""
    ends = [
        place
        for one in asked["tasks"]
        for place in ([one["at"]] if "at" in one else [one["line"][0], one["line"][-1]])
    ]
    cars = [place for one in asked["cars"] for place in (one["at"], one["home"])]
    yield from dict.fromkeys(
        _place(one) for one in [*ends, *cars, *(at for at, _ in asked.get("where", {}).values())]
    )


def _task(one: Told, index: Mapping[Degrees, int], pace: float) -> Told:
    told = {"id": one["id"], "visits": one["visits"], "windows": one["windows"], "area": one["area"]}
    if "at" in one:
        at = index[_place(one["at"])]
        return told | {"kind": "node", "tail": at, "head": at, "seconds": one["stay"]}
    line = [_place(place) for place in one["line"]]
    seconds = round(sum(metres(a, b) for a, b in pairwise(line)) / pace * 3.6)
    kind = "arc" if one["one_way"] else "edge"
    return told | {"kind": kind, "tail": index[line[0]], "head": index[line[-1]], "seconds": seconds,
                   "back": None if kind == "arc" else seconds, "passes": 2 if one["each_way"] else 1}  # fmt: skip


def _car(one: Told, index: Mapping[Degrees, int]) -> Told:
    told = {key: one[key] for key in ("id", "station", "ring", "opens", "closes")}
    return told | {"start": index[_place(one["at"])], "end": index[_place(one["home"])]}


def _searched(laid: Told, limit: float) -> Told:
    """What the process of the search found. Raises ValueError with its last words."""
    command = ["nice", "-n", "5", sys.executable, "-m", "doorstep.run.patrol"]
    try:
        ran = subprocess.run(
            command, input=json.dumps(laid).encode(), capture_output=True, check=False, timeout=limit * 2 + _SLOW,
            preexec_fn=leashed(),
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise ValueError(f"no plan after {late.timeout:.0f} seconds") from late
    if ran.returncode:
        raise ValueError(ran.stderr.decode(errors="replace")[-400:])
    found: Told = json.loads(ran.stdout)
    return found


def _backward(route: Told, tails: Mapping[str, int]) -> Told:
    """The route with a word on each stop whether its line is driven against the way that it is written."""
    stops = [one | {"backward": one["tail"] != tails[one["task"]]} for one in route["stops"]]
    return route | {"stops": stops}


def _driven(router: Router, route: Told, places: Sequence[Degrees]) -> Told:
    """The way of one car, and what it is told at each stretch: ``to`` a stop, ``on`` a line, ``home``."""
    stops = [places[route["start"]]]
    stretches: list[tuple[str, int]] = []
    for number, stop in enumerate(route["stops"]):
        stops.append(places[stop["tail"]])
        stretches.append(("to", number))
        if stop["head"] != stop["tail"]:
            stops.append(places[stop["head"]])
            stretches.append(("on", number))
    stops.append(places[route["end"]])
    stretches.append(("home", len(route["stops"])))
    if not route["stops"]:
        return {"line": [], "turns": []}
    try:
        way = router.route(stops)
    except Unreachable:
        return {"line": [[round(x, 5), round(y, 5)] for x, y in stops], "turns": []}
    turns, legs = [], iter(way.legs)
    for what, number in stretches if way.legs else []:
        told = []
        for leg in legs:
            told.append(
                {
                    "kind": leg.kind,
                    "street": leg.street,
                    "metres": round(leg.metres),
                    "seconds": round(leg.seconds),
                }
            )
            if leg.kind == "arrive":
                break
        turns.append({"what": what, "stop": number, "legs": told})
    return {"line": [[round(x, 5), round(y, 5)] for x, y in way.line], "turns": turns}


def pieces(router: Router, line: Sequence[Sequence[float]]) -> list[Told]:
    """A line as stretches of streets, each with the number of its way in the extract: what a position must be matched to."""
    dense = list(_dense([_place(one) for one in line]))
    found = router.match([Fix(lon, lat, 2.0 * n, 5.0) for n, (lon, lat) in enumerate(dense)])
    told = []
    for one in found:
        part = dense[one.first_fix : one.last_fix + 2]
        if len(part) > 1:
            told.append({"way": one.way, "line": [[round(x, 6), round(y, 6)] for x, y in part]})
    return told


def _dense(line: Sequence[Degrees]) -> Iterator[Degrees]:
    for a, b in pairwise(line):
        steps = max(1, round(metres(a, b) / _STEP_M))
        for k in range(steps):
            yield (a[0] + (b[0] - a[0]) * k / steps, a[1] + (b[1] - a[1]) * k / steps)
    yield line[-1]


def patrolled(router: Router, asked: Told) -> list[Told]:
    """What became of each visit in ``asked["owed"]``, by the matched ``tracks`` (car: [[at, lon, lat, accuracy]…]), ``calls`` and
    ``taps``."""
    from doorstep.solve.patrol import checkoff

    owed = [
        checkoff.Owed(
            **one
            | {
                "pieces": tuple(
                    checkoff.Piece(p["way"], tuple(_place(at) for at in p["line"])) for p in one["pieces"]
                ),
                "place": _place(one["place"]) if one["place"] else None,
            }
        )
        for one in asked["owed"]
    ]
    tracks = {car: list(_matched(router, fixes)) for car, fixes in asked["tracks"].items()}
    calls = [checkoff.Call(**one) for one in asked.get("calls", ())]
    taps = [checkoff.Tap(**one) for one in asked.get("taps", ())]
    return [asdict(one) for one in checkoff.check_off(owed, tracks, calls, taps)]


def _matched(router: Router, fixes: Sequence[Sequence[float]]) -> Iterator[Any]:
    from doorstep.solve.patrol.checkoff import Fix as Seen

    track = [Fix(lon, lat, at, accuracy) for at, lon, lat, accuracy in fixes]
    way: dict[int, int] = {}
    for one in router.match(track):
        way.update(dict.fromkeys(range(one.first_fix, one.last_fix + 1), one.way))
    for number, fix in enumerate(track):
        yield Seen(int(fix.at), fix.lon, fix.lat, way.get(number))


def child() -> int:
    """The process of one search: the laid shift on standard input, the plan on standard output."""
    import resource

    from doorstep.solve.patrol.cover import even_out, fairness
    from doorstep.solve.patrol.plan import Surprise, plan, replan
    from doorstep.solve.patrol.search import Stop as Until
    from doorstep.solve.patrol.tasks import Plan

    laid = json.load(sys.stdin)
    shift, seed, limit = _shift(laid), int(laid["seed"]), float(laid["limit"])
    need = {area: float(one) for area, one in laid["need"].items()}
    if "old" in laid:
        told = {car: (int(at), int(second)) for car, (at, second) in laid["where"].items()}
        old, now = _plan(laid["old"]), int(laid["now"])
        found: Plan = replan(shift, old, now, laid["gone"], told, seed=seed, stop=Until(limit))
    else:
        found = plan(shift, seed, Until(limit), Surprise())
        found = even_out(found, shift, need) if need else found
    fair = fairness(found, shift, need) if need else None
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    json.dump({"raw": {"routes": [asdict(one) for one in found.routes], "uncovered": [asdict(one) for one in found.uncovered]},
               "coverage": found.coverage, "cost": found.cost, "fairness": asdict(fair) if fair else None,
               "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in used), 2),
               "memory_mb": round(used[0].ru_maxrss / 1024)}, sys.stdout)  # fmt: skip
    return 0


def _shift(laid: Told) -> Any:
    import numpy as np

    from doorstep.solve.patrol.tasks import Car, Shift, Task

    tasks = tuple(
        Task(**one | {"windows": tuple((int(a), int(b)) for a, b in one["windows"])}) for one in laid["tasks"]
    )
    cars = tuple(Car(**one) for one in laid["cars"])
    done = frozenset((task, int(visit)) for task, visit in laid.get("done", ()))
    return Shift(tasks, cars, np.array(laid["travel"], dtype=np.int64), int(laid["seconds"]), done)


def _plan(raw: Told) -> Any:
    from doorstep.solve.patrol.tasks import Plan, Route, Stop, Uncovered

    routes = tuple(
        Route(**one | {"stops": tuple(Stop(**stop) for stop in one["stops"])}) for one in raw["routes"]
    )
    return Plan(routes, tuple(Uncovered(**one) for one in raw["uncovered"]))


if __name__ == "__main__":
    raise SystemExit(child())
