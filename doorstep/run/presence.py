"""A connection that says "I am here": `/readyz` sees it by name, and losing it ends the process."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

import psycopg

from doorstep.run.roles import dsn

CHANNEL: Final = "doorstep_told"
"""Where the relay tells the stream what was committed. Here, so that the stream need not import the relay and Django."""
_BEAT: Final = 1.0


def be_present(role: str, name: str) -> None:
    """Holds a database connection named ``doorstep-<name>`` from a thread of its own.

    When PostgreSQL is gone the whole process ends at once and the supervisor starts it again: one way back
    for every connection, pool and listener inside, instead of a repair for each.
    """
    threading.Thread(target=_beat, args=(role, name), name="presence", daemon=True).start()


def _beat(role: str, name: str) -> None:
    try:
        params = dsn(role) | {"application_name": f"doorstep-{name}", "connect_timeout": "10"}
        with psycopg.connect(autocommit=True, **params) as conn:  # type: ignore[arg-type]
            while True:
                conn.execute("select 1")
                time.sleep(_BEAT)
    except psycopg.Error:
        os._exit(1)
