"""What a device is to the bridge: something at an address that can be asked, and the few ways in which that goes wrong."""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, Protocol

KINDS: Final = ("card", "zone", "camera", "sign", "printer", "call", "speaker", "rating")


class Trouble(Exception):
    """A device did not do it. ``code``, which the page puts into words:

    gone       nothing answers at its address, or it was unplugged in the middle
    slow       it answers, but not in time
    garbled    it answers what its protocol does not know
    half       it began and could not finish: a card taken away, a picture cut off
    nobody     nobody laid down a card, signed or pressed in time
    paper      out of paper; ``printed`` says whether something came out
    cover      the cover is open
    busy       another page is using it
    cancelled  the page that asked has gone
    """

    def __init__(self, code: str, **told: Any) -> None:
        super().__init__(code)
        self.code, self.told = code, told


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when somebody may take their time, and whether whoever asked is still there."""

    until: float
    asked: Callable[[], bool] = lambda: True

    @classmethod
    def seconds(cls, seconds: float, asked: Callable[[], bool] = lambda: True) -> Wait:
        return cls(time.monotonic() + seconds, asked)

    def go_on(self) -> None:
        """Refused: "nobody" when the time is over, "cancelled" when the page has gone."""
        if not self.asked():
            raise Trouble("cancelled")
        if time.monotonic() > self.until:
            raise Trouble("nobody")


class Driver(Protocol):
    """Speaks one device's language over the links at its addresses. Keeps nothing between two calls."""

    def probe(self, address: str) -> None:
        """Returns if the device is there and well. Refused: any `Trouble`."""


@dataclass(slots=True)
class Device:
    """One kind of device on this table: at one address, or at several (rating pads)."""

    kind: str
    driver: Driver
    addresses: tuple[str, ...]
    lock: Lock = field(default_factory=Lock)

    def there(self) -> bool:
        """Whether one of the addresses answers."""
        for address in self.addresses:
            try:
                self.driver.probe(address)
            except Trouble:
                continue
            return True
        return False


class Link:
    """Bytes to and from a device: ``tcp:host:port`` or ``serial:/dev/ttyUSB0[@speed]``. A context manager."""

    def __init__(self, address: str, timeout: float = 2.0) -> None:
        self._timeout = timeout
        kind, _, where = address.partition(":")
        try:
            self._socket = _tcp(where, timeout) if kind == "tcp" else None
            self._file = -1 if self._socket else _serial(where)
        except (OSError, ValueError) as error:
            raise Trouble("gone") from error

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()
        else:
            os.close(self._file)

    def fileno(self) -> int:
        return self._socket.fileno() if self._socket is not None else self._file

    def send(self, data: bytes) -> None:
        """All of it. Refused: "gone", "slow"."""
        try:
            if self._socket is not None:
                self._socket.sendall(data)
                return
            while data:
                data = data[os.write(self._file, data) :]
        except TimeoutError as error:
            raise Trouble("slow") from error
        except OSError as error:
            raise Trouble("gone") from error

    def some(self, seconds: float) -> bytes:
        """What has come, at the latest after so long; empty if nothing has. Refused: "gone" when it was unplugged."""
        try:
            if not select.select([self], [], [], max(0.0, seconds))[0]:
                return b""
            got = self._socket.recv(4096) if self._socket is not None else os.read(self._file, 4096)
        except OSError as error:
            raise Trouble("gone") from error
        if not got:
            raise Trouble("gone")
        return got

    def exactly(self, count: int, kept: bytearray) -> bytes:
        """The next ``count`` bytes; ``kept`` holds what came too early. Refused: "slow", "gone"."""
        until = time.monotonic() + self._timeout
        while len(kept) < count:
            if time.monotonic() > until:
                raise Trouble("slow")
            kept += self.some(until - time.monotonic())
        found = bytes(kept[:count])
        del kept[:count]
        return found

    def line(self, kept: bytearray, seconds: float) -> bytes | None:
        """The next line without its end; None if none came in time. Refused: "garbled" for one without an end."""
        until = time.monotonic() + seconds
        while b"\n" not in kept:
            got = self.some(until - time.monotonic())
            kept += got
            if len(kept) > 256:
                raise Trouble("garbled")
            if not got and time.monotonic() >= until:
                return None
        found, _, rest = bytes(kept).partition(b"\n")
        kept[:] = rest
        return found.strip()


def _tcp(where: str, timeout: float) -> socket.socket:
    host, _, port = where.rpartition(":")
    made = socket.create_connection((host, int(port)), timeout)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _serial(where: str) -> int:
    """A serial line without any translation, at 115200 unless the address says otherwise."""
    if sys.platform == "win32":
        raise OSError("serial lines need a program like ser2net here")
    import termios

    path, _, speed = where.partition("@")
    line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    mode = termios.tcgetattr(line)
    pace = getattr(termios, f"B{speed or 115200}")
    raw = termios.CS8 | termios.CREAD | termios.CLOCAL
    termios.tcsetattr(line, termios.TCSANOW, [0, 0, raw, 0, pace, pace, mode[6]])
    termios.tcflush(line, termios.TCIOFLUSH)
    return line
