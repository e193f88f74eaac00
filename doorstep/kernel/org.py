"""Units and points of service, read often and changed rarely: kept in memory for a minute, or until something is published."""

from __future__ import annotations

import time
from dataclasses import dataclass

from doorstep.kernel.models import Point, Unit
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused, Words

_FRESH_SECONDS = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """All units and points of this deployment at one moment."""

    units: dict[int, Unit]
    points: dict[int, Point]
    by_code: dict[str, Unit]
    point_by_code: dict[str, Point]


_cache: list[tuple[float, Town]] = []


def town() -> Town:
    """Units and points, at most a minute old."""
    if _cache and time.monotonic() - _cache[0][0] < _FRESH_SECONDS:
        return _cache[0][1]
    units = {u.id: u for u in Unit.objects.order_by("id")}
    points = {p.id: p for p in Point.objects.order_by("id")}
    fresh = Town(units, points, {u.code: u for u in units.values()}, {p.code: p for p in points.values()})
    if units:
        _cache[:] = [(time.monotonic(), fresh)]
    return fresh


def forget_town() -> None:
    """Read units and points anew at the next call: after they changed, and in tests."""
    _cache.clear()


pack.when_published(forget_town)


def unit_named(code: str) -> Unit:
    """The unit with this code. Refused: "no-unit"."""
    unit = town().by_code.get(code)
    if unit is None:
        raise Refused(
            "no-unit",
            Words(
                f"没有编号为 {code} 的单位，请重新选择。", f"There is no unit {code}. Please choose again."
            ),
        )
    return unit


def point_named(code: str) -> Point:
    """The point of service with this code. Refused: "no-point"."""
    point = town().point_by_code.get(code)
    if point is None:
        raise Refused(
            "no-point",
            Words(
                f"没有编号为 {code} 的服务点，请重新选择。",
                f"There is no point of service {code}. Please choose again.",
            ),
        )
    return point


def reach(unit: Unit) -> tuple[int, ...]:
    """The units whose layers hold in a unit, the nearest first; what holds in the whole city is not named."""
    return tuple(one for one in (unit.station, unit.county) if one is not None)


def reach_at(point: str) -> tuple[int, ...]:
    """The units whose layers hold at a point of service. Refused: "no-point"."""
    return reach(town().units[point_named(point).unit_id])


def above(unit: Unit, level: str) -> Unit:
    """The unit of a level (station, county, city) that a unit is or belongs to; the next one up if it has none there."""
    ids = {"station": (unit.station, unit.county), "county": (unit.county,)}.get(level, ())
    return town().units[next((one for one in ids if one is not None), unit.city)]


def unit_words(unit_id: int | None) -> Words:
    """The name of a unit for a reader; the police in general when there is none."""
    unit = town().units.get(unit_id) if unit_id is not None else None
    return unit.name if unit else Words("公安机关", "The police")


def police_of(unit: Unit) -> Unit:
    """The unit itself; of partners, who bring and hand out but take nothing on and decide nothing, the police above them."""
    while unit.kind == "partner" and unit.parent_id is not None:
        unit = town().units[unit.parent_id]
    return unit


def below(unit_id: int | None) -> tuple[int, ...]:
    """A unit and all under it."""
    return tuple(
        one.id for one in town().units.values() if unit_id in (one.id, one.station, one.county, one.city)
    )
