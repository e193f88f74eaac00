"""kill -9, at a moment when requests are under way, and how long it took to be well again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.ledger import Ledger
from tests.running import Doorstep

#: What dies, and how often in a dozen. "web" is the master of the web server, "web worker" what answers requests.
TARGETS = (
    "web worker", "web worker", "web worker", "web", "worker", "relay", "stream", "postgres", "postgres",
    "postgres backend", "supervisor", "supervisor",
)  # fmt: skip


@dataclass
class Killer:
    """Kills ``most`` times, or until ``seconds`` are over."""

    doorstep: Doorstep
    ledger: Ledger
    chance: random.Random
    kills: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    recoveries: list[tuple[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    """How long all of it took."""

    def run(self, most: int, seconds: float) -> None:
        began = time.monotonic()
        until = began + seconds
        order: list[str] = []
        while sum(self.kills.values()) < most and time.monotonic() < until:
            if not order:
                order = list(TARGETS)
                self.chance.shuffle(order)
            target = order.pop()
            self._at_a_busy_moment(until)
            if self._kill(target):
                self.kills[target] = self.kills.get(target, 0) + 1
                self._until_well(target)
        self.seconds = time.monotonic() - began

    def _at_a_busy_moment(self, until: float) -> None:
        """Some while into a request: anywhere from its first byte to its commit and answer."""
        time.sleep(self.chance.uniform(0.05, 0.6))
        while not self.ledger.count_under_way() and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(self.chance.uniform(0, 0.06))

    def _kill(self, target: str) -> bool:
        pid = self._pid(target)
        if pid is None:
            return False
        self.in_flight += self.ledger.count_under_way()
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _pid(self, target: str) -> int | None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if target == "supervisor":
                return self.doorstep.process.pid if self.doorstep.process else None
            if target == "web worker":
                return self._child_of(self.doorstep.pid_of("web"))
            if target == "postgres backend":
                return self._child_of(self.doorstep.pid_of("postgres"), b"doorstep_app")
            return self.doorstep.pid_of(target)
        return None

    def _child_of(self, parent: int, saying: bytes = b"") -> int | None:
        found = [int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
        fitting = [p for p in found if saying in _command(p)]
        return self.chance.choice(fitting) if fitting else None

    def _until_well(self, target: str) -> None:
        began = time.monotonic()
        if target == "supervisor" and self.doorstep.process:
            self.doorstep.process.wait()
            self.doorstep.start(120)  # as the init system would
        else:
            time.sleep(0.15)
        self.doorstep.until_well(90)
        self.recoveries.append((target, time.monotonic() - began))


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
