"""`python -m tests.bench.solve [decide|rehearse …]`: how quickly a plan is made, how near the rehearsal is to what others printed.

CPU seconds of this process. `decide` takes seconds, `rehearse` three minutes. Exit 1 if a bar fails. Writes bench/out/solve.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from doorstep.solve.assign import assign, nearest_first
from doorstep.solve.duty import Incident, Need, Reserve, Rules, Times, Unit
from doorstep.solve.rehearsal import interval
from tests.solve import experiments
from tests.solve.duty_room import LEVELS, PLAIN, TARGETS, TURNING

KINDS = ("station", "forensic", "traffic")
RULES = Rules(LEVELS, TARGETS, turn=TURNING, reserves=tuple(Reserve(f"r{k}", "routine") for k in range(4)))


@dataclass(frozen=True)
class Figure:
    """One line of the answer."""

    name: str
    value: float
    bar: str
    held: bool
    note: str = ""


def duty_room(seed: int, calls: int = 50, units: int = 200) -> tuple[list[Incident], list[Unit], np.ndarray]:  # type: ignore[type-arg]
    """A city at a bad hour: 50 calls with one to three teams each, 200 units on 20 x 20 km, a quarter of them under way."""
    rng = np.random.default_rng(seed)
    incidents = [
        Incident(f"i{k}", LEVELS[rng.choice(3, p=(0.2, 0.4, 0.4))], -float(rng.integers(0, 900)),
                 tuple(Need(KINDS[n]) for n in range(rng.integers(1, 4))))
        for k in range(calls)
    ]  # fmt: skip
    on = [(one.id, number) for one in incidents[:-1] for number in range(len(one.needs))]
    kinds = [KINDS[rng.choice(3, p=(0.6, 0.2, 0.2))] for _ in range(units)]
    busy = {k: on[k] for k in range(len(on)) if k % 2 == 0 and KINDS[on[k][1]] == kinds[k]}
    found = [
        Unit(f"u{k}", "moving" if k in busy else "available", busy.get(k), kinds[k], position_at=-10.0)
        for k in range(units)
    ]
    here, there = rng.uniform(0, 20_000, (calls, 1, 2)), rng.uniform(0, 20_000, (1, units, 2))
    return incidents, found, np.hypot(*np.moveaxis(here - there, 2, 0)) * 1.4 * 3.6 / 30


def decide() -> list[Figure]:
    """One new call among 49 open ones and 200 units with the rows at hand; the same from cold, all reasons told."""
    new, cold, more = [], [], []
    for seed in range(300):
        incidents, units, seconds = duty_room(seed)
        times = Times(seconds, np.ones(seconds.shape, dtype=np.bool_))
        new.append(
            _cpu(lambda i=incidents, u=units, t=times: assign(i, u, t, RULES, 0.0, explain=(i[-1].id,)))
        )
        if seed % 10:
            continue
        rows = {
            one.id: {unit.id: (float(s), True) for unit, s in zip(units, row, strict=True)}
            for one, row in zip(incidents, seconds, strict=True)
        }
        cold.append(_cpu(lambda i=incidents, u=units, r=rows: assign(i, u, Times.of(r, i, u), RULES, 0.0)))
        idle = [replace(one, state="available", on=None) for one in units]
        both = (
            nearest_first(incidents, idle, times, PLAIN, 0.0),
            assign(incidents, idle, times, PLAIN, 0.0, ()),
        )
        if len(both[0].waiting) == len(both[1].waiting):
            more.append(100 * (both[0].weighted / both[1].weighted - 1))
    p99, worst = float(np.percentile(new, 99)) * 1000, max(cold) * 1000
    return [
        Figure("one new call, p99 CPU ms", p99, "<= 100", p99 <= 100, f"median {np.median(new) * 1000:.1f}"),
        Figure(
            "cold 50 x 200, most CPU ms",
            worst,
            "<= 1000",
            worst <= 1000,
            f"median {np.median(cold) * 1000:.1f}",
        ),
        Figure(
            "nearest-first, weighted time more, %", float(np.mean(more)), ">= 0 in each", min(more) >= -1e-9
        ),
    ]


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def waits() -> list[Figure]:
    """M/M/10 with nine calls a service time, 60 runs of 90,000 calls, held steady by the same calls at one quick server."""
    told = [experiments.ten_units(seed, 10_000) for seed in range(60)]
    middle, low, high = interval([steady for _, steady in told])
    plain = interval([played for played, _ in told])
    off = abs(middle / experiments.ERLANG - 1)
    raw = f"as played {plain[0]:.4f}, {plain[1]:.4f} to {plain[2]:.4f}"
    note = f"published {experiments.ERLANG}, 95 % {low:.4f} to {high:.4f}; {raw}"
    return [Figure("Erlang C, M/M/10, Wq", middle, "within 0.5 %", off <= 0.005, note)]


def books() -> list[Figure]:
    """The two-unit city with five million calls for each border, three servers with a million and a half."""
    found = []
    for w, published in experiments.TWO_UNITS:
        mean, _ = experiments.two_units(w, 5, 800_000)
        off = abs(mean / published - 1)
        found.append(
            Figure(
                f"two-unit city, w = {w:.4f}, T", mean, "within 0.3 %", off <= 0.003, f"published {published}"
            )
        )
    busy = experiments.three_servers(1, 1_000_000)
    off = float(np.abs(busy / experiments.THREE_BUSY - 1).max())
    told = " ".join(f"{one:.4f}" for one in busy)
    found.append(Figure("three servers, played, farthest off", off, "within 0.5 %", off <= 0.005, told))
    return found


def policies() -> list[Figure]:
    """Moving the freed unit, and sending all together: late shares and means against the plainer way, on the same calls."""
    moved = experiments.relocation(range(60), 10 * 86_400.0)
    held = moved.difference[2] < 0 and moved.seconds[2] <= 0
    found = [
        Figure(
            "relocation, late share less by",
            -moved.difference[0],
            "interval excludes 0, mean not worse",
            held,
            str(moved),
        )
    ]
    for name, rules in (
        ("linear", PLAIN),
        ("beyond 2", replace(PLAIN, beyond=2.0)),
        ("turning", replace(PLAIN, turn=TURNING)),
    ):
        told = experiments.replays(range(30), 21_600.0, rules)
        found.append(
            Figure(
                f"joint, {name}, late share less by",
                -told.difference[0],
                "not worse",
                told.difference[1] <= 0,
                str(told),
            )
        )
    return found


PARTS = {"decide": [decide], "books": [books], "policies": [policies], "waits": [waits]}
PARTS["rehearse"] = [books, policies, waits]


def main() -> int:
    """Run the parts that are named, print and write them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", default=["decide", "rehearse"], choices=[*PARTS, []])
    asked.add_argument("--out", type=Path, default=Path("bench/out/solve.json"))
    args = asked.parse_args()
    found = []
    for part in (run for name in args.parts for run in PARTS[name]):
        began = time.process_time()
        for one in part():
            found.append(one)
            sys.stdout.write(
                f"{'ok ' if one.held else 'NO '} {one.name}: {one.value:.5g} ({one.bar}) {one.note}\n"
            )
        sys.stdout.write(f"    {part.__name__}: {time.process_time() - began:.0f} s of CPU\n")
        sys.stdout.flush()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    return 0 if all(one.held for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
