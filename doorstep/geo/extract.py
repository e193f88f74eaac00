"""What we read from an OpenStreetMap extract besides its streets for driving: places with names, and lines for the map."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import osmium
from shapely import MultiPoint
from shapely.geometry.base import BaseGeometry

from doorstep.geo.address import Spot
from doorstep.geo.crs import Degrees
from doorstep.geo.shapes import Areas

_STREETS = {
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "unclassified",
    "living_street",
    "pedestrian",
}
_DRAWN = {"motorway": 6, "trunk": 7, "primary": 9, "secondary": 10, "tertiary": 12, "residential": 13, "unclassified": 13,
          "living_street": 14, "pedestrian": 14, "service": 14}  # fmt: skip
_PLACES = ("place", "amenity", "leisure", "shop", "tourism", "office", "railway", "building")
TILES = Path(__file__).with_name("tiles")
"""How tilemaker is told what to draw: Lua and JSON."""


def spots(extract: Path, areas: Areas, letters: Callable[[str], str]) -> Iterator[Spot]:
    """Everything in the extract that has a name or a house number, and whose ground it is on.

    ``letters`` gives a name's pinyin and initials. A street of many pieces is one spot for each community that it runs through.
    """
    seen: set[tuple[str, str, str]] = set()
    for name, kind, at in _named(extract):
        area = areas.at(at, "community")
        near = area.name.zh if area else ""
        if (name, kind, near) not in seen:
            seen.add((name, kind, near))
            yield Spot(name, kind, at[0], at[1], near, "" if kind == "house" else letters(name))


def reach(extract: Path) -> BaseGeometry:
    """The ground that its streets cover, roughly: their hull, half a kilometre wider. Raises ValueError if there are none."""
    cells = set()
    try:
        for thing in (
            osmium.FileProcessor(str(extract))
            .with_locations()
            .with_filter(osmium.filter.KeyFilter("highway"))
        ):
            at = _at(thing)
            if at:
                cells.add((round(at[0], 2), round(at[1], 2)))
    except RuntimeError as why:
        raise ValueError(f"{extract.name}: {why}") from why
    if len(cells) < 3:
        raise ValueError(f"{extract.name}: there are no streets in it")
    return MultiPoint(sorted(cells)).convex_hull.buffer(0.005)


def _named(extract: Path) -> Iterator[tuple[str, str, Degrees]]:
    reader = osmium.FileProcessor(str(extract)).with_locations().with_filter(osmium.filter.EmptyTagFilter())
    for thing in reader:
        tags, at = thing.tags, _at(thing)
        if at is None:
            continue
        if "addr:housenumber" in tags and "addr:street" in tags:
            yield _house(tags["addr:street"], tags["addr:housenumber"]), "house", at
        if "name" not in tags:
            continue
        if tags.get("highway") in _STREETS:
            yield tags["name"], "estate" if tags["highway"] == "living_street" else "street", at
        elif any(key in tags for key in _PLACES):
            yield tags["name"], "police" if tags.get("amenity") == "police" else "place", at


def _house(street: str, number: str) -> str:
    if street.isascii() or (street[-1].isalpha() and street[-1] < "\u2e80"):
        return f"{street} {number}"
    return street + number + ("号" if number.isdigit() else "")


def _at(thing: Any) -> Degrees | None:
    if thing.is_node():
        return (thing.location.lon, thing.location.lat)
    if not thing.is_way():
        return None
    corners = [one.location for one in thing.nodes if one.location.valid()]
    return (corners[len(corners) // 2].lon, corners[len(corners) // 2].lat) if corners else None


def vector_tiles(extract: Path, out: Path) -> bool:
    """The base map as vector tiles (an .mbtiles file) by tilemaker; False if this machine has none."""
    tool = shutil.which("tilemaker")
    if not tool:
        return False
    out.unlink(missing_ok=True)
    asked = ["--input", str(extract), "--output", str(out), "--config", str(TILES / "config.json")]
    ran = subprocess.run(
        [tool, *asked, "--process", str(TILES / "process.lua")], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise ValueError(f"{extract.name}: {(ran.stderr or ran.stdout)[-2000:]}")
    return True


def lines(extract: Path, out: Path) -> None:
    """The base map as GeoJSON, for who gets no tiles: streets, water and rails, no houses."""
    features = []
    for thing in (
        osmium.FileProcessor(str(extract)).with_locations().with_filter(osmium.filter.EmptyTagFilter())
    ):
        told = _drawn(thing)
        if told:
            features.append(told)
    out.write_text(
        json.dumps(
            {"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")
        )
    )


def _drawn(thing: Any) -> dict[str, Any] | None:
    if not thing.is_way():
        return None
    tags = thing.tags
    points: list[Any] = [
        [round(n.location.lon, 5), round(n.location.lat, 5)] for n in thing.nodes if n.location.valid()
    ]
    kind = tags.get("highway", "").removesuffix("_link")
    if kind in _DRAWN:
        told = {"layer": "road", "class": kind, "zoom": _DRAWN[kind]}
    elif tags.get("natural") == "water" or tags.get("leisure") == "park":
        told = {"layer": "water" if "natural" in tags else "park"}
        points = [points]
    elif tags.get("railway") == "rail" or "waterway" in tags:
        told = {"layer": "rail" if "railway" in tags else "waterway"}
    else:
        return None
    shape = "Polygon" if told["layer"] in ("water", "park") else "LineString"
    told |= {"name": tags["name"]} if "name" in tags else {}
    return {"type": "Feature", "properties": told, "geometry": {"type": shape, "coordinates": points}}
