"""The map as its own process tells it to the others, and the page that says whose ground a place is."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from doorstep.geo import chase, crs
from doorstep.geo.atlas import Atlas
from doorstep.geo.beside import Beside
from doorstep.geo.router import Fix, Router, Unreachable
from doorstep.geo.talk import Away
from doorstep.run import ground
from tests.cast import Cast

MAP_JS = Path(crs.__file__).parents[1] / "web" / "static" / "doorstep" / "map.js"
NORTH, SOUTH, SEA = (118.0, 36.83), (118.0, 36.772), (119.5, 38.0)


@pytest.fixture(scope="module")
def asked(atlas: Atlas, roads: Router) -> Iterator[Beside]:
    held = ground.Held()
    held.map, held.router = atlas, roads
    server = ThreadingHTTPServer(("127.0.0.1", 0), ground._handler(held))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Beside(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()


def test_what_is_asked_beside_is_what_the_router_says(asked: Beside, roads: Router) -> None:
    assert asked.matrix([NORTH], [SOUTH, SEA]) == roads.matrix([NORTH], [SOUTH, SEA])
    assert asked.route((NORTH, SOUTH)) == roads.route((NORTH, SOUTH))
    assert asked.isochrone(NORTH, (60, 180)) == roads.isochrone(NORTH, (60, 180))
    assert asked.locate(NORTH) == roads.locate(NORTH) and asked.locate(SEA) is None
    line = roads.route((NORTH, SOUTH)).line[:30]
    fixes = [Fix(lon, lat, at=5.0 * n) for n, (lon, lat) in enumerate(line)]
    assert asked.match(fixes) == roads.match(fixes) != []
    with pytest.raises(Unreachable):
        asked.route((NORTH, SEA))


def test_a_place_is_told_with_whose_ground_it_is(asked: Beside, atlas: Atlas) -> None:
    hit = asked.find("橘园路十二号")[0]
    station = hit.ground("station")
    assert hit.name == "橘园路12号" and hit.exact and station
    area = atlas.areas.at(hit.at, "station")
    assert area and area.code == station.code
    near = asked.at((hit.lon + 0.0001, hit.lat))
    assert near and near.name.startswith("橘园路") and near.ground("station") == station
    assert asked.at(SEA) is None


def test_while_the_map_is_built_and_when_its_process_is_gone_it_is_away() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), ground._handler(ground.Held()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked = Beside(f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(Away):
        asked.find("橘园路")
    server.shutdown()
    server.server_close()
    with pytest.raises(Away):
        Beside(asked.url).matrix([NORTH], [SOUTH])


def test_E02_the_page_says_which_station_and_draws_our_own_tiles(
    cast: Cast, asked: Beside, atlas: Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings
    from django.test import Client

    (tmp_path / "now").symlink_to(atlas.folder)
    monkeypatch.setattr(settings, "GROUND_URL", asked.url)
    monkeypatch.setattr(settings, "GROUND_FOLDER", tmp_path)
    web = Client(HTTP_HOST="localhost")
    said = web.get("/map", {"q": "橘园路12号"}).content.decode()
    mine = asked.find("橘园路12号")[0].ground("station")
    assert mine and mine.name.zh in said and "开车" in said
    assert (
        "no-place" in web.get("/map", {"at": "here"}).content.decode()
        or web.get("/map", {"at": "here"}).status_code == 422
    )
    assert "不在本市" in web.get("/map", {"at": f"{SEA[0]},{SEA[1]}"}).content.decode()
    for nowhere in ("zzzz", "zzzz不存在的地方"):
        assert "没有找到" in web.get("/map", {"q": nowhere}).content.decode()
    assert mine.name.zh in web.get("/map", {"q": "橘圆路12号"}).content.decode(), "one character wrong"
    assert web.get("/map/areas/station").json()["features"]
    assert web.get("/map/areas/person").status_code == 404
    if (atlas.folder / "base.mbtiles").exists():
        tiles = said.partition("/map/tiles/")[2].partition("/")[0]
        z, x, y = 12, *crs_tile(NORTH, 12)
        answer = web.get(f"/map/tiles/{tiles}/{z}/{x}/{y}")
        assert (
            answer.status_code == 200
            and answer["Content-Encoding"] == "gzip"
            and answer.content[:2] == b"\x1f\x8b"
        )
        assert web.get(f"/map/tiles/another/{z}/{x}/{y}").status_code == 204
    monkeypatch.setattr(settings, "GROUND_URL", "")
    assert "查不了" in web.get("/map", {"q": "橘园路"}).content.decode()


def crs_tile(place: crs.Degrees, zoom: int) -> tuple[int, int]:
    """Column and row of the tile of the web's map that a place lies in."""
    import math

    lon, lat = place
    flat = math.asinh(math.tan(math.radians(lat)))
    return int((lon + 180) / 360 * 2**zoom), int((1 - flat / math.pi) / 2 * 2**zoom)


def test_another_base_map_is_named_by_the_operator_and_a_slip_is_told() -> None:
    from doorstep.geo import basemap as pages

    assert pages.foreign("amap").system == "gcj02"
    assert "tk=KEY" in pages.foreign("tianditu:KEY").tiles[0]
    assert pages.foreign("wgs84=https://tiles.example/{z}/{x}/{y}.png").system == "wgs84"
    for slip in ("tianditu", "bd09=https://tiles.example/{z}/{x}/{y}", "https://tiles.example"):
        with pytest.raises(ValueError, match="DOORSTEP_BASEMAP"):
            pages.foreign(slip)


def test_another_base_map_is_named_on_the_page_and_its_host_alone_is_let_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings
    from django.test import Client

    web = Client(HTTP_HOST="localhost")
    assert "autonavi" not in web.get("/map")["Content-Security-Policy"]
    for told, host, said in (("amap", "https://webrd01.is.autonavi.com", "高德地图"),
                             ("tianditu:SECRET", "https://t0.tianditu.gov.cn", "天地图")):  # fmt: skip
        monkeypatch.setattr(settings, "BASEMAP", told)
        page = web.get("/map")
        policy = dict(one.strip().partition(" ")[::2] for one in page["Content-Security-Policy"].split(";"))
        assert (
            host in policy["img-src"] and host in policy["connect-src"] and host not in policy["script-src"]
        )
        assert (
            json.loads(
                page.content.decode()
                .partition('<script id="map-data" type="application/json">')[2]
                .partition("</script>")[0]
            )["said"]
            == said
        )
        assert "SECRET" not in page["Content-Security-Policy"]


def test_the_page_shifts_places_as_we_do_and_back() -> None:
    from playwright.sync_api import sync_playwright

    from tests.journeys.browser import ARGUMENTS
    from tests.journeys.examples import chromium

    script = MAP_JS.read_text("utf-8")
    places = [[118.05, 36.81], [87.6, 43.8], [109.5, 18.3], [2.35, 48.85]]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium() or None, args=ARGUMENTS)
        page = browser.new_page()
        page.evaluate(script)
        there = page.evaluate("places => places.map(doorstepMap.toGcj)", places)
        back = page.evaluate("places => places.map(doorstepMap.fromGcj)", there)
        browser.close()
    for place, shown, kept in zip(places, there, back, strict=True):
        assert shown == pytest.approx(crs.into("gcj02", *place), abs=1e-9)
        assert kept == pytest.approx(place, abs=1e-8)


def test_B04_the_map_says_what_to_close_around_a_sighting(asked: Beside, atlas: Atlas) -> None:
    chance = random.Random(4)
    cars = {f"c{n}": (chance.uniform(117.93, 118.04), chance.uniform(36.76, 36.85)) for n in range(24)}
    told = asked.chase((117.985, 36.806), None, 45.0, cars)
    assert told.posts and told.by_now
    manned = [one for one in told.posts if one.unit]
    assert len({one.unit for one in manned}) == len(manned) and {one.unit for one in manned} <= set(cars)
    assert all(one.street or one.crossing for one in told.posts)
    for one in manned[:4]:
        drive = asked.matrix([cars[str(one.unit)]], [(one.lon, one.lat)])[0][0].seconds
        assert (
            one.source != "routed"
            or drive is None
            or one.there_s == pytest.approx(drive * chase.DRIVE + chase.SETUP_S)
        )
    nobody = asked.chase((117.985, 36.806), 90.0, 600.0, {})
    assert not nobody.holds and not any(one.unit for one in nobody.posts)
