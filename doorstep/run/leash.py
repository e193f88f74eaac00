"""Children that do not outlive their parent: Linux sends them a signal when it dies, even by kill -9."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sign: signal.Signals = signal.SIGKILL) -> None:
    """From now on this process gets ``sign`` when the thread that started it ends. No-op except on Linux.

    Must come after any change of user (the kernel forgets it then).
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


def leashed(sign: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A ``preexec_fn`` for subprocess.Popen that ties the child to this process."""
    parent = os.getpid()

    def tie() -> None:
        die_with_parent(sign)
        if os.getppid() != parent:  # it died between fork and here
            os._exit(1)

    return tie


def session_nice(nice: int) -> None:
    """What this session gets of a busy processor beside others, 0 as all, 19 next to nothing. Linux shares it out between
    sessions first, and `os.nice` counts within one alone; where that is off there is nothing to write.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def started_at(pid: int) -> str | None:
    """When process ``pid`` began (clock ticks since boot), so that a reused number is not taken for it; None
    if gone.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as handle:
            fields = handle.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()
