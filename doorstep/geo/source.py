"""Where the streets of a region come from: an extract that the installation was given, one that the region names, or a town
that does not exist, drawn by rule.

First what lies in the data directory (`geo.given`). Then ``regions/<name>/streets.yaml``: ``extract`` (OpenStreetMap, .osm.pbf)
and ``areas`` (GeoJSON), files beside it; or ``url`` and ``sha256`` of an extract to be fetched at set-up; or ``draw``. Without
any of them there are no streets yet: nothing is found, and times are estimated along straight lines. Without areas it is known
what belongs to the place, and not which station it is of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doorstep.geo import extract, given, ground, shapes, town
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.region import Region
from doorstep.rulebook.region_profile import FOLDER
from doorstep.rulebook.words import Words

FILE = "streets.yaml"
_STREET = re.compile(r"^(\S+?[路街巷道])\s*\d+")


@dataclass(frozen=True)
class Source:
    """Where the streets of a region come from: files, a plan to draw them by, or nothing yet."""

    region: Region
    raw: Mapping[str, Any]
    folder: Path
    own: Path
    """The folder of the data directory in which an extract may lie."""

    @property
    def extract(self) -> Path | None:
        """The extract that is there: the installation's, else the one that the region names."""
        mine = given.extract(self.own, self.region.code)
        return mine if mine.is_file() else self._beside("extract")

    @property
    def borders(self) -> Path | None:
        """The areas that go with the extract; None where nobody has drawn them."""
        mine = given.areas(self.own, self.region.code)
        return mine if mine.is_file() else self._beside("areas")

    @property
    def laid(self) -> bool:
        """Whether there are streets at all."""
        return self.extract is not None or "draw" in self.raw

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything whose change makes the map another one."""
        told = (self.folder / FILE, self.folder / "region.yaml", self.extract, self.borders)
        return tuple(one for one in told if one and one.is_file())

    @property
    def said(self) -> str:
        """Whose data the streets are, as it must be named on every map; empty for a town that was drawn."""
        return str(self.raw.get("said", given.OPENSTREETMAP)) if self.extract else ""

    def lay(self, to: Path) -> tuple[shapes.Area, ...]:
        """Puts the extract at ``to`` and returns the areas; nothing where there are no streets. Raises ValueError."""
        found = self.extract
        if found is None:
            if "draw" not in self.raw:
                return ()
            lattice = town.draw(plan(self.region, self.raw["draw"]))
            town.write(lattice.sheet, to)
            return tuple(_ground(self.region, self.raw["draw"], lattice))
        to.unlink(missing_ok=True)
        to.symlink_to(found)
        return shapes.read(self.borders) if self.borders else (self._whole(found),)

    def fetch(self, url: str = "", sha256: str = "") -> Path:
        """Fetches the extract that is named here, else the one of the region. Raises ValueError, OSError."""
        url, sha256 = url or str(self.raw.get("url", "")), sha256 or str(self.raw.get("sha256", ""))
        if not url:
            raise ValueError(f"{self.region.code}/{FILE} names no `url`, and none was given")
        to = given.extract(self.own, self.region.code)
        given.fetch(url, sha256, to)
        return to

    def _beside(self, key: str) -> Path | None:
        if key not in self.raw:
            return None
        if not (self.folder / self.raw[key]).is_file():
            raise ValueError(f"{self.folder.name}/{FILE}: `{key}` names no file beside it")
        return self.folder / str(self.raw[key])

    def _whole(self, found: Path) -> shapes.Area:
        """All that the extract covers, as the ground of the whole place."""
        city = next(one for one in self.region.units if one["kind"] == "city")
        return shapes.Area(city["code"], "city", self.region.name, "", extract.reach(found), {})


def source(region: Region, own: Path, folder: Path = FOLDER) -> Source:
    """Where the streets of this region come from; ``own`` is the folder of the data directory (`geo.given`). Raises ValueError."""
    path = folder / region.code / FILE
    raw = plain(compose(path.read_text("utf-8"), path.name)) if path.is_file() else {}
    if not isinstance(raw, dict) or (path.is_file() and not raw.keys() & {"extract", "draw", "url"}):
        raise ValueError(f"{region.code}/{FILE} says neither `extract`, `url` nor `draw`")
    return Source(region, raw, path.parent, own)


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
