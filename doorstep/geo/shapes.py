"""Whose ground a place lies on, and what is nearest: areas with names, asked by the thousand a second."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapely import Point, STRtree, make_valid, prepare
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from doorstep.geo.crs import Degrees
from doorstep.rulebook.words import Words


@dataclass(frozen=True)
class Area:
    """A piece of ground: ``kind`` is division, county, station, community, zone or patrol; ``of`` the code it belongs to."""

    code: str
    kind: str
    name: Words
    of: str
    ground: BaseGeometry
    more: Mapping[str, Any]
    """What else the region says of it, such as its class of response."""

    @property
    def middle(self) -> Degrees:
        """A place inside it, to write its name at."""
        point = self.ground.representative_point()
        return (point.x, point.y)

    def geojson(self) -> dict[str, Any]:
        """As a GeoJSON feature."""
        told = {
            "code": self.code,
            "kind": self.kind,
            "zh": self.name.zh,
            "en": self.name.en,
            "of": self.of,
            **self.more,
        }
        return {"type": "Feature", "properties": told, "geometry": mapping(self.ground)}


class Areas:
    """All areas of a region, found by place. A place on a border belongs to the area that is told first."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.all = tuple(areas)
        self._by = {(one.kind, one.code): one for one in self.all}
        self._tree = STRtree([one.ground for one in self.all])
        for one in self.all:
            prepare(one.ground)

    def at(self, place: Degrees, kind: str) -> Area | None:
        """The area of this kind that the place lies in; None outside all of them."""
        hit = sorted(int(k) for k in self._tree.query(Point(place), predicate="intersects"))
        return next((self.all[k] for k in hit if self.all[k].kind == kind), None)

    def of(self, kind: str) -> tuple[Area, ...]:
        """All of one kind, as told."""
        return tuple(one for one in self.all if one.kind == kind)

    def named(self, kind: str, code: str) -> Area | None:
        """The one of this kind and code."""
        return self._by.get((kind, code))

    def faults(self, kind: str, least_km2: float = 0.01) -> list[str]:
        """Where two areas of one kind lie on the same ground, in words; small slivers along borders are none."""
        ones, found = self.of(kind), []
        for n, one in enumerate(ones):
            for other in ones[n + 1 :]:
                both = one.ground.intersection(other.ground).area * 111.32 * 110.57 * 0.8
                if both > least_km2:
                    found.append(f"{one.code} and {other.code} share {both:.2f} km2")
        return found


def read(path: Path) -> tuple[Area, ...]:
    """The areas of a GeoJSON file (WGS-84). Raises ValueError with the feature that is no area or says too little."""
    told = json.loads(path.read_text("utf-8"))
    return tuple(_area(path, number, one) for number, one in enumerate(told["features"], 1))


def _area(path: Path, number: int, one: dict[str, Any]) -> Area:
    more = dict(one.get("properties") or {})
    try:
        ground = make_valid(shape(one["geometry"]))
        if ground.geom_type not in ("Polygon", "MultiPolygon"):
            raise ValueError(f"a {ground.geom_type} is no area")
        name = Words(more.pop("zh"), more.pop("en"))
        return Area(str(more.pop("code")), more.pop("kind"), name, str(more.pop("of", "")), ground, more)
    except (KeyError, ValueError, TypeError, AttributeError) as why:
        raise ValueError(f"{path.name}: feature {number}: {why}") from why
