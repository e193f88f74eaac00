"""The generated town: the same each time, whole, and hard in the ways it is meant to be."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from doorstep.geo import shapes, streets, town
from doorstep.geo.atlas import Atlas
from doorstep.geo.source import plan, source
from tests.geo.conftest import ANLAN, NOWHERE


def drawn() -> town.Town:
    told = source(ANLAN, NOWHERE)
    return town.draw(plan(ANLAN, told.raw["draw"]))


def test_one_plan_draws_one_town() -> None:
    one, other = drawn().sheet, drawn().sheet
    assert one.nodes == other.nodes and one.ways == other.ways
    assert len(one.nodes) > 30_000


def test_the_river_is_crossed_by_bridges_alone_and_there_are_few() -> None:
    lattice = drawn()
    sheet = lattice.sheet
    banks = {number: sheet.near(lon, lat) for number, (lon, lat, _) in sheet.nodes.items()}
    bridges = [way for way in sheet.ways if way[2].get("bridge")]
    assert 4 <= len({way[2].get("name", way[0]) for way in bridges}) <= 12
    inside = {n for n in lattice.crossing.values() if abs(banks[n][0]) < 7}
    for _, nodes, tags in sheet.ways:
        if "highway" in tags and not tags.get("bridge") and set(nodes) <= inside:
            sides = {_north(lattice, number) for number in nodes}
            assert len(sides) == 1, tags


def _north(lattice: town.Town, number: int) -> bool:
    i, j = next(place for place, node in lattice.crossing.items() if node == number)
    x, y = lattice.at(i, j)
    return y > lattice.river(x)


def test_every_place_has_one_community_one_station_one_district(atlas: Atlas) -> None:
    chance = random.Random(3)
    west, south, east, north = (one for one in atlas.areas.of("city")[0].ground.bounds)
    for _ in range(400):
        place = (chance.uniform(west, east), chance.uniform(south, north))
        areas = [atlas.areas.at(place, kind) for kind in ("community", "station", "county")]
        if atlas.areas.at(place, "city"):
            assert all(areas), place
            assert areas[0].of == areas[1].code and areas[1].of == areas[2].code  # type: ignore[union-attr]
    for kind in ("community", "station", "county"):
        assert atlas.areas.faults(kind) == []


def test_a_community_with_a_police_room_bears_its_name(atlas: Atlas) -> None:
    rooms = [one for one in ANLAN.points if one["kind"] == "room" and not one["unit"].startswith("AL-QY")]
    names = {one["name"]["zh"]: atlas.areas.at((one["lon"], one["lat"]), "community") for one in rooms}
    assert len(names) > 5
    told = [area.name.zh for room, area in names.items() if area and room.startswith(area.name.zh)]
    assert len(told) >= len(names) - 2, names  # two rooms may lie in one community


def test_a_plan_without_names_is_refused() -> None:
    with pytest.raises(ValueError, match="names"):
        town.Plan(118, 36, 8, 6, 1, "", "", "", (), ())
    with pytest.raises(ValueError, match="2 to 20"):
        town.Plan(118, 36, 80, 6, 1, "", "", "", ("a",), ("b",))


def test_areas_that_are_none_are_refused_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text('{"features": [{"properties": {"code": "A", "kind": "station", "zh": "甲", "en": "A"},'
                    ' "geometry": {"type": "Point", "coordinates": [1, 2]}}]}')  # fmt: skip
    with pytest.raises(ValueError, match="feature 1: a Point is no area"):
        shapes.read(path)


def test_B04_main_roads_leave_the_map_where_the_plan_says_and_nowhere_else(atlas: Atlas) -> None:
    net = streets.read(atlas.folder / "streets.osm.pbf")
    rim = [net.place(k) for k in range(net.graph.nodes) if net.graph.rim[k]]
    told = source(ANLAN, NOWHERE)
    assert len(rim) == len(plan(ANLAN, told.raw["draw"]).roads_out) == 4
    assert net.graph.narrow.sum() >= 8, "bridges and underpasses are known as such"
    here = net.nearest((117.985, 36.806))
    after = int(net.graph.head[net.graph.tail == here][0])
    (x, y), (u, v) = net.place(here), net.place(after)
    heading = math.degrees(math.atan2((u - x) * math.cos(math.radians(y)), v - y))
    assert after in net.onward((x, y), heading) and after not in net.onward((x, y), heading + 180)
    assert net.onward((x, y), None) == [here]
