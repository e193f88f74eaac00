"""What a region says of its streets: an extract of its own, or how a town that does not exist is drawn.

``regions/<name>/streets.yaml`` names ``extract`` (OpenStreetMap, .osm.pbf) and ``areas`` (GeoJSON), files beside it, or says
``draw``. A region without that file has no map: places are then estimated along straight lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doorstep.geo import ground, shapes, town
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.region import Region
from doorstep.rulebook.region_profile import FOLDER
from doorstep.rulebook.words import Words

FILE = "streets.yaml"
_STREET = re.compile(r"^(\S+?[路街巷道])\s*\d+")


@dataclass(frozen=True)
class Source:
    """Where the streets of a region come from: files, or a plan to draw them by."""

    region: Region
    raw: Mapping[str, Any]
    folder: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything whose change makes the map another one."""
        named = [self.folder / self.raw[key] for key in ("extract", "areas") if key in self.raw]
        return (self.folder / FILE, self.folder / "region.yaml", *named)

    @property
    def said(self) -> str:
        """Whose data the streets are, as it must be named on every map; empty for a town that was drawn."""
        return "" if "draw" in self.raw else str(self.raw.get("said", "© OpenStreetMap"))

    def lay(self, extract: Path) -> tuple[shapes.Area, ...]:
        """Puts the extract at ``extract`` and returns the areas. Raises ValueError with what is missing or wrong."""
        if "draw" in self.raw:
            lattice = town.draw(plan(self.region, self.raw["draw"]))
            town.write(lattice.sheet, extract)
            return tuple(_ground(self.region, self.raw["draw"], lattice))
        for key in ("extract", "areas"):
            if key not in self.raw or not (self.folder / self.raw[key]).is_file():
                raise ValueError(f"{self.folder.name}/{FILE}: `{key}` names no file beside it")
        extract.unlink(missing_ok=True)
        extract.symlink_to(self.folder / self.raw["extract"])
        return shapes.read(self.folder / self.raw["areas"])


def source(region: Region, folder: Path = FOLDER) -> Source | None:
    """What this region says of its streets; None if it says nothing."""
    path = folder / region.code / FILE
    if not path.is_file():
        return None
    raw = plain(compose(path.read_text("utf-8"), path.name))
    if not isinstance(raw, dict) or not raw.keys() & {"extract", "draw"}:
        raise ValueError(f"{region.code}/{FILE} says neither `extract` nor `draw`")
    return Source(region, raw, path.parent)


def plan(region: Region, raw: Mapping[str, Any]) -> town.Plan:
    """The plan of a generated town: its own words, and the streets that the region's addresses speak of."""
    named: dict[str, tuple[float, float]] = {}
    for point in region.points:
        street = _STREET.match(point["address"]["zh"])
        if street and point.get("lon") is not None:
            named.setdefault(street[1], (point["lon"], point["lat"]))
    county = raw.get("county")
    told = [
        raw["river"],
        raw["railway"],
        raw["park"],
        *raw.get("roads_out", ()),
        *raw["villages"],
        *([county] if county else []),
    ]
    return town.Plan(
        lon=raw["middle"]["lon"], lat=raw["middle"]["lat"], east_km=raw["reach_km"]["east"], north_km=raw["reach_km"]["north"],
        seed=int(raw["seed"]), river=raw["river"]["zh"], railway=raw["railway"]["zh"], park=raw["park"]["zh"],
        streets=(*region.streets, *raw["streets"]), compounds=tuple(raw["estates"]), named=named,
        villages=tuple((one["zh"], one["lon"], one["lat"]) for one in raw["villages"]),
        county=(county["zh"], county["lon"], county["lat"]) if county else None,
        roads_out=tuple((one["zh"], one["side"]) for one in raw.get("roads_out", ())),
        english={one["zh"]: one["en"] for one in told},
    )  # fmt: skip


def _ground(region: Region, raw: Mapping[str, Any], lattice: town.Town) -> list[shapes.Area]:
    units = {one["code"]: one for one in region.units}
    at = {one["unit"]: one for one in region.points if one["kind"] == "station"}
    seats = [
        ground.Seat(
            one["code"], Words.of(one["name"]), one["parent"], at[one["code"]]["lon"], at[one["code"]]["lat"]
        )
        for one in region.units
        if one["kind"] == "station" and one["code"] in at
    ]
    districts = {code: Words.of(units[code]["name"]) for code in dict.fromkeys(seat.of for seat in seats)}
    city = next(one for one in region.units if one["kind"] == "city")
    rooms = {one["name"]["zh"]: (one["lon"], one["lat"]) for one in region.points if one["kind"] == "room"}
    names = [Words.of(one) for one in raw["communities"]]
    known = {name: at for name in names for room, at in rooms.items() if room.startswith(name.zh)}
    return ground.ground(lattice, seats, districts, (city["code"], region.name), names, known)
