"""What advice costs, over loopback from `doorstep ground`'s own handler with Valhalla beside it.

    python -m tests.bench.advise [rounds [alone]]

One new call among 49 open ones and 200 units on rows that are kept; 50 calls and 200 units cold; cover; one move. Wall time as
the page waits for it, and CPU of the process that answers (Valhalla's own is told apart, from /proc). The rounds are spread over
more than two half minutes, so that every row grows old in them; ``alone`` leaves out what asks for old rows beside. ``pairs``: of
how many roads the times were asked while a page waited, which other work on the machine does not change.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from doorstep.geo import advice, atlas
from doorstep.geo.beside import Beside
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Router, Time
from doorstep.geo.source import source
from doorstep.rulebook.region import load_region
from doorstep.run import ground
from tests.geo.test_desk import NOW, calls, cars, near

_OVER_S = 75.0


def main(rounds: int, *, alone: bool = False) -> None:
    """Measures and writes one JSON object."""
    with tempfile.TemporaryDirectory() as scratch:
        told = source(load_region("anlan"), Path(scratch))
        found = atlas.build(told, Path(scratch), ground.letters)
        with ground.router(found, Path(scratch)) as roads:
            held = ground.Held()
            held.map, held.router = found, _Counted(roads)
            _ = found.areas
            before = _rss_mb()
            held.desk()
            loaded = _rss_mb()
            server = ThreadingHTTPServer(("127.0.0.1", 0), ground._handler(held))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            if not alone:
                threading.Thread(target=held.keep_fresh, daemon=True).start()
            asked = Beside(f"http://127.0.0.1:{server.server_port}", timeout_s=60.0)
            figures = _measure(asked, rounds)
            server.shutdown()
    figures |= {"rss_mb": {"before": before, "with solvers": loaded, "after": _rss_mb()}}
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


class _Counted:
    """A router that counts the pairs that a request waits for: those that are asked beside have a thread of another name."""

    pairs = 0

    def __init__(self, router: Router) -> None:
        self._router = router

    def __getattr__(self, name: str) -> Any:
        return getattr(self._router, name)

    def matrix(self, origins: Sequence[Degrees], targets: Sequence[Degrees], *more: Any) -> list[list[Time]]:
        if threading.current_thread().name.startswith("rows"):
            _Counted.pairs += len(origins) * len(targets)
        return self._router.matrix(origins, targets, *more)


def _measure(asked: Beside, rounds: int) -> dict[str, object]:
    units, open_calls, draw = cars(200), calls(50), random.Random(7)
    cold, one_more, cpu, pairs = [], [], [], []
    for number in range(rounds):
        lon, lat = near(draw)
        new = replace(open_calls[0], id="new", lon=lon, lat=lat)
        if number == 0:
            advice.advise(asked, open_calls[1:], units, NOW, explain=())
        time.sleep(_OVER_S / rounds)
        used, before = time.process_time(), _Counted.pairs
        one_more.append(
            _wall(lambda new=new: advice.advise(asked, [*open_calls[1:], new], units, NOW, explain=("new",)))
        )
        cpu.append((time.process_time() - used) * 1000)
        pairs.append(_Counted.pairs - before)
    for _ in range(max(3, rounds // 20)):
        fresh = [replace(one, lon=near(draw)[0], lat=near(draw)[1]) for one in open_calls]
        cold.append(_wall(lambda fresh=fresh: advice.advise(asked, fresh, units, NOW, explain=())))
    cover, move = [], []
    for number in range(5):
        fresh_units = [replace(one, id=f"{number}{one.id}") for one in units[:53]]
        cover.append(_wall(lambda some=fresh_units: advice.cover(asked, some)))
        move.append(_wall(lambda some=fresh_units: advice.relocate(asked, some)))
    ranked = sorted(one_more)
    return {
        "one call more, ms": {"p50": statistics.median(ranked), "p99": ranked[int(len(ranked) * 0.99) - 1], "max": ranked[-1],
                             "over 100": sum(one > 100 for one in ranked)},
        "pairs of one": {"p50": statistics.median(pairs), "p99": sorted(pairs)[int(len(pairs) * 0.99) - 1], "max": max(pairs)},
        "cpu of one, ms (page and ground in one process)": statistics.median(cpu),
        "cold 50 x 200, ms": cold, "cover 53 units, ms": cover, "move of 53, ms": move, "load": os.getloadavg()[0],
    }  # fmt: skip


def _wall(do: object) -> float:
    begun = time.perf_counter()
    do()  # type: ignore[operator]
    return (time.perf_counter() - begun) * 1000


def _rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300, alone="alone" in sys.argv[2:])
