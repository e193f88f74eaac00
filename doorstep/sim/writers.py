"""Several processes that live the lives of a town side by side, and the tally of what has been lived."""

from __future__ import annotations

import array
import fcntl
import logging
import os
import termios
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

_ROOM = 1 << 20
"""Bytes that a pipe holds: four for each life that is to be lived, one for each that was."""
_log = logging.getLogger(__name__)


class Tally:
    """How many have been lived, by whichever process; ``say`` is told once, when there are as many as were ``wanted``."""

    def __init__(self, wanted: int, say: Callable[[int], None]) -> None:
        self.wanted, self._say = wanted, say
        self._out, self._into = _pipe()

    def add(self) -> None:
        """One more, by any process."""
        os.write(self._into, b".")

    def look(self, *, at_last: bool = False) -> None:
        """Say how many there are if that is enough, or if no more will come; by the process that says."""
        if self.wanted < 0:
            return
        found = array.array("i", [0])
        fcntl.ioctl(self._out, termios.FIONREAD, found)
        if found[0] >= self.wanted or at_last:
            self.wanted = -1
            self._say(found[0])


@contextmanager
def drawn(numbers: Sequence[int]) -> Iterator[Iterator[int]]:
    """These numbers, each for whoever of several processes asks next."""
    out, into = _pipe()
    with os.fdopen(into, "wb") as pipe:
        pipe.write(b"".join(number.to_bytes(4, "big") for number in numbers))
    try:
        yield (int.from_bytes(found, "big") for found in iter(lambda: os.read(out, 4), b""))
    finally:
        os.close(out)


def apart(live: Callable[[int], object], numbers: Iterable[int]) -> int:
    """A process of its own that lives these lives; it ends with this one. Returns its id."""
    connection.close_pool()  # type: ignore[attr-defined]
    connection.close()
    parent, pid = os.getpid(), os.fork()
    if pid:
        return pid
    done = 1
    try:
        for number in numbers:
            if os.getppid() != parent:
                break
            live(number)
        else:
            done = 0
    except BaseException:
        _log.exception("a writer of the town stopped")
    finally:
        os._exit(done)


def _pipe() -> tuple[int, int]:
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, _ROOM)
    return out, into
