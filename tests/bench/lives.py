"""Whole lives over HTTP: five requests each (apply, intake, review, issue, hand out), several people at once.

The photographs are there before. Each life ends with a signed PDF that the worker makes; the time until none is outstanding is
told beside the rate, and what the rate would be without signatures, reckoned from what one costs. Where the disk makes fewer
than 500 durable writes a second, the rate that counts is that of a CPU second, without signatures.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doorstep.kernel import paper, signature
from doorstep.rulebook.words import Words

BAR_PER_S = 30.0
BAR_DRAINED_S = 10.0
SLOW_DISK = 500.0


@dataclass(frozen=True)
class Lives:
    """What came of it. ``per_cpu_s``: lives for a second of processor time, load generator included; ``unsigned_per_cpu_s``:
    the same less ``signing_ms`` for each."""

    n: int
    per_s: float
    per_cpu_s: float
    drained_s: float
    fsync_per_s: float
    signing_ms: float = 0.0
    unsigned_per_cpu_s: float = 0.0

    @property
    def good(self) -> bool:
        rate = self.unsigned_per_cpu_s * 2 if self.fsync_per_s < SLOW_DISK else self.per_s  # of two cores
        return rate >= BAR_PER_S and self.drained_s <= BAR_DRAINED_S


def live(
    one: Callable[[int, Any], None], clients: list[Any], n: int, cpu_s: Callable[[], float], outstanding: Callable[[], int],
    fsync_per_s: float, signing_s: float = 0.0,
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
    return Lives(
        n, round(n / seconds, 1), round(n / used, 1), round(drained, 1), fsync_per_s,
        round(signing_s * 1000, 1), round(n / (used - n * signing_s), 1),
    )  # fmt: skip


def signing_s(papers: int = 50) -> float:
    """Processor seconds that a signature takes, the mean of some on one sheet."""
    given = {"number": "1", "unit": Words("示范", "Example"), "issued_on": "2026-11-22", "demo": True, "rows": [], "found": [],
             "check_url": "https://example.org/v/x", "title": {"zh": "凭证", "en": "Record"}}  # fmt: skip
    pdf = paper.render("record", given, lang="zh")
    with tempfile.TemporaryDirectory() as folder:
        identity = signature.signing_identity(Path(folder))
        signature.sign(pdf, identity)
        began = time.process_time()
        for _ in range(papers):
            signature.sign(pdf, identity)
        return (time.process_time() - began) / papers
