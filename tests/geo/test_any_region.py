"""Streets for any region: an extract that the installation was given, or none yet; never a drawn town in their place."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles.finders import find
from PIL import Image
from playwright.sync_api import Route, sync_playwright

from doorstep.geo import given
from doorstep.geo.atlas import Atlas, build
from doorstep.geo.beside import Beside
from doorstep.geo.router import ESTIMATED, ROUTED, StraightLine
from doorstep.geo.source import source
from doorstep.rulebook.region import load_region
from doorstep.run import ground
from doorstep.run.ground import letters, router
from doorstep.web import ground as pages
from tests.cast import Cast
from tests.journeys.browser import ARGUMENTS
from tests.journeys.examples import chromium

OTHERS = ("zibo", "ordos", "nanhu", "shaanxi", "baicheng")
ZIBO = load_region("zibo")
HOUSE, FAR = (-51.2304, -30.0331), (-51.1794, -30.0546)


@pytest.fixture(scope="module")
def real(real_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """A region whose installation put an extract into its data directory."""
    own = tmp_path_factory.mktemp("given")
    shutil.copy(real_city, given.extract(own, ZIBO.code))
    return build(source(ZIBO, own), tmp_path_factory.mktemp("real"), letters)


@pytest.fixture
def bare(tmp_path: Path) -> Atlas:
    """A region without any streets."""
    return build(source(ZIBO, tmp_path / "given"), tmp_path / "bare", letters)


def answering(found: Atlas) -> Iterator[Beside]:
    """A process that holds this map, without a Valhalla of its own."""
    held = ground.Held()
    held.map = found
    server = ThreadingHTTPServer(("127.0.0.1", 0), ground._handler(held))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Beside(f"http://127.0.0.1:{server.server_port}", 60)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("code", OTHERS)
def test_a_region_without_an_extract_has_no_streets_and_one_with_an_extract_has_its_own(
    code: str, tmp_path: Path
) -> None:
    told = source(load_region(code), tmp_path)
    assert not told.laid and not told.said and told.extract is None
    given.extract(tmp_path, code).write_bytes(b"streets")
    assert told.laid and "OpenStreetMap" in told.said and "ODbL" in told.said


def test_an_extract_of_the_installation_comes_before_a_drawn_town(tmp_path: Path) -> None:
    anlan = load_region("anlan")
    drawn = source(anlan, tmp_path)
    assert drawn.laid and drawn.extract is None and not drawn.said
    given.extract(tmp_path, "anlan").write_bytes(b"streets")
    assert drawn.extract and drawn.said


def test_without_streets_times_are_estimated_and_nothing_is_found(bare: Atlas) -> None:
    assert not bare.laid and not len(bare.places) and not bare.areas.all and bare.tiles is None
    for asked in answering(bare):
        assert asked.find("人民路1号") == [] and asked.at(HOUSE) is None
        assert asked.ready() == ESTIMATED
        assert asked.matrix([HOUSE], [FAR]) == StraightLine().matrix([HOUSE], [FAR])
        assert asked.route((HOUSE, FAR)).source == ESTIMATED
        for what in ("cover", "posts", "relocate"):
            assert not asked.ask(what, {"units": [], "closed": []})


def test_an_extract_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    given.extract(tmp_path, ZIBO.code).write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"zibo\.osm\.pbf"):
        build(source(ZIBO, tmp_path), tmp_path / "geo", letters)
    assert not [one for one in (tmp_path / "geo").iterdir() if not one.name.startswith(".")]


class _Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"streets")

    def log_message(self, *_: object) -> None:
        pass


def test_what_is_fetched_is_kept_only_if_it_is_what_was_promised(tmp_path: Path) -> None:
    told, promised = source(ZIBO, tmp_path), hashlib.sha256(b"streets").hexdigest()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{shop.server_port}/zibo.osm.pbf"
        with pytest.raises(ValueError, match="nothing was kept"):
            told.fetch(url, "0" * 64)
        assert not told.laid and not list(tmp_path.iterdir())
        assert told.fetch(url, promised).read_bytes() == b"streets" and told.laid
        shop.shutdown()
    for slip, sha256, says in (
        ("file:///etc/passwd", promised, "http"),
        (url, "abc", "SHA-256"),
        ("", "", "url"),
    ):
        with pytest.raises(ValueError, match=says):
            told.fetch(slip, sha256)


def test_a_real_city_is_laid_found_and_driven(real: Atlas, tmp_path: Path) -> None:
    assert real.laid and len(real.places) > 2000 and [one.kind for one in real.areas.all] == ["city"]
    assert real.areas.at(HOUSE, "city") and not real.areas.at((117.9, 36.8), "city")
    house = real.places.find("rua dos andradas 1137", 1)[0]
    assert house.exact and house.spot.name == "Rua dos Andradas 1137"
    assert real.places.find("Avenida Bento Goncalves", 1)[0].spot.name == "Avenida Bento Gonçalves"
    if real.tiles is None:
        pytest.skip("no Valhalla for this machine")
    with router(real, tmp_path) as asked:
        way = asked.route((house.spot.at, FAR))
        near, far = asked.isochrone(house.spot.at, (180, 600))
    assert way.source == ROUTED and 4000 < way.metres < 12000 and any(leg.street for leg in way.legs)
    assert near.source == far.source == ROUTED
    assert max(far.rings[0])[0] > max(near.rings[0])[0]


def test_E02_the_page_of_a_region_without_streets_says_what_to_put_where(
    cast: Cast, bare: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings
    from django.test import Client

    (bare.folder.parent / "now").symlink_to(bare.folder)
    for asked in answering(bare):
        monkeypatch.setattr(settings, "GROUND_URL", asked.url)
        monkeypatch.setattr(settings, "GROUND_FOLDER", bare.folder.parent)
        web = Client(HTTP_HOST="localhost")
        page = web.get("/map").content.decode()
        assert "这里还没有路网" in page and "streets/anlan.osm.pbf" in page and "data-map=" not in page
        assert "地址查不了" in web.get("/map", {"q": "橘园路12号"}).content.decode()
        near = web.get("/map", {"at": "118.0,36.83"}).content.decode()
        assert "最近的窗口" in near and "估计" in near and "辖区还没有画" in near


@pytest.mark.parametrize("gone", [False, True], ids=["tiles", "no tiles"])
def test_E02_the_page_of_a_real_city_is_drawn_in_a_browser_with_tiles_and_without(
    cast: Cast, real: Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    from django.conf import settings
    from django.test import Client

    (tmp_path / "now").symlink_to(real.folder)
    for asked in answering(real):
        monkeypatch.setattr(settings, "GROUND_URL", asked.url)
        monkeypatch.setattr(settings, "GROUND_FOLDER", tmp_path)
        said = Client(HTTP_HOST="localhost").get("/map", {"q": "Rua dos Andradas 1137"}).content.decode()
        assert "Rua dos Andradas 1137" in said and "辖区还没有画" in said
        assert "OpenStreetMap contributors, ODbL" in said
        told = drawn_in_a_browser(said, gone)
    assert told["drawn"] and "OpenStreetMap" in told["said"]
    assert told["lost"] == (["底图没有取到，先画简图；标记的位置不变。"] if gone else [])
    assert told["colours"] > 3, "something is drawn on the ground"


def drawn_in_a_browser(page_source: str, gone: bool) -> dict[str, Any]:
    """The page as a browser draws it: its files and tiles are ours; ``gone``: no tile is answered."""

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/map/tiles/"):
            if gone:
                return route.abort()
            tile = pages.tile(*_tile(path))
            return route.fulfill(status=200 if tile else 204, body=gzip.decompress(tile) if tile else b"")
        if path.startswith("/map/lines/"):
            return route.fulfill(body=gzip.decompress(pages.lines(path.rpartition("/")[2]) or b""))
        if path.startswith("/map/areas/"):
            return route.fulfill(body=pages.areas("station"))
        if path.startswith("/static/"):
            found = find(re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", path.removeprefix("/static/")))
            return route.fulfill(path=str(found)) if found else route.fulfill(status=404)
        return route.fulfill(body=page_source, content_type="text/html; charset=utf-8")

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium() or None, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.route("**/*", answer)
        page.goto("http://doorstep.test/map")
        page.wait_for_selector("[data-drawn]", timeout=60_000)
        page.wait_for_timeout(500)
        picture = page.locator(".map").screenshot()
        told = {
            "drawn": True, "said": page.locator(".maplibregl-ctrl-attrib").inner_text(),
            "lost": page.locator(".map-lost").all_inner_texts(),
            "colours": len([n for n, _ in Image.open(BytesIO(picture)).convert("RGB").getcolors(2**24) or () if n > 300]),
        }  # fmt: skip
        browser.close()
    return told


def _tile(path: str) -> tuple[str, int, int, int]:
    stamp, z, x, y = path.removeprefix("/map/tiles/").split("/")
    return stamp, int(z), int(x), int(y)
