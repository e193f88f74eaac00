"""The position feed: a batch of one unit, stored while it is on duty and not otherwise; the same batch again stores nothing new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import orjson

from doorstep.domains.command.units import duty, fixes, region
from doorstep.domains.command.units.fixes import Fix
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook import region as ground
from doorstep.rulebook.words import Refused, Words

MOST: Final = 200
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of a batch: how many were new, how many were known, which cannot be, how far the device's clock runs ahead."""

    duty_unit_id: int
    callsign: str
    taken: int
    known: int
    refused: tuple[tuple[int, str], ...]
    skew_s: float


def report(
    viewer: Viewer, duty_unit_id: int | None, told: Sequence[Fix], sent_at: datetime | None = None
) -> Reported:
    """Where a unit was: the viewer's own, or one that they command (a gateway of vehicles).

    Refused: "off-duty" (409), then nothing is stored; "no-right"; "no-fixes", "too-many"; "no-place" if none of them can be, each
    with its reason.
    """
    if not told or len(told) > MOST:
        zh, en = f"一次报 1 至 {MOST} 个位置。", f"Report 1 to {MOST} positions at a time."
        raise Refused("too-many" if told else "no-fixes", Words(zh, en))
    now = clock.now()
    found = fetch("select id, callsign, state, lon, lat, position_at from trust.duty_last(%s)", duty_unit_id)
    if not found and duty_unit_id is not None:
        raise refuse_right()
    if not found or found[0][2] == "off":
        raise duty.off_duty()
    unit, callsign, _, lon, lat, at = found[0]
    looked = fixes.look(told, now=now, sent_at=sent_at, last=Fix(at, lon, lat) if at else None, box=_box(),
                        fastest_kmh=region.told().fastest_kmh)  # fmt: skip
    if not looked.good:
        raise _nowhere(looked)
    taken = _store(int(unit), looked.good)
    return Reported(int(unit), str(callsign), taken, len(looked.good) - taken, looked.refused, looked.skew_s)


def _store(unit: int, good: tuple[Fix, ...]) -> int:
    rows = [
        {"at": one.at, "lon": one.lon, "lat": one.lat, "heading": one.heading, "speed": one.speed, "accuracy": one.accuracy}
        for one in good
    ]  # fmt: skip
    said = str(fetch("select trust.duty_report(%s, %s)", unit, orjson.dumps(rows).decode())[0][0])
    if said == "off":
        raise duty.off_duty()
    if said == "no-right":
        raise refuse_right()
    return int(said)


def _nowhere(looked: fixes.Looked) -> Refused:
    words = Words("这些位置都不能收，原因在各条里。", "None of these positions can be taken; each says why.")
    return Refused(
        "no-place", words, faults=tuple((f"/fixes/{n}", fixes.REASONS[why]) for n, why in looked.refused)
    )


@lru_cache(maxsize=1)
def _box() -> fixes.Box | None:
    """Around all points of the region that lie somewhere."""
    places = [(one["lon"], one["lat"]) for one in ground.region().points if one.get("lon") is not None]
    return fixes.box_of(places)


def forget() -> int:
    """Delete tracks and notes that were kept for the region's days; returns how many rows went."""
    before = clock.now() - region.told().kept
    return int(fetch("select trust.duty_forget(%s, %s)", before, _AT_ONCE)[0][0])
