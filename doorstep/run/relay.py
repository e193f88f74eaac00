"""`doorstep relay`: tells reactors and viewers what was committed."""

from __future__ import annotations

import signal
import threading

import psycopg

from doorstep.run.roles import dsn


def run() -> None:
    """Relays until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    params = dsn("worker") | {"application_name": "doorstep-relay"}
    with psycopg.connect(autocommit=True, **params) as conn:  # type: ignore[arg-type]
        while not stop.wait(0.05):
            conn.execute("select 1")
