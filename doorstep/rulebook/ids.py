"""Names for things: ordered ids, codes that cannot be guessed, matter numbers with a check character."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

_lock = threading.Lock()
_last: list[int] = [0]
_drawn: ContextVar[tuple[random.Random, Callable[[], datetime]] | None] = ContextVar("drawn", default=None)


def uuid7() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562): milliseconds, a counter that keeps the order within this process, chance.

    Ids made one after the other sort in that order, also when the machine's clock is set back.
    """
    drawn = _drawn.get()
    if drawn is not None:
        return _uuid7(
            int(drawn[1]().timestamp() * 1000) << 12 | drawn[0].getrandbits(12), drawn[0].getrandbits(62)
        )
    with _lock:
        # 60 bits: 48 of milliseconds, 12 of their fraction; never the same twice, never backwards.
        tick = max(time.time_ns() * 4096 // 1_000_000, _last[0] + 1)
        _last[0] = tick
    return _uuid7(tick, secrets.randbits(62))


def _uuid7(tick: int, chance: int) -> uuid.UUID:
    return uuid.UUID(int=(tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | chance)


def salt() -> bytes:
    """32 bytes that nobody can guess."""
    drawn = _drawn.get()
    return os.urandom(32) if drawn is None else drawn[0].randbytes(32)


def drawn_sequence() -> int | None:
    """For an invented life seven digits in place of the next of a sequence, above those that others reach; else None."""
    drawn = _drawn.get()
    return None if drawn is None else drawn[0].randrange(1_000_000, 10_000_000)


@contextmanager
def drawn_from(source: random.Random, now: Callable[[], datetime]) -> Iterator[None]:
    """In this context ids, salts and numbers of matters, never keys or codes, come from ``source`` and ``now``: for invented lives
    alone, so that the same town has the same chains. Only ``sim`` may name it, and only for a demo database.
    """
    before = _drawn.set((source, now))
    try:
        yield
    finally:
        _drawn.reset(before)


def link_code() -> str:
    """128 random bits, safe in an address: for public links and return codes."""
    return secrets.token_urlsafe(16)


def check_character(digits: str) -> str:
    """The ISO 7064 MOD 11-2 character of a run of digits (``X`` for ten), as identity numbers carry it.

    It finds every single wrong digit and every exchange of two neighbours.
    """
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2 % 11
    return "0123456789X"[(12 - total) % 11]


def matter_number(division: str, on: date, sequence: int) -> str:
    """Division code (6 digits), yymmdd, 7 digits of ``sequence``, check character. Raises ValueError.

    A sequence beyond seven digits starts again: below ten million matters a day no number comes twice.
    """
    if len(division) != 6 or not division.isdecimal():
        raise ValueError(f"{division!r} is not a division code of six digits")
    body = f"{division}{on:%y%m%d}{sequence % 10_000_000:07d}"
    return body + check_character(body)


def is_matter_number(text: str) -> bool:
    """True if the form and the check character are right. Says nothing about whether such a matter exists."""
    body, last = text[:-1], text[-1:]
    return len(text) == 20 and body.isascii() and body.isdecimal() and check_character(body) == last
