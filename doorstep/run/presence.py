"""A connection that says "I am here": `/readyz` sees it by name."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Final

import psycopg

from doorstep.run.roles import dsn

CHANNEL: Final = "doorstep_told"
"""Where the relay tells the stream what was committed. Here, so that the stream need not import the relay and Django."""
AGAIN: Final = 0.2
"""Seconds until somebody whose server is gone looks again."""
_BEAT: Final = 1.0


def be_present(role: str, name: str) -> None:
    """Holds a database connection named ``doorstep-<name>`` from a thread of its own, and a new one when the server was gone.

    Who is present finds their own way back to a server that was started again: a new process would take seconds to be of use.
    """
    threading.Thread(target=_beat, args=(role, name), name="presence", daemon=True).start()


def _beat(role: str, name: str) -> None:
    while True:
        with contextlib.suppress(psycopg.Error):
            _hold(dsn(role) | {"application_name": f"doorstep-{name}", "connect_timeout": "10"})
        time.sleep(AGAIN)


def _hold(params: dict[str, str]) -> None:
    with psycopg.connect(autocommit=True, **params) as conn:  # type: ignore[arg-type]
        while True:
            conn.execute("select 1")
            list(
                conn.notifies(timeout=_BEAT)
            )  # nobody notifies it; unlike a sleep, this ends when the server does
