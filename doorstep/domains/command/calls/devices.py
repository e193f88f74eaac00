"""Sensors and volunteers' telephones that may report: each has a token, shown once, of which only a hash is kept, and an end."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from doorstep.domains.command.calls import kinds
from doorstep.domains.command.calls.models import CallDevice
from doorstep.domains.command.calls.verbs import operator
from doorstep.kernel.row import insert, run
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

KINDS: Final = ("sensor", "volunteer")


def hashed(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def add(
    viewer: Viewer, *, kind: str, name: str, item: str, until: datetime, lon: float | None = None, lat: float | None = None
) -> tuple[UUID, str]:  # fmt: skip
    """A device that may report calls of the kind ``item`` until a day. Gives its id and its token, once.

    Refused: "no-right", "no-kind", "device" without a name, of another kind, or with an end that is past or over a year away.
    """
    operator(viewer)
    kinds.kind_pack(item)
    now = clock.now()
    if kind not in KINDS or not name.strip() or not now < until <= now + timedelta(days=366):
        words = Words("写名称、是感应设备还是志愿者，和到哪天为止（最长一年）。",
                      "Give a name, sensor or volunteer, and until which day (a year at most).")  # fmt: skip
        raise Refused("device", words)
    fresh, token = uuid7(), secrets.token_urlsafe(24)
    insert(CallDevice(
        id=fresh, kind=kind, name=name.strip()[:60], token=hashed(token), lon=lon, lat=lat, item=item, made_by=viewer.account_id,
        made_at=now, until=until, ended_at=None,
    ))  # fmt: skip
    return fresh, token


def end(viewer: Viewer, device: UUID) -> None:
    """It may report no more, at once. Refused: "no-right", "not-found"."""
    operator(viewer)
    ended = "update call_device set ended_at = %s where id = %s and ended_at is null"
    if not run(ended, clock.now(), device):
        raise not_found()
