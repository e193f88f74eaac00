"""Where our processes come from: one that has read the whole program and waits, of which the others are copies.

Reading it takes seconds of a processor. A copy is there within hundredths, and what both have read lies in memory once. The
nursery holds no secret, no connection and no role of the database: a copy takes its settings after its birth. It becomes the
supervisor's own child, so that the nursery may die without it. Linux alone can do that; elsewhere, and whenever there is no
nursery, a process reads everything for itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from doorstep.run.leash import die_with_parent, leashed, started_at

_PR_SET_CHILD_SUBREAPER: Final = 36
_PATIENCE: Final = 60.0
"""Seconds that a birth may take: the first waits until the nursery has read everything."""
_PAUSE: Final = 5.0
_MOST: Final = 128 * 1024
_SETTINGS: Final = {
    "DOORSTEP_DB_ROLE": "nursery",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "262144",
}
"""Its copies inherit how it takes memory: threads share two arenas, and what is large goes back when it is no more needed."""


class Copy:
    """A process that was born here, with what `subprocess.Popen` tells of one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        if self._code is None:
            try:
                done, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # whoever ended its group has buried it
                self._code = -signal.SIGKILL
            else:
                self._code = os.waitstatus_to_exitcode(status) if done else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has one; TimeoutExpired as of Popen."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class Nursery:
    """The supervisor's side of it. Without `start` it bears nobody."""

    def __init__(self, log: Path) -> None:
        self._log = log / "nursery.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._talk: socket.socket | None = None
        self._not_before = 0.0

    def start(self) -> bool:
        """Start it, if there is none and the last did not begin a moment ago. True if it was."""
        if sys.platform != "linux" or self.alive or time.monotonic() < self._not_before:
            return False
        self.end()
        self._not_before = time.monotonic() + _PAUSE
        self._talk, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._talk.settimeout(_PATIENCE)
        command = [sys.executable, "-m", "doorstep", "nursery", str(theirs.fileno())]
        with theirs, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | _SETTINGS, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[theirs.fileno()], start_new_session=True, preexec_fn=leashed(),
            )  # fmt: skip
        return True

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def trace(self) -> dict[str, Any]:
        """As of a child: {pid, started}."""
        pid = self._process.pid if self._process else 0
        return {"pid": pid, "started": started_at(pid)}

    def end(self) -> None:
        """End it; its copies go on."""
        if self._talk:
            self._talk.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._talk = self._process = None

    def bear(self, words: Sequence[str], env: Mapping[str, str], out: int, err: int) -> Copy | None:
        """A copy that goes on as ``python -m WORDS`` in this environment, with these two to write to; None if none is to be had."""
        if self._talk is None:
            return None
        asked = json.dumps({"words": list(words), "env": dict(env)}).encode()
        with contextlib.suppress(OSError), _taking_orphans_in():
            socket.send_fds(self._talk, [asked], [out, err])
            if answer := self._talk.recv(64):
                return Copy(int(answer))
        self.end()
        return None


def begin(
    nursery: Nursery | None, command: Sequence[str], env: Mapping[str, str], out: int, err: int
) -> Copy | subprocess.Popen[bytes]:
    """A command in a session of its own, ended when we end: a ``python -m …`` as a copy of the nursery, if there is one."""
    ours = nursery is not None and list(command[:2]) == [sys.executable, "-m"]
    born = nursery.bear(command[2:], env, out, err) if nursery and ours else None
    return born or subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
        start_new_session=True, preexec_fn=leashed(),
    )  # fmt: skip


@contextlib.contextmanager
def _taking_orphans_in() -> Iterator[None]:
    """Whose parent ends meanwhile becomes our child."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def wait(number: int) -> list[str]:
    """In the nursery: bears copies until the supervisor is gone, then []. In a copy: the words that it goes on as."""
    supervisor = os.getppid()
    with socket.socket(fileno=number) as talk:
        while True:
            asked, passed, _, _ = socket.recv_fds(talk, _MOST, 2)
            if not asked:
                return []
            between = os.fork()
            if between:
                os.waitpid(between, 0)
                for one in passed:
                    os.close(one)
                continue
            between = os.getpid()
            if os.fork():
                os._exit(0)
            _come_to_life(supervisor, between, passed)
            talk.send(str(os.getpid()).encode())
            told = json.loads(asked)
            os.environ.clear()
            os.environ.update(told["env"])
            return list(told["words"])


def _come_to_life(supervisor: int, between: int, passed: Sequence[int]) -> None:
    """The supervisor's child, tied to it, in a session of its own, writing where it was told."""
    while os.getppid() == between:
        time.sleep(0.0005)
    die_with_parent()
    if os.getppid() != supervisor:
        os._exit(1)
    os.setsid()
    for target, one in enumerate(passed, start=1):
        os.dup2(one, target)
        os.close(one)
