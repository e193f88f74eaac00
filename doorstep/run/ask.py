"""Asks other systems what open call steps ask, and brings the answers back: JSON over HTTP, once per key.

`POST <address>/<connector>` with the header Idempotency-Key; the answer is `{"answer": …, "data": {…}}`. A system that does not
answer is left alone for a while, and longer each time. A step with a limit waits for it until then; one without counts a minute
of silence as a failed try. Then the flow goes its fallback.
"""

from __future__ import annotations

import http.client
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection

from doorstep.kernel import call
from doorstep.kernel.call import Question
from doorstep.kernel.trust import enter_system
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 300.0
_SILENCE = timedelta(minutes=1)


class Silent(Exception):
    """The other system did not answer, or not in its protocol."""


def post(address: str, asked: Question) -> tuple[str, dict[str, Any]]:
    """Ask once. The answer and what comes with it; Silent if there is none."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    link = kind(parts.netloc, timeout=_PATIENCE_SECONDS)
    try:
        told = {"Content-Type": "application/json", "Idempotency-Key": asked.key}
        link.request("POST", f"{parts.path.rstrip('/')}/{asked.connector}", json.dumps(asked.tells), told)
        answer = link.getresponse()
        body = json.loads(answer.read(64 * 1024))
        if answer.status >= 500:
            raise Silent(f"{asked.connector} answers {answer.status}")
        return str(body.get("answer") or "failed"), dict(body.get("data") or {})
    except (OSError, http.client.HTTPException, ValueError, AttributeError, TypeError) as why:
        raise Silent(f"{asked.connector}: {why!r}") from why
    finally:
        link.close()


@dataclass
class Asker:
    """Goes through the open call steps. ``addresses``: connector to address, ``*`` for all others."""

    addresses: dict[str, str]
    ask: Callable[[str, Question], tuple[str, dict[str, Any]]] = post
    pauses: dict[str, tuple[float, float]] = field(default_factory=dict)

    def tend(self, most: int = 50) -> int:
        """Ask what is open; returns how many steps were answered."""
        with connection.cursor() as cursor:
            cursor.execute("select matter_id, name, opened_at from trust.open_calls(%s)", [most])
            rows = cursor.fetchall()
        return sum(self._one(*row) for row in rows)

    def _one(self, matter_id: UUID, step: str, opened_at: datetime) -> bool:
        try:
            with enter_system(matter_id) as system:
                asked = call.question(system, matter_id, step) if self._may(matter_id, step) else None
            if asked is None:
                return False
            said, told = self._answer(asked, opened_at)
            if not said:
                return False
            with enter_system(matter_id) as system:
                call.heard(system, matter_id, step, asked, said, told)
        except Refused as no:
            _log.warning("step %s of %s: %s", step, matter_id, no.code)
            return False
        return True

    def _may(self, matter_id: UUID, step: str) -> bool:
        """Is it time to look at this step? A silent system is not asked, and nobody's record is read for it."""
        return time.monotonic() >= self.pauses.get(f"{matter_id}:{step}", (0.0, 0.0))[0]

    def _answer(self, asked: Question, opened_at: datetime) -> tuple[str, dict[str, Any]]:
        """What was said; "" while there is nothing to say yet."""
        address = self.addresses.get(asked.connector) or self.addresses.get("*", "")
        until, pause = self.pauses.get(asked.connector, (0.0, 0.0))
        try:
            if time.monotonic() < until or not address:
                raise Silent(f"{asked.connector} is left alone")
            answer = self.ask(address, asked)
        except Silent as why:
            if time.monotonic() >= until:
                _log.warning("%s", why)
                pause = min(max(2 * pause, 1.0), _LONGEST_PAUSE_SECONDS)
                self.pauses[asked.connector] = (time.monotonic() + pause, pause)
            self.pauses[asked.key.rpartition(":")[0]] = (time.monotonic() + min(max(pause, 1.0), 30.0), 0.0)
            late = not asked.has_limit and clock.now() - opened_at >= _SILENCE
            return ("failed" if late else ""), {}
        self.pauses.pop(asked.connector, None)
        self.pauses.pop(asked.key.rpartition(":")[0], None)
        return answer
