"""`python -m tests.chaos [--kills 60] [--seed 1] [--minutes 18]`: exit 1 if anything acknowledged was lost, or anything doubled.

Starts a demonstration town in a temporary place on a free port, with the settings of every day, lets people use it over HTTP,
kills its processes, and holds what the people remember against the database. The last line is for programs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

from tests.chaos.killer import Killer
from tests.chaos.ledger import Ledger
from tests.chaos.people import Caller, Cast, bodies, sign_in
from tests.journeys.examples import home_region
from tests.running import ROOT, Doorstep, quiet_port

CALLERS = 5
EVERY_DAY = {"DOORSTEP_DURABLE": "1", "DOORSTEP_WEB_WORKERS": ""}
"""The settings of every day, which tests otherwise make faster."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0.0, help="0: as many as the kills may need")
    args = parser.parse_args()
    doorstep = Doorstep("demo", env=EVERY_DAY | {"DOORSTEP_PORT": quiet_port()})
    try:
        found = run(doorstep, args.kills, args.seed, (args.minutes or 4 + args.kills * 0.23) * 60)
    finally:
        doorstep.remove()
    sys.stderr.write("\n".join(found.pop("told")) + "\n")
    faults = found.pop("faults")
    sys.stdout.write(json.dumps(found) + "\n")
    whole = not (found["lost"] or found["doubled"] or faults)
    return 0 if whole and found["kills"] >= args.kills else 1


def run(doorstep: Doorstep, kills: int, seed: int, seconds: float) -> dict[str, Any]:
    """One run. {"kills","in_flight","acked","lost","doubled","faults","told"}."""
    began = time.monotonic()
    doorstep.start(300)
    cast, ledger, stop = _cast(doorstep), Ledger(), threading.Event()
    callers = [Caller(doorstep.url, cast, ledger, seed * 1000 + n, stop) for n in range(CALLERS)]
    threads = [threading.Thread(target=c.run, daemon=True) for c in callers]
    for thread in threads:
        thread.start()
    killer = Killer(doorstep, ledger, random.Random(seed))
    try:
        killer.run(kills, seconds - (time.monotonic() - began) - 90)
    finally:
        stop.set()
    for thread in threads:
        thread.join(60)
    doorstep.until_well(90)
    before = _check(doorstep, ledger, "before")
    _come_back(callers[0], ledger)
    after = _check(doorstep, ledger, "after")
    return _result(killer, ledger, before, after)


def _come_back(caller: Caller, ledger: Ledger) -> None:
    """Everybody who went away without an answer sends once more what was sent then, under the same key."""
    for one in ledger.asked:
        if not one.acked and not one.told:
            body, media = bodies[one.key]
            for _ in range(50):
                if caller.send(one, body, media) or one.told:
                    break
                time.sleep(0.1)


def _cast(doorstep: Doorstep) -> Cast:
    """Signs the people of the town in. Places: where the clerk sits, and the station of the approver."""
    logins = {one["role"]: one for one in json.loads((doorstep.data / "demo.json").read_text())}
    region = home_region()
    unit = {one["role"]: one.get("unit") for one in region["cast"]}
    point = next(p["code"] for p in region["points"] if p["unit"] == unit["clerk"] and p["kind"] != "room")
    roles = ("resident", "neighbour", "clerk", "approver")
    tokens = {r: sign_in(doorstep.url, logins[r]["login"], logins[r]["password"]) for r in roles}
    persons = json.loads(_inside(doorstep, "who", "resident", "neighbour"))
    return Cast(tokens, persons, point, unit["approver"], point)


def _check(doorstep: Doorstep, ledger: Ledger, when: str) -> dict[str, Any]:
    path = doorstep.root / f"ledger-{when}.json"
    path.write_text(json.dumps(ledger.as_json()))
    found: dict[str, Any] = json.loads(_inside(doorstep, when, str(path)))
    return found


def _inside(doorstep: Doorstep, *words: str) -> str:
    """Asks a process with the backup's eyes, which see every row and write none."""
    line = [sys.executable, "-m", "tests.chaos.check", *words]
    env = doorstep.environment | {"DOORSTEP_DB_ROLE": "backup"}
    done = subprocess.run(line, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-4000:])
    return done.stdout


def _result(killer: Killer, ledger: Ledger, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    left = [f"never answered: {a.verb} {a.path}" for a in ledger.asked if not a.acked and not a.told]
    faults = [*before["faults"], *after["faults"], *ledger.unexpected, *left]
    lost, doubled = [*before["lost"], *after["lost"]], [*before["doubled"], *after["doubled"]]
    slow: dict[str, list[float]] = {}
    for target, seconds in killer.recoveries:
        slow.setdefault(target, []).append(seconds)
    well = [f"{t} {statistics.median(v):.1f}/{max(v):.1f}" for t, v in sorted(slow.items())]
    told = [
        f"kills: {json.dumps(killer.kills)}",
        f"well again after (s, median/longest): {', '.join(well)}",
        f"killing took {killer.seconds:.0f} s; load of the machine {os.getloadavg()[0]:.1f}",
        f"requests {len(ledger.asked)}, cut off {sum(a.unanswered > 0 for a in ledger.asked)}, "
        f"answered as a repeat {sum(a.replayed for a in ledger.asked)}, "
        f"left and came back {sum(a.abandoned for a in ledger.asked)} "
        f"(of them already done {before['present']}, wholly absent {before['absent']})",
        f"by verb: {dict(Counter(a.verb for a in ledger.asked if a.acked))}",
        f"matters {after['matters']}, events {after['events']}, chains verified {after['chains']}, papers {after['papers']}",
        *[f"LOST {one}" for one in lost[:20]],
        *[f"DOUBLED {one}" for one in doubled[:20]],
        *[f"FAULT {one}" for one in faults[:20]],
    ]
    return {
        "kills": sum(killer.kills.values()), "in_flight": killer.in_flight, "acked": sum(a.acked for a in ledger.asked),
        "lost": len(lost), "doubled": len(doubled), "faults": faults, "told": told,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
