"""`python -m tests.chaos.alerts [--kills 30] [--seed 1]`: processes die between a call, its sending and its alerts.

The operator who gets no answer sends again with the same key. After each kill: one call, each duty unit sent once, and the call on
each of three telephones. Exit 1 if a call or an alert is missing or there is one too many. The last line is for programs.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.bench.alert import Desk, Phone, crews
from tests.chaos.killer import Killer
from tests.chaos.ledger import Ledger
from tests.running import Doorstep, quiet_port

TARGETS = ("web worker", "relay", "stream", "web worker", "relay", "stream", "web", "worker")
_PATIENCE_S = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.alerts", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    town = Doorstep("demo", env={"DOORSTEP_WEB_WORKERS": "", "DOORSTEP_PORT": quiet_port()})
    try:
        found = run(town.start(300), args.kills, random.Random(args.seed))
    finally:
        town.remove()
    sys.stdout.write(json.dumps(found) + "\n")
    return int(bool(found["faults"]))


def run(town: Doorstep, kills: int, chance: random.Random) -> dict[str, Any]:
    """As many calls as kills. {"kills","again","faults","slowest_s"}: how often was sent again, what was wrong."""
    desk, phones = Desk(town, "dispatcher"), crews(town)
    killer = Killer(town, Ledger(), chance)
    told: dict[str, Any] = {"kills": {}, "again": 0, "faults": [], "slowest_s": 0.0}
    for nth in range(kills):
        target = TARGETS[nth % len(TARGETS)]
        blow = threading.Timer(chance.uniform(0, 0.4), killer._kill, [target])
        blow.start()
        began = time.monotonic()
        call, again = _sent(desk, phones, f"kill {nth}")
        blow.join()
        told["kills"][target] = told["kills"].get(target, 0) + 1
        told["again"] += again
        missed = [one.desk.role for one in phones if one.wait(call, _PATIENCE_S) is None]
        told["slowest_s"] = max(told["slowest_s"], round(time.monotonic() - began, 2))
        town.until_well(90)
        told["faults"] += [
            f"{target} {nth}: {one}" for one in _faults(desk, phones, call, f"kill {nth}", missed)
        ]
        _until(lambda call=call: desk.end(call))  # type: ignore[misc]
    for one in phones:
        one.cut()
    return told


def _sent(desk: Desk, phones: list[Phone], words: str) -> tuple[str, int]:
    """Takes a call and sends, each with one key until it is answered. The call, and how often something was sent again."""
    keys, units = [str(uuid.uuid4()) for _ in range(2)], [one.unit for one in phones]
    body = {
        "kind": "XJ-001",
        "said": {"words": words, "place": "柳溪街 18 号"},
        "lon": 118.041,
        "lat": 36.799,
    }
    made, first = _until(lambda: desk.ask("/calls", body, keys[0]))
    call = str(made["id"])
    _, second = _until(lambda: desk.ask(f"/calls/{call}/send", {"units": units, "why": "test"}, keys[1]))
    return call, first + second


def _until(do: Callable[[], Any]) -> tuple[Any, int]:
    until, again = time.monotonic() + _PATIENCE_S, 0
    while True:
        try:
            return do(), again
        except OSError:
            if time.monotonic() > until:
                raise
            again += 1
            time.sleep(0.2)


def _faults(desk: Desk, phones: list[Phone], call: str, words: str, missed: list[str]) -> list[str]:
    found = [f"{role} never had the alert" for role in missed]
    there = _until(lambda: desk.ask("/calls"))[0]["calls"]
    ours = [one for one in there if one["id"] == call]
    if len(ours) != 1 or len(there) != 1:
        found.append(f"{len(there)} calls open where one was taken ({words})")
    sent = [one["unit"] for one in ours[0]["sent"]] if ours else []
    if sorted(sent) != sorted(one.unit for one in phones):
        found.append(f"sent {sent}")
    return found


if __name__ == "__main__":
    sys.exit(main())
