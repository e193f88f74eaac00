"""`doorstep relay`: tells reactors and viewers what was committed, in order, and nothing that was not.

The verbs never NOTIFY (it makes commits wait for each other); this one process reads what they left in the outbox.
"""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import django
import psycopg
from django.conf import settings
from django.db import connection, transaction
from psycopg.rows import namedtuple_row

from doorstep.kernel.plug import Committed, register
from doorstep.rulebook import clock
from doorstep.run.presence import AGAIN, CHANNEL
from doorstep.run.roles import dsn

_TICK: Final = 0.05
_BATCH: Final = 200
_LONGEST: Final = 300.0
_LOCK: Final = 0x0D00_57E8
_log = logging.getLogger(__name__)

Reactor = Callable[[Committed], None]


@dataclass
class _Patience:
    """A row whose reactor failed: tried again later, ever more rarely, never given up."""

    matter_id: UUID
    failures: int = 0
    again_at: float = 0.0

    def later(self) -> None:
        self.failures += 1
        self.again_at = time.monotonic() + min(_LONGEST, 0.5 * 2**self.failures)


@dataclass
class Relay:
    """Reads the outbox over ``conn`` (worker role, autocommit) and runs ``reactors`` (by their stable
    name).
    """

    conn: psycopg.Connection[Any]
    reactors: dict[str, Reactor]
    waiting: dict[int, _Patience] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)
    """Rows that viewers have heard of and that are not done yet."""

    def step(self) -> int:
        """One batch: react, mark as done, notify once. Returns how many rows were done."""
        cursor = self.conn.cursor(row_factory=namedtuple_row)
        rows: list[Any] = cursor.execute(
            "select * from trust.outbox_batch(%s)", [_BATCH + len(self.told)]
        ).fetchall()
        new = [row.id for row in rows if row.id not in self.told]
        done = [row.id for row in rows if not self._held_back(row) and self._react(row)]
        if new or done:
            self._finish(done, new)
        self.told = {row.id for row in rows} - set(done)
        return len(done)

    def _held_back(self, row: Any) -> bool:
        """Is this row, or an earlier one of its matter, waiting for another try?"""
        mine = self.waiting.get(row.id)
        if mine and mine.again_at > time.monotonic():
            return True
        return any(p.matter_id == row.matter_id and number < row.id for number, p in self.waiting.items())

    def _react(self, row: Any) -> bool:
        happened = Committed(row.event_id, row.matter_id, row.kind, row.state)
        try:
            for name, reactor in self.reactors.items():
                _once(name, reactor, happened)
        except Exception:
            _log.exception("a reactor failed on event %s; it will be tried again", row.event_id)
            self.waiting.setdefault(row.id, _Patience(row.matter_id)).later()
            return False
        self.waiting.pop(row.id, None)
        return True

    def _finish(self, done: list[int], told: list[int]) -> None:
        with self.conn.transaction():
            if done:
                self.conn.execute("select trust.outbox_done(%s)", [done])
            if told:
                self.conn.execute("select pg_notify(%s, %s)", [CHANNEL, json.dumps(told)])


def _once(name: str, reactor: Reactor, happened: Committed) -> None:
    """Runs the reactor unless it has dealt with this event; its effects and that mark are one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "insert into reaction (event_id, reactor, at) values (%s, %s, %s) on conflict do nothing",
            [happened.event_id, name, clock.now()],
        )
        if cursor.rowcount:
            reactor(happened)


def reactors_of(packages: Iterable[str]) -> dict[str, Reactor]:
    """Every reactor of the registered domains, by a name that survives restarts."""
    return {
        f"{domain.name}.{getattr(react, '__name__', 'react')}"[:64]: react
        for domain in register(packages).values()
        for react in domain.reacts
    }


def run() -> None:
    """Relays until SIGTERM. A second relay on the same database waits until the first is gone."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    django.setup()
    while not stop.is_set():
        try:
            _relay(stop)
        except psycopg.Error as gone:
            _log.warning("the relay lost its server and looks for it again: %s", gone)
            connection.close()
            stop.wait(AGAIN)


def _relay(stop: threading.Event) -> None:
    params = dsn("worker") | {"application_name": "doorstep-relay"}
    with psycopg.connect(autocommit=True, **params) as conn:  # type: ignore[arg-type]
        while conn.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
            if stop.wait(AGAIN):
                return
        relay = Relay(conn, reactors_of(settings.DOMAINS))
        while not stop.is_set():
            if relay.step() < _BATCH:
                stop.wait(_TICK)
