"""Positions as devices report them, looked at before anything is stored: clocks that run ahead, places that cannot be. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from doorstep.geo.crs import metres
from doorstep.rulebook.words import Words

AHEAD: Final = timedelta(seconds=10)
"""So far may a device's clock run ahead without having said so."""
LATE: Final = timedelta(hours=24)
"""What was kept longer while there was no network is not reported any more."""
SKEW_NOTED_S: Final = 2.0
REASONS: Final = {
    "nonsense": Words("经纬度不对", "Not a longitude and latitude"),
    "outside": Words("不在本地，可能在海上或外地", "Not in this area: at sea, or elsewhere"),
    "future": Words(
        "时间在将来，请校准设备时钟或带上 sent_at", "In the future: set the device's clock, or send sent_at"
    ),
    "old": Words("超过一天，不再收", "More than a day old, not taken any more"),
    "speed": Words("和上一处之间快得不可能", "Too far from the place before it for the time between"),
}


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a unit was; ``heading`` in degrees from north, ``speed`` in metres a second, ``accuracy`` in metres."""

    at: datetime
    lon: float
    lat: float
    heading: float | None = None
    speed: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """``refused``: the number in the batch and why. ``skew_s``: how far the clock runs ahead; times were set right by it."""

    good: tuple[Fix, ...]
    refused: tuple[tuple[int, str], ...]
    skew_s: float


Box = tuple[float, float, float, float]


def box_of(places: Sequence[tuple[float, float]], margin: float = 0.6) -> Box | None:
    """West, south, east, north around these places and some fifty kilometres more; None where none is known."""
    if not places:
        return None
    lons, lats = [lon for lon, _ in places], [lat for _, lat in places]
    return min(lons) - margin, min(lats) - margin, max(lons) + margin, max(lats) + margin


def look(
    fixes: Sequence[Fix],
    *,
    now: datetime,
    sent_at: datetime | None,
    last: Fix | None,
    box: Box | None,
    fastest_kmh: float,
) -> Looked:
    """Which of a batch can be, oldest first. ``last``: where the unit was before."""
    skew = (sent_at - now).total_seconds() if sent_at else 0.0
    ahead = timedelta(seconds=skew) if abs(skew) >= SKEW_NOTED_S else timedelta()
    good: list[Fix] = []
    refused: list[tuple[int, str]] = []
    for number, raw in sorted(enumerate(fixes), key=lambda one: one[1].at):
        try:
            fix = replace(raw, at=raw.at - ahead)
        except OverflowError:
            refused.append((number, "old"))
            continue
        why = _wrong(fix, now, box) or ("speed" if _too_fast(last, fix, fastest_kmh) else "")
        if why:
            refused.append((number, why))
        else:
            last = _whole(fix, fastest_kmh)
            good.append(last)
    return Looked(tuple(good), tuple(sorted(refused)), round(skew, 1) if ahead else 0.0)


def _wrong(fix: Fix, now: datetime, box: Box | None) -> str:
    sound = math.isfinite(fix.lon) and math.isfinite(fix.lat) and abs(fix.lon) <= 180 and abs(fix.lat) <= 90
    if not sound or fix.lon == fix.lat == 0:
        return "nonsense"
    if fix.at > now + AHEAD:
        return "future"
    if fix.at < now - LATE:
        return "old"
    return "" if box is None or (box[0] <= fix.lon <= box[2] and box[1] <= fix.lat <= box[3]) else "outside"


def _too_fast(last: Fix | None, fix: Fix, fastest_kmh: float) -> bool:
    """Farther than its error and the fastest drive; an older one that comes late is measured the same way."""
    if last is None:
        return False
    seconds = abs((fix.at - last.at).total_seconds())
    unsure = 100.0 + min(fix.accuracy or 0.0, 1_000.0) + min(last.accuracy or 0.0, 1_000.0)
    return metres((last.lon, last.lat), (fix.lon, fix.lat)) > unsure + seconds * fastest_kmh / 3.6


def _whole(fix: Fix, fastest_kmh: float) -> Fix:
    """Without a heading, speed or accuracy that cannot be."""

    def kept(value: float | None, most: float) -> float | None:
        return value if value is not None and math.isfinite(value) and 0 <= value <= most else None

    return replace(fix, heading=kept(fix.heading, 360), speed=kept(fix.speed, fastest_kmh / 3.6),
                   accuracy=kept(fix.accuracy, 100_000))  # fmt: skip
