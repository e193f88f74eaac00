"""Whole lives over HTTP: five requests each (apply, intake, review, issue, hand out), several people at once.

The photographs are there before. Each life ends with a signed PDF that the worker makes; the time until none is outstanding is
told beside the rate. Where the disk makes fewer than 500 durable writes a second, the rate that counts is that of a CPU second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

BAR_PER_S = 30.0
BAR_DRAINED_S = 10.0
SLOW_DISK = 500.0


@dataclass(frozen=True)
class Lives:
    """What came of it. ``per_cpu_s``: lives for a second of processor time, load generator included."""

    n: int
    per_s: float
    per_cpu_s: float
    drained_s: float
    fsync_per_s: float

    @property
    def good(self) -> bool:
        rate = self.per_cpu_s * 2 if self.fsync_per_s < SLOW_DISK else self.per_s  # of two cores
        return rate >= BAR_PER_S and self.drained_s <= BAR_DRAINED_S


def live(
    one: Callable[[int, Any], None], clients: list[Any], n: int, cpu_s: Callable[[], float], outstanding: Callable[[], int],
    fsync_per_s: float,
) -> Lives:  # fmt: skip
    """Live ``n`` lives, ``one(number, client)`` each, shared by the clients."""
    began, cpu = time.perf_counter(), cpu_s()

    def some(at: int) -> None:
        for number in range(at, n, len(clients)):
            one(number, clients[at])

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(some, range(len(clients))))
    seconds = time.perf_counter() - began
    while outstanding() and time.perf_counter() - began < seconds + 300:
        time.sleep(0.1)
    drained, used = time.perf_counter() - began - seconds, cpu_s() - cpu
    return Lives(n, round(n / seconds, 1), round(n / used, 1), round(drained, 1), fsync_per_s)
