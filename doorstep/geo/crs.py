"""Coordinates as maps of China show them, and as we keep them.

Kept are longitude and latitude of WGS-84 (CGCS2000 is the same to a hand's breadth). Some base maps are shifted by some
hundred metres: GCJ-02 (Amap, Tencent) and, once more, BD-09 (Baidu). Conversion belongs to the edge where such a map is
shown or such a point is typed; nothing shifted is ever kept. The formulas of GCJ-02 and BD-09 are not published by their
makers; these are the ones that all public libraries share, and the way back is found by iteration, to a millimetre.
"""

from __future__ import annotations

import math

Degrees = tuple[float, float]
"""Longitude and latitude."""
SYSTEMS = ("wgs84", "gcj02", "bd09")
_A, _E2 = 6378245.0, 0.00669342162296594323  # Krasovsky 1940
_BD = math.pi * 3000.0 / 180.0


def into(system: str, lon: float, lat: float) -> Degrees:
    """A kept place as the map of ``system`` shows it. Raises KeyError for a system nobody knows."""
    if system not in SYSTEMS:
        raise KeyError(system)
    if system == "wgs84":
        return lon, lat
    shifted = _gcj(lon, lat)
    return shifted if system == "gcj02" else _bd(*shifted)


def out_of(system: str, lon: float, lat: float) -> Degrees:
    """The place to keep, of one that the map of ``system`` shows. Raises KeyError for a system nobody knows."""
    if system not in SYSTEMS:
        raise KeyError(system)
    found = (lon, lat)
    for _ in range(20):
        there = into(system, *found)
        off = (lon - there[0], lat - there[1])
        found = (found[0] + off[0], found[1] + off[1])
        if max(abs(off[0]), abs(off[1])) < 1e-9:
            break
    return found


def abroad(lon: float, lat: float) -> bool:
    """Outside the box in which maps are shifted at all."""
    return not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271)


def _gcj(lon: float, lat: float) -> Degrees:
    if abroad(lon, lat):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + waves
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + waves
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    flat = math.radians(lat)
    magic = 1 - _E2 * math.sin(flat) ** 2
    return (
        lon + (east * 180.0) / (_A / math.sqrt(magic) * math.cos(flat) * math.pi),
        lat + (north * 180.0) / ((_A * (1 - _E2)) / (magic * math.sqrt(magic)) * math.pi),
    )


def _bd(lon: float, lat: float) -> Degrees:
    far = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD)
    turn = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD)
    return far * math.cos(turn) + 0.0065, far * math.sin(turn) + 0.006


def metres(a: Degrees, b: Degrees) -> float:
    """The straight way between two places, metres (haversine on the mean sphere)."""
    (lon1, lat1), (lon2, lat2) = a, b
    p1, p2 = math.radians(lat1), math.radians(lat2)
    h = math.sin((p2 - p1) / 2) ** 2
    h += math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * 6371008.8 * math.asin(min(1.0, math.sqrt(h)))
