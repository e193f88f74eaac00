"""What staff enter for others: their entries of the day, and one that was wrong taken back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson

from doorstep.domains.ratings import call_back, rate
from doorstep.kernel.org import unit_words
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import clock, pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

_NO = {
    "not-entered": Words(
        "今天您没有录过这个受理号的评价，或者已经收回了。昨天以前录的不能收回。",
        "You entered no rating for this number today, or took it back already. Earlier ones stay.",
    ),
    "begun": Words(
        "这份评价的回访已经有人在办，不能收回。请告诉办回访的单位。",
        "Somebody has begun to look into this rating, so it cannot be taken back. Tell the unit that calls back.",
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One rating that the viewer entered today, to be compared with the slip."""

    number: str
    title: Words
    unit: Words
    level: Words
    way: Words


def entered() -> list[Entry]:
    """What the viewer entered for others today and has not taken back."""
    today = calendar().day_of(clock.now())
    return [
        Entry(number, pack.current(item).title, unit_words(unit), rate.LEVELS[level], rate.WAYS[way])
        for number, item, unit, level, way in fetch("select * from ratings.entered(%s)", today)
    ]


def take_back(viewer: Viewer, number: str) -> None:
    """Take a wrong entry of today back, and end the call-back that it opened; the slip can be entered anew. Asked again, it
    is taken back already.

    Refused: "no-right", "not-entered" (404) unless the viewer entered it today, "begun" (409) once somebody looks into it.
    """
    if viewer.is_resident or not viewer.may("rate"):
        raise refuse_right()
    now = clock.now()
    with call_back.scope_kept() as cursor:
        cursor.execute(
            "select ratings.take_back(%s, %s, %s)", [number.strip().upper(), calendar().day_of(now), now]
        )
        value = cursor.fetchone()[0]
        found = orjson.loads(value) if isinstance(value, str | bytes) else value
        if no := found.get("no"):
            raise Refused(no, _NO[no], status=404 if no == "not-entered" else 409)
        if found.get("call_back"):
            call_back.end_call_back(UUID(found["call_back"]))
