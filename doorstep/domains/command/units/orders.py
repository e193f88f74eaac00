"""Orders to wait at a post: a dispatcher sends a free unit there, its crew confirms, the next call ends it.

It stays free meanwhile.
"""

from __future__ import annotations

import math
from typing import Final
from uuid import UUID

from doorstep.domains.command.units import duty
from doorstep.domains.command.units.models import DutyOrder
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import fetch, rows
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_OVER: Final = Words("这个指令已经不算了。", "This order does not hold any more.")
_LONGEST: Final = 80


def order(
    viewer: Viewer, duty_unit_id: int, *, post: str, name: Words, lon: float, lat: float, request_id: str
) -> Done:
    """The unit is to wait there. Refused: "no-right", "off-duty" (409), "busy" (409) if it is out, "post" for no place."""
    viewer.need("dispatch")
    if not (
        math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 85 and name.zh.strip()
    ):
        raise Refused(
            "post", Words("没有这个驻守点，请刷新再试。", "There is no such post; reload and try again.")
        )

    def do() -> Done:
        fresh = uuid7()
        duty.refuse(fetch("select trust.duty_order(%s, %s, %s, %s, %s, %s, %s, %s)", fresh, duty_unit_id, post[:40],
                          name.zh[:_LONGEST], name.en[:_LONGEST], lon, lat, clock.now()))  # fmt: skip
        return Done(fresh, "", "ordered", 1)

    content = {"unit": duty_unit_id, "post": post, "at": [lon, lat]}
    return once(viewer, "duty_order", request_id, content, do, _done)


def seen(viewer: Viewer, order_id: UUID) -> None:
    """Its crew has read it. Refused: "no-right" for others, "over" (409)."""
    _say(order_id, "seen")


def take_back(viewer: Viewer, order_id: UUID) -> None:
    """It holds no more, by a dispatcher. Refused: "no-right", "over" (409)."""
    _say(order_id, "back")


def _say(order_id: UUID, what: str) -> None:
    told = fetch("select trust.duty_order_say(%s, %s, %s)", order_id, what, clock.now())
    if told[0][0] == "over":
        raise Refused("over", _OVER, status=409)
    duty.refuse(told)


def standing(duty_unit_id: int | None = None) -> list[DutyOrder]:
    """Orders that hold, of all units the viewer sees or of one, the newest first."""
    if duty_unit_id is None:
        return rows(DutyOrder, "where ended_at is null order by ordered_at desc limit 50")
    return rows(DutyOrder, "where ended_at is null and duty_unit_id = %s", duty_unit_id)


def _done(key: UUID) -> Done:
    return Done(key, "", "ordered", 1)
