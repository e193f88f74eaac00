"""One process of ours: started, tied to the supervisor, started again when it dies, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from doorstep.run.leash import started_at
from doorstep.run.nursery import Copy, Nursery, begin

_LOG_LIMIT: Final = 16 * 2**20
_STEADY: Final = 4.0
"""Seconds after which a process counts as well again, and its next death as the first."""
_LONGEST_PAUSE: Final = 5.0


class Child:
    """A named process in a group of its own, so that nothing it started survives it."""

    def __init__(
        self, name: str, command: list[str], env: dict[str, str], log: Path, nursery: Nursery | None = None
    ) -> None:
        """``nursery``: of which it is a copy, if there is one."""
        self.name, self.log = name, log / f"{name}.log"
        self._command, self._nursery = command, nursery
        self._env = {"DOORSTEP_CHILD": name, **env}
        self._process: Copy | subprocess.Popen[bytes] | None = None
        self._began = self._not_before = 0.0
        self.deaths = 0
        """In a row, without a steady while in between."""

    def start(self) -> None:
        """Starts it; call from the thread that lives longest, whose end would end the child too."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._process = begin(
                self._nursery, self._command, os.environ | self._env, log.fileno(), log.fileno()
            )
        self._began = time.monotonic()

    def tend(self) -> bool:
        """Starts it again if it has died and its pause is over. True when a new process was started."""
        if self.alive:
            return False
        if self._process is not None:
            self._bury()
        if time.monotonic() < self._not_before:
            return False
        self.start()
        return True

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def trace(self) -> dict[str, Any]:
        """What a later supervisor needs to find this very process: {pid, started}."""
        pid = self._process.pid if self._process else 0
        return {"pid": pid, "started": started_at(pid)}

    def ask_to_stop(self) -> None:
        if self._process and self.alive:
            self._process.terminate()

    def wait_or_kill(self, until: float) -> None:
        """Waits till ``until`` (monotonic seconds), then kills the whole group."""
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, until - time.monotonic()))
            end_group(self._process.pid)
            self._process.wait()

    def last_words(self) -> str:
        """The end of its log, for a person to read."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        except OSError:
            return ""

    def _bury(self) -> None:
        """Counts the death, ends what the dead one had started, and sets the pause: none, then 0.2 s, 0.4 s
        …
        """
        if self._process is None:
            return
        end_group(self._process.pid)
        self._process = None
        lived = time.monotonic() - self._began
        self.deaths = 1 if lived > _STEADY else self.deaths + 1
        pause = 0.0 if self.deaths == 1 else min(_LONGEST_PAUSE, 0.1 * 2 ** (self.deaths - 1))
        self._not_before = time.monotonic() + pause


def end_group(pid: int, seconds: float = 10.0) -> None:
    """Kills every process of the group led by ``pid`` and returns when none is left."""
    until = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < until:
            os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-pid, os.WNOHANG)
            time.sleep(0.01)


def end_leftovers(traces: dict[str, dict[str, Any]]) -> None:
    """Ends what a killed supervisor left behind; a number that now belongs to a newer process is left
    alone.
    """
    for trace in traces.values():
        pid = int(trace.get("pid") or 0)
        if pid > 1 and started_at(pid) in (None, trace.get("started")):
            end_group(pid)
