"""The map in pages: who answers where something is, and the base map that lies under everything drawn.

The base map is ours (vector tiles of the region's streets, no request leaves the house) unless `BASEMAP` names another:
``tianditu:KEY``, ``amap``, or ``wgs84=https://…/{z}/{x}/{y}`` and ``gcj02=…`` for a mirror in one's own net. A shifted map
(GCJ-02) is drawn with shifted marks; what is kept and sent stays WGS-84.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from doorstep.geo.basemap import foreign
from doorstep.geo.beside import Beside
from doorstep.geo.talk import Away
from doorstep.rulebook.words import Words

_TILES, _LINES = "base.mbtiles", "base.geojson"
_SKETCH = Words("简图：只有道路和水面。", "A sketch: streets and water only.")
_LOST = Words(
    "底图没有取到，先画简图；标记的位置不变。",
    "The base map cannot be had. This is a sketch; marks are where they were.",
)
_BLANK = Words("底图没有取到；标记的位置不变。", "The base map cannot be had. Marks are where they were.")
_open = threading.local()


@dataclass(frozen=True, slots=True)
class Base:
    """What lies under a map. ``tiles``: addresses with {z}, {x}, {y}; ``kind`` vector, raster, or lines where there are no tiles;
    ``system`` how it is shifted."""

    kind: str
    system: str
    tiles: tuple[str, ...]
    said: str
    """Whose data it is, as it must be named."""
    box: tuple[float, float, float, float] | None = None
    """West, south, east, north of the streets, for a page that has nothing to show at first."""
    lines: str = ""
    """Where streets and water lie as plain lines, for when no tile can be had."""

    @property
    def told(self) -> dict[str, Any]:
        """As the script is told it."""
        lost = _SKETCH if self.kind == "lines" else _LOST if self.lines else _BLANK
        return {
            "kind": self.kind, "system": self.system, "tiles": self.tiles, "said": self.said, "box": self.box,
            "lines": self.lines, "lost": [lost.zh, lost.en],
        }  # fmt: skip


def beside() -> Beside:
    """Whoever answers where something is. Asking raises Away where no map runs."""
    if not settings.GROUND_URL:
        raise Away("no map runs here")
    return _beside(settings.GROUND_URL)


@lru_cache(maxsize=4)
def _beside(url: str) -> Beside:
    return Beside(url)


def base() -> Base | None:
    """The base map of this house; None where there is none, and pages say where things are in words alone."""
    stamp, told = _stamp(), settings.BASEMAP
    if told:
        named = foreign(told)
        return Base("raster", named.system, named.tiles, named.said, _box(stamp), _lines_at(stamp))
    if not stamp:
        return None
    said, tiles = (_now() / "said.txt").read_text("utf-8"), f"/map/tiles/{stamp}/{{z}}/{{x}}/{{y}}"
    kind = "vector" if (_now() / _TILES).is_file() else "lines"
    return Base(kind, "wgs84", (tiles,) if kind == "vector" else (), said, _box(stamp), _lines_at(stamp))


def _lines_at(stamp: str) -> str:
    return f"/map/lines/{stamp}" if stamp and (_now() / _LINES).is_file() else ""


def no_streets() -> bool:
    """Whether the map says that its region has no streets yet: nothing is found, and times are estimated."""
    there = _now()
    return there.is_dir() and not (there / "streets.osm.pbf").exists()


def origins() -> str:
    """Where a page with a map may fetch tiles besides from us, for the content policy."""
    if not settings.BASEMAP:
        return ""
    parts = [urlsplit(one) for one in foreign(settings.BASEMAP).tiles]
    return " ".join(dict.fromkeys(f"{one.scheme}://{one.netloc}" for one in parts))


def _now() -> Path:
    return Path(settings.GROUND_FOLDER) / "now"


def _stamp() -> str:
    """Which map is in force: the name of its folder."""
    try:
        there = _now().resolve(strict=True)
    except OSError:
        return ""
    return there.name if any((there / one).is_file() for one in (_TILES, _LINES)) else ""


def tile(stamp: str, z: int, x: int, y: int) -> bytes | None:
    """One vector tile of the base map, gzipped; None where there is nothing to draw, or of a map no longer in force."""
    if not stamp or stamp != _stamp() or not 0 <= z <= 14 or not (_now() / _TILES).is_file():
        return None
    kept = getattr(_open, "kept", None)
    if kept is None or kept[0] != stamp:
        where = (_now().resolve() / _TILES).as_uri()
        kept = _open.kept = (stamp, sqlite3.connect(f"{where}?mode=ro&immutable=1", uri=True))
    row = (
        kept[1]
        .execute(
            "select tile_data from tiles where zoom_level = ? and tile_column = ? and tile_row = ?",
            (z, x, 2**z - 1 - y),
        )
        .fetchone()
    )
    return bytes(row[0]) if row else None


def lines(stamp: str) -> bytes | None:
    """Streets and water as GeoJSON lines, gzipped; None where there are none, or of a map no longer in force."""
    return _lines(stamp) if stamp == _stamp() and _lines_at(stamp) else None


@lru_cache(maxsize=1)
def _lines(stamp: str) -> bytes:
    return gzip.compress((_now().resolve() / _LINES).read_bytes(), 6)


@lru_cache(maxsize=4)
def _box(stamp: str) -> tuple[float, float, float, float] | None:
    """Around all areas of the map in force."""
    if not stamp:
        return None
    told = json.loads((_now().resolve() / "areas.geojson").read_text("utf-8"))
    places = list(_corners([one["geometry"]["coordinates"] for one in told["features"]]))
    lons, lats = [one[0] for one in places], [one[1] for one in places]
    return (min(lons), min(lats), max(lons), max(lats)) if places else None


def _corners(shape: Any) -> Iterator[tuple[float, float]]:
    if shape and isinstance(shape[0], (int, float)):
        yield shape[0], shape[1]
        return
    for part in shape:
        yield from _corners(part)


def areas(kind: str) -> bytes:
    """The areas of one kind as GeoJSON; none where there is no map."""
    return _areas(_stamp(), kind)


@lru_cache(maxsize=8)
def _areas(stamp: str, kind: str) -> bytes:
    found = []
    if stamp:
        told = json.loads((_now().resolve() / "areas.geojson").read_text("utf-8"))
        found = [one for one in told["features"] if one["properties"]["kind"] == kind]
    return json.dumps(
        {"type": "FeatureCollection", "features": found}, ensure_ascii=False, separators=(",", ":")
    ).encode()
