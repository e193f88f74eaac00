"""A base map of somebody else, as the operator names it: ``tianditu:KEY``, ``amap``, or a mirror in one's own net."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

_TIANDITU = "https://t0.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
_AMAP = "https://webrd01.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}"
_SYSTEMS = ("wgs84", "gcj02")


@dataclass(frozen=True, slots=True)
class Foreign:
    """``system``: how it is shifted, wgs84 or gcj02; ``tiles``: addresses with {z}, {x}, {y}; ``said``: whose data it is."""

    system: str
    tiles: tuple[str, ...]
    said: str


def foreign(told: str) -> Foreign:
    """The base map that ``told`` names. Raises ValueError with what can be named; the key is not repeated in it."""
    name, _, key = told.partition(":")
    if name == "tianditu" and key:
        layers = tuple(_TIANDITU.format(layer=one, key=key) for one in ("vec", "cva"))
        return Foreign("wgs84", layers, "天地图")
    if told == "amap":
        return Foreign("gcj02", (_AMAP,), "高德地图")
    system, _, tiles = told.partition("=")
    if system in _SYSTEMS and tiles.startswith(("https://", "http://")) and "{z}" in tiles:
        return Foreign(system, (tiles,), urlsplit(tiles).hostname or "")
    raise ValueError(
        "DOORSTEP_BASEMAP is none of tianditu:KEY, amap, wgs84=https://…/{z}/{x}/{y} or gcj02=https://…"
    )
