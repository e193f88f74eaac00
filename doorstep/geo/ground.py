"""Whose ground is whose in a generated town: stations by superblocks, so that borders run along streets; communities inside
them; districts and the city around them; villages beyond.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapely import MultiPoint, Point, Polygon, box, union_all, voronoi_polygons
from shapely.geometry.base import BaseGeometry

from doorstep.geo.crs import Degrees
from doorstep.geo.shapes import Area
from doorstep.geo.town import SUB, Sheet, bounds
from doorstep.geo.town import Town as Lattice
from doorstep.rulebook.words import Words

BLOCKS_A_COMMUNITY = 4
_MARGIN = 0.03
"""Degrees of country drawn around everything."""


@dataclass(frozen=True)
class Seat:
    """Where a station sits: its code, its name, the code of its district and of that district's name."""

    code: str
    name: Words
    of: str
    lon: float
    lat: float


def ground(
    lattice: Lattice,
    seats: Sequence[Seat],
    districts: dict[str, Words],
    city: tuple[str, Words],
    names: Sequence[Words],
    known: Mapping[Words, Degrees],
) -> list[Area]:
    """The areas of a generated town: communities, stations, districts, the city; every place has one of each.

    Args:
        lattice: the drawn town.
        seats: its stations, in town and country; a district belongs to those that name it.
        districts: code to name of the districts.
        city: code and name of the whole.
        names: for the communities, at least as many as there are; villages keep their own.
        known: where some of these names must be.
    """
    blocks = list(_blocks(lattice))
    town = union_all([shape for shape, _ in blocks])
    inside = [seat for seat in seats if town.contains(Point(seat.lon, seat.lat))] or list(seats)
    owned: dict[str, list[tuple[BaseGeometry, int]]] = defaultdict(list)
    for shape, ring in blocks:
        middle = shape.centroid
        owned[min(inside, key=lambda seat: _far(seat, middle.x, middle.y)).code].append((shape, ring))
    country = _country(lattice.sheet, seats, town)
    told = _Names(names, known)
    found: list[Area] = []
    for seat in seats:
        parts = [
            *_communities(seat, owned[seat.code], told),
            *_villages(lattice.sheet, seat, country[seat.code]),
        ]
        found += parts
    by_seat = {seat.code: union_all([one.ground for one in found if one.of == seat.code]) for seat in seats}
    stations = [Area(seat.code, "station", seat.name, seat.of, by_seat[seat.code], {}) for seat in seats]
    counties = [
        Area(code, "county", name, city[0], union_all([one.ground for one in stations if one.of == code]), {})
        for code, name in districts.items()
    ]
    whole = Area(city[0], "city", city[1], "", union_all([one.ground for one in counties]), {})
    return [*found, *stations, *counties, whole]


class _Names:
    """Names in their order, but for those that have a place of their own."""

    def __init__(self, names: Sequence[Words], known: Mapping[Words, Degrees]) -> None:
        self._known, self._left = dict(known), iter([one for one in names if one not in known])

    def of(self, shape: BaseGeometry) -> Words:
        here = next((name for name, at in self._known.items() if shape.contains(Point(at))), None)
        if here is not None:
            del self._known[here]
            return here
        return next(self._left)


def _blocks(lattice: Lattice) -> Iterator[tuple[BaseGeometry, int]]:
    """Each superblock, and how many blocks it lies from the edge of the town."""
    for i in range(lattice.across):
        for j in range(lattice.up):
            a, b = i * SUB, j * SUB
            edge = [(a + k, b) for k in range(SUB)] + [(a + SUB, b + k) for k in range(SUB)]
            edge += [(a + SUB - k, b + SUB) for k in range(SUB)] + [(a, b + SUB - k) for k in range(SUB)]
            shape = Polygon([lattice.sheet.degrees(lattice.at(*corner)) for corner in edge])
            yield shape, min(i, j, lattice.across - 1 - i, lattice.up - 1 - j)


def _far(seat: Seat, lon: float, lat: float) -> float:
    return math.hypot((seat.lon - lon) * math.cos(math.radians(lat)), seat.lat - lat)


def _country(sheet: Sheet, seats: Sequence[Seat], town: BaseGeometry) -> dict[str, BaseGeometry]:
    """What lies outside the town, each piece with the station that is nearest."""
    west, south, east, north = bounds(sheet)
    frame = box(west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
    cells = voronoi_polygons(MultiPoint([(seat.lon, seat.lat) for seat in seats]), extend_to=frame).geoms
    found = {}
    for seat in seats:
        cell = next(one for one in cells if one.intersects(Point(seat.lon, seat.lat)))
        found[seat.code] = cell.intersection(frame).difference(town)
    return found


def _communities(seat: Seat, blocks: list[tuple[BaseGeometry, int]], names: _Names) -> Iterator[Area]:
    """Some blocks each, around seeds as far from one another as can be."""
    if not blocks:
        return
    middles = [(shape.centroid.x, shape.centroid.y) for shape, _ in blocks]
    seeds = [0]
    while len(seeds) < max(1, round(len(blocks) / BLOCKS_A_COMMUNITY)):
        seeds.append(
            max(range(len(blocks)), key=lambda k: min(math.dist(middles[k], middles[s]) for s in seeds))
        )
    groups: dict[int, list[int]] = defaultdict(list)
    for k, middle in enumerate(middles):
        groups[min(seeds, key=lambda s: math.dist(middle, middles[s]))].append(k)
    for number, members in enumerate(groups.values(), 1):
        depth = sum(blocks[k][1] for k in members) / len(members)
        zone = "core" if depth >= 4 else "town" if depth >= 2 else "edge"
        shape = union_all([blocks[k][0] for k in members])
        yield Area(f"{seat.code}-C{number}", "community", names.of(shape), seat.code, shape, {"zone": zone})


def _villages(sheet: Sheet, seat: Seat, ground: BaseGeometry) -> Iterator[Area]:
    """The country of a station, each piece with its village; without one, a single piece with the station's name."""
    if ground.is_empty:
        return
    here = [one for one in sheet.plan.villages if ground.contains(Point(one[1], one[2]))]
    if len(here) < 2:
        name = here[0][0] if here else ""
        words = sheet.plan.words(name) if name else Words(f"{seat.name.zh}近郊", f"{seat.name.en}, outskirts")
        yield Area(f"{seat.code}-V1", "community", words, seat.code, ground, {"zone": "country"})
        return
    cells = voronoi_polygons(MultiPoint([(lon, lat) for _, lon, lat in here]), extend_to=ground).geoms
    for number, (name, lon, lat) in enumerate(here, 1):
        cell = next(one for one in cells if one.intersects(Point(lon, lat)))
        words = sheet.plan.words(name)
        yield Area(
            f"{seat.code}-V{number}",
            "community",
            words,
            seat.code,
            cell.intersection(ground),
            {"zone": "country"},
        )
