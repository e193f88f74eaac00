"""What a call costs: processor time of every process of ours, queries, and how long the caller waits."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.running import Doorstep

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
_PLUMBING = r"^\s*(begin|commit|rollback|savepoint|release|set |show |reset|discard|deallocate)"


@dataclass(frozen=True)
class Cost:
    """One measured kind of call. CPU is user and system time of whole process trees, a mean over ``n`` calls."""

    name: str
    n: int
    cpu_app_ms: float
    cpu_db_ms: float
    p50_ms: float
    p95_ms: float
    queries: float
    size: int


@dataclass
class Meter:
    """Measures calls against one running Doorstep. ``db``: a connection above row security, for the counts of queries."""

    doorstep: Doorstep
    db: psycopg.Connection[Any]

    def measure(
        self, name: str, calls: list[Callable[[], bytes]], settled: Callable[[], None] = lambda: None
    ) -> Cost:
        """Runs every call once, one after the other; ``settled`` waits for what they left to the worker."""
        self.db.execute("select pg_stat_statements_reset()")
        app, database = self._ticks()
        waits, size = [], 0
        for call in calls:
            began = time.perf_counter()
            size += len(call())
            waits.append((time.perf_counter() - began) * 1000)
        settled()
        app_after, database_after = self._ticks()
        n, ordered = len(calls), sorted(waits)
        return Cost(
            name, n, round((app_after - app) * _TICK_MS / n, 2), round((database_after - database) * _TICK_MS / n, 2),
            round(statistics.median(ordered), 1), round(ordered[int(n * 0.95)], 1), round(self._queries() / n, 1),
            size // n,
        )  # fmt: skip

    def cpu_s(self) -> float:
        """Processor seconds used so far: application, database, and this process."""
        return sum(self._ticks()) * _TICK_MS / 1000 + time.process_time()

    def _queries(self) -> int:
        row = self.db.execute(
            "select coalesce(sum(s.calls), 0) from pg_stat_statements s join pg_roles r on r.oid = s.userid"
            " where r.rolname = 'doorstep_app' and s.toplevel and s.query !~* %s",
            [_PLUMBING],
        ).fetchone()
        return int(row[0]) if row else 0

    def _ticks(self) -> tuple[int, int]:
        """(web, worker, relay, stream), (all of PostgreSQL): ticks used so far, the dead ones' included."""
        ours = sum(_tree_ticks(self.doorstep.pid_of(name)) for name in ("web", "worker", "relay", "stream"))
        return ours, _tree_ticks(self.doorstep.pid_of("postgres"))


def tree_cpu_s(pid: int) -> float:
    """Processor seconds of a process and its descendants so far."""
    return _tree_ticks(pid) * _TICK_MS / 1000


def _tree_ticks(pid: int) -> int:
    """utime and stime of a process and its descendants, and of those children that it has buried."""
    total = 0
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total = sum(int(x) for x in fields[11:15])
        for child in children(pid):
            total += _tree_ticks(child)
    return total


def children(pid: int) -> Iterator[int]:
    """The processes that a process has started and that still run."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            yield from (int(child) for child in (task / "children").read_text().split())


def fsync_per_s(folder: Path, seconds: float = 2.0) -> float:
    """How often 8 KB can be made durable in a second where the data lies, one after the other."""
    path = folder / "fsync.probe"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(handle, os.urandom(8192))
        os.fsync(handle)
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            os.pwrite(handle, os.urandom(8192), 0)
            os.fdatasync(handle)
            count += 1
        return round(count / (time.perf_counter() - began), 1)
    finally:
        os.close(handle)
        path.unlink()
