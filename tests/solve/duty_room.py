"""Small and random duty rooms to try decisions in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from doorstep.solve.duty import STATES, Incident, Need, Reserve, Rules, Times, Unit

LEVELS = ("urgent", "prompt", "routine")
TARGETS = {("", "urgent"): 60.0, ("", "prompt"): 180.0, ("", "routine"): 300.0}
PLAIN = Rules(LEVELS, TARGETS)
TURNING = {"prompt": frozenset({"urgent"}), "routine": frozenset({"urgent", "prompt"})}


def table(*rows: Sequence[float]) -> Times:
    """Routed seconds, a row an incident."""
    seconds = np.array(rows, dtype=float)
    return Times(seconds, np.ones(seconds.shape, dtype=bool))


Room = tuple[list[Incident], list[Unit], Times, Rules]


def any_room(seed: int, most: int = 6, plain: bool = False) -> Room:
    """Anything that can be the case in a duty room, drawn from ``seed``; ``plain``: all units free, no rules but targets."""
    rng = np.random.default_rng(seed)
    skills = [frozenset(), frozenset({"forensic"}), frozenset({"dog"})]
    incidents = [
        Incident(
            f"i{k}", str(rng.choice(LEVELS)), -float(rng.integers(0, 600)),
            tuple(Need(skills=skills[rng.choice(3, p=(0.6, 0.2, 0.2))]) for _ in range(rng.integers(1, 3))),
            force="" if plain else str(rng.choice(["", "east"])),
        )
        for k in range(rng.integers(1, most))
    ]  # fmt: skip
    units, taken = [], set()
    for k in range(rng.integers(0, most + 2)):
        state = "available" if plain else str(rng.choice(STATES, p=(0.5, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05)))
        one = incidents[rng.integers(len(incidents))]
        on = (one.id, int(rng.integers(len(one.needs))))
        on = None if state in ("available", "finished", "off", "broken") or on in taken else on
        taken.add(on)
        able = frozenset({"forensic", "dog"}) if rng.random() < 0.4 else frozenset()
        ends = None if plain or rng.random() < 0.7 else float(rng.integers(0, 900))
        force = "" if plain else str(rng.choice(["east", "west"]))
        seen = None if plain else -float(rng.integers(0, 300))
        units.append(Unit(f"u{k}", state, on, skills=able, shift_ends=ends, force=force, position_at=seen))
    seconds = rng.uniform(20, 900, (len(incidents), len(units))).round(1)
    seconds[rng.random(seconds.shape) < 0.1] = np.nan
    seconds[rng.random(seconds.shape) < 0.1] = np.inf
    rules = PLAIN if plain else any_rules(rng)
    return incidents, units, Times(seconds, rng.random(seconds.shape) < 0.8), rules


def any_rules(rng: np.random.Generator) -> Rules:
    """Rules drawn at random, all of them sensible."""
    held = tuple(Reserve(f"r{k}", str(rng.choice(LEVELS[1:]))) for k in range(rng.integers(0, 3)))
    return Rules(
        LEVELS,
        TARGETS,
        weights={"urgent": float(rng.integers(1, 5))},
        turn=TURNING if rng.random() < 0.7 else {},
        leave={"routine": frozenset({"urgent"})} if rng.random() < 0.3 else {},
        aid_s={"urgent": 60.0, "prompt": 120.0} if rng.random() < 0.7 else {},
        left_s={"routine": 600.0},
        beyond=float(rng.choice([0.0, 1.0])),
        reserves=held,
        ages=float(rng.choice([3.0, 10.0])) if rng.random() < 0.5 else None,
    )
