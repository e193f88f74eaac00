"""Times and ways by the real Valhalla over the generated town, and what happens without it."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

import pytest

from doorstep.geo import valhalla
from doorstep.geo.router import (
    ESTIMATED,
    ROUTED,
    Fallback,
    Fix,
    Router,
    StraightLine,
    Unreachable,
    Valhalla,
    nearest,
)
from doorstep.geo.spoken import said
from doorstep.geo.talk import Away
from doorstep.run.ground import router

NORTH, SOUTH = (118.0, 36.83), (118.0, 36.772)
SEA = (119.5, 38.0)


def test_a_way_over_the_river_is_longer_than_the_line_and_told_turn_by_turn(roads: Router) -> None:
    way = roads.route((NORTH, SOUTH))
    guess = StraightLine(detour=1.0).route((NORTH, SOUTH))
    assert way.source == ROUTED and way.metres > guess.metres
    assert way.legs[0].kind == "start" and way.legs[-1].kind == "arrive"
    assert said(way.legs[-1]).zh == "到达" and all(said(leg).en for leg in way.legs)


def test_a_closed_street_lengthens_the_way_and_the_matrix_knows_it(roads: Router) -> None:
    way = roads.route((NORTH, SOUTH))
    lon, lat = way.line[len(way.line) // 2]
    closed = [((lon - 0.002, lat - 0.002), (lon + 0.002, lat - 0.002), (lon + 0.002, lat + 0.002),
               (lon - 0.002, lat + 0.002), (lon - 0.002, lat - 0.002))]  # fmt: skip
    longer = roads.route((NORTH, SOUTH), closed)
    assert longer.seconds > way.seconds
    told = roads.matrix([NORTH], [SOUTH], closed)[0][0]
    assert told.seconds == pytest.approx(longer.seconds, rel=0.05)


def test_a_place_in_the_sea_is_unreachable_and_the_others_are_still_told(roads: Router) -> None:
    with pytest.raises(Unreachable):
        roads.route((NORTH, SEA))
    row = roads.matrix([NORTH], [SEA, SOUTH])[0]
    assert row[0].seconds is None and row[1].seconds and row[1].source == ROUTED
    assert roads.locate(SEA) is None


def test_reach_grows_with_time_and_walking_is_slower(roads: Router) -> None:
    one, three = roads.isochrone(NORTH, (60, 180))
    assert _wide(three.rings[0]) > _wide(one.rings[0])
    assert _wide(roads.isochrone(NORTH, (180,), "pedestrian")[0].rings[0]) < _wide(three.rings[0])


def _wide(ring: tuple[tuple[float, float], ...]) -> float:
    return max(lon for lon, _ in ring) - min(lon for lon, _ in ring)


def test_a_track_is_matched_to_the_streets_it_ran_on(roads: Router) -> None:
    way = roads.route((NORTH, SOUTH))
    fixes = [Fix(lon + 0.00005, lat - 0.00004, n * 8.0) for n, (lon, lat) in enumerate(way.line)]
    driven = roads.match(fixes)
    assert len(driven) >= 3 and all(one.way for one in driven)
    assert roads.match(fixes[:1]) == []


def test_without_the_service_times_are_estimated_and_say_so() -> None:
    nobody = Fallback(Valhalla("127.0.0.1", 9))
    time = nobody.matrix([NORTH], [SOUTH])[0][0]
    assert time.source == ESTIMATED and time.seconds and time.seconds > 600
    assert nobody.route((NORTH, SOUTH)).source == ESTIMATED
    assert nobody.isochrone(NORTH, (60,))[0].rings and nobody.match([]) == [] and nobody.locate(SEA) == SEA
    with pytest.raises(Away):
        Valhalla("127.0.0.1", 9).route((NORTH, SOUTH))


class _Holes(http.server.BaseHTTPRequestHandler):
    """A service whose matrix finds nothing and whose route does; it hangs up once before it answers."""

    hung_up = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not _Holes.hung_up:
            _Holes.hung_up = True
            self.connection.close()
            return
        asked = json.loads(body)
        if self.path == "/sources_to_targets":
            told = {
                "sources_to_targets": [[{"time": None} for _ in asked["targets"]] for _ in asked["sources"]]
            }
        else:
            told = {"trip": {"legs": [], "summary": {"time": 77.0, "length": 1.0}}}
        raw = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


def test_what_the_matrix_misses_is_asked_again_as_a_way_and_a_broken_line_is_mended() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Holes) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            told = Valhalla("127.0.0.1", server.server_port).matrix([NORTH], [SOUTH])
        finally:
            server.shutdown()
            thread.join()
    assert told[0][0].seconds == 77.0 and told[0][0].source == ROUTED


def test_the_nearest_by_line_are_asked_about_first() -> None:
    assert nearest(NORTH, [SOUTH, SEA, NORTH], 2) == [2, 0]


def test_a_real_citys_extract_is_laid_and_routed(real_city: Path, tmp_path: Path) -> None:
    from doorstep.geo.atlas import Atlas

    try:
        valhalla.program("valhalla_service")
    except valhalla.NotHere:
        pytest.skip("no Valhalla for this machine")
    valhalla.build_tiles(real_city, tmp_path / "tiles")
    with router(Atlas(tmp_path), tmp_path) as asked:
        way = asked.route(((-51.2304, -30.0331), (-51.1794, -30.0546)))
    assert way.source == ROUTED and 4000 < way.metres < 12000 and way.legs


def test_a_broken_extract_is_refused_by_name(tmp_path: Path) -> None:
    try:
        valhalla.program("valhalla_build_tiles")
    except valhalla.NotHere:
        pytest.skip("no Valhalla for this machine")
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"broken\.osm\.pbf"):
        valhalla.build_tiles(broken, tmp_path / "tiles")
