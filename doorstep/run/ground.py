"""`doorstep ground`: holds the map of the region and answers whoever asks over loopback (`geo.beside` asks).

It builds the map first if it is not there, apart and with low priority, since that takes some seconds and a desk does not
wait for it; it keeps Valhalla running beside it. Where a region has no streets yet it answers along straight lines, and ends when
an extract is put there or taken away, to be started again with it. Nothing that was asked is kept.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pypinyin import lazy_pinyin

from doorstep.geo import atlas, given, valhalla
from doorstep.geo.beside import SAID
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Fallback, Fix, Router, StraightLine, Unreachable
from doorstep.geo.router import Valhalla as Service
from doorstep.geo.source import Source, source
from doorstep.geo.talk import Away
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.region import FOLDER, Region, region
from doorstep.run import patrol
from doorstep.run.child import Child
from doorstep.run.leash import leashed, session_nice
from doorstep.run.place import Place
from doorstep.run.port import share_port

if TYPE_CHECKING:
    from doorstep.solve.orders import Orders

NOW: Final = "now"
"""The link beside the maps to the one in force: pages read the base map there."""
_LOOK: Final = 0.5
_WATCH: Final = 10.0
_FRESHEN: Final = 0.25
_KINDS: Final = ("city", "county", "station", "community")
_LARGEST: Final = 4 * 2**20
_log = logging.getLogger(__name__)


def streets(of: Region | None = None) -> Source:
    """Where the streets of a region come from, of this deployment's unless another is named. Raises ValueError."""
    return source(of or region(), Place.from_env().data / given.FOLDER)


def the_map(of: Region | None = None) -> atlas.Atlas:
    """The map of this region, built in the data directory if need be. Raises ValueError with what is wrong in its source."""
    return atlas.build(streets(of), folder(), letters)


def folder() -> Path:
    """Where maps lie."""
    return Place.from_env().data / "geo"


def standing_orders(code: str) -> Orders:
    """What this region has decided about sending (`regions/<name>/command.yaml`, section ``rules``). Raises ValueError."""
    from doorstep.solve.orders import read

    path = FOLDER / code / "command.yaml"
    told = plain(compose(path.read_text("utf-8"), path.name)) if path.is_file() else None
    try:
        return read((told or {}).get("rules"))
    except ValueError as why:
        raise ValueError(f"{path}: {why}") from why


def letters(name: str) -> str:
    """The pinyin of a name without tones, and its initials."""
    syllables = lazy_pinyin(name)
    return f"{''.join(syllables)} {''.join(one[0] for one in syllables if one)}"


def run(port: int) -> int:
    """Serves until it is ended."""
    held = Held()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(held))
    threading.Thread(target=server.serve_forever, name="asked", daemon=True).start()
    build = [sys.executable, "-m", "doorstep", "geo", "build"]
    nice = ["nice", "-n", "15", *build] if shutil.which("nice") else build
    session_nice(19)
    subprocess.run(nice, check=False, stdout=subprocess.DEVNULL, preexec_fn=leashed())
    session_nice(0)
    seen = _given()
    found = _opened()
    _link(found.folder)
    beside = held.take(found)
    threading.Thread(target=held.keep_fresh, name="fresh", daemon=True).start()
    due = time.monotonic() + _WATCH
    while True:
        if beside:
            beside.tend()
        time.sleep(_LOOK)
        if time.monotonic() > due:
            due = time.monotonic() + _WATCH
            if _given() != seen:
                return 0


def _opened() -> atlas.Atlas:
    """The map; one without streets where what was put there is none, so that everything else is answered all the same."""
    try:
        return the_map()
    except ValueError as why:
        sys.stderr.write(f"{why}\n")
        nothing = Source(region(), {}, FOLDER / region().code, folder() / "none")
        return atlas.build(nothing, folder(), letters)


def _given() -> list[tuple[str, int, int]]:
    """What lies in the installation's folder of streets, as it can be seen to have changed."""
    found = (Place.from_env().data / given.FOLDER).glob(f"{region().code}.*")
    return sorted((one.name, one.stat().st_mtime_ns, one.stat().st_size) for one in found)


def _link(there: Path) -> None:
    """The map in force gets its link; those before it go."""
    fresh = there.parent / f".{NOW}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(there.name)
    fresh.replace(there.parent / NOW)
    for old in there.parent.iterdir():
        if old.is_dir() and not old.is_symlink() and old != there and not old.name.startswith("."):
            shutil.rmtree(old, ignore_errors=True)


class Held:
    """The map in memory, and who knows the way on it. Until there is one every question is answered with `Away`."""

    def __init__(self) -> None:
        self.map: atlas.Atlas | None = None
        self.router: Router = StraightLine()
        self.service: Service | None = None
        self.net: Any = None
        """The streets as a graph, read when somebody first asks for it."""
        self.lock = threading.Lock()
        self.plans = patrol.Plans()
        self._desk: Any = None
        self._opening = threading.Lock()

    def desk(self) -> Any:
        """Who advises (`geo.desk`): loaded when first asked, since the solvers weigh more than most days need."""
        with self._opening:
            if self._desk is None:
                from doorstep.geo.desk import Desk

                if self.map is None:
                    raise Away("the map is being built")
                self._desk = Desk(lambda: self.router, self.map.areas, standing_orders(region().code))
        return self._desk

    def keep_fresh(self) -> None:
        """Road times that are asked for are asked anew before they are old, for as long as this process lives."""
        while True:
            time.sleep(_FRESHEN)
            if self._desk is not None:
                try:
                    self._desk.refresh()
                except Exception:  # who asks next asks for themself
                    _log.warning("road times could not be asked anew", exc_info=True)

    def take(self, found: atlas.Atlas) -> Child | None:
        """Hold this map. Gives the Valhalla to be tended, if there is one for this machine."""
        beside = None
        if found.tiles is not None:
            with share_port("127.0.0.1", 0) as free:
                port = int(free.getsockname()[1])
            command = valhalla.service(found.tiles, port, found.folder.parent / "valhalla.json")
            beside = Child("valhalla", command, {}, Place.from_env().log)
            beside.start()
            self.service = Service("127.0.0.1", port)
            self.router = Fallback(self.service)
        _ = found.areas, found.places  # read now, not by the first who asks
        self.map = found
        return beside

    def answer(self, what: str, asked: dict[str, Any]) -> Any:
        """What is told to one question. Raises Away, Unreachable, and KeyError for a question nobody knows."""
        if self.map is None:
            raise Away("the map is being built")
        return _QUESTIONS[what](self, self.map, asked)


def _ready(held: Held, _map: atlas.Atlas, _asked: dict[str, Any]) -> Any:
    return {"source": "routed" if held.service and held.service.ready() else "estimated"}


def _find(_held: Held, now: atlas.Atlas, asked: dict[str, Any]) -> Any:
    near = asked.get("near")
    hits = now.places.find(str(asked["text"])[:200], int(asked.get("most", 8)), tuple(near) if near else None)
    return [
        _told(now, one.spot.name, one.spot.kind, one.spot.at) | {"fits": one.fits, "exact": one.exact}
        for one in hits
    ]


def _at(_held: Held, now: atlas.Atlas, asked: dict[str, Any]) -> Any:
    lon, lat = (float(one) for one in asked["place"])
    spot = now.places.nearest((lon, lat))
    told = _told(now, spot.name if spot else "", "place", (lon, lat)) | {"fits": 1.0, "exact": bool(spot)}
    return told if told["grounds"] else None


def _told(now: atlas.Atlas, name: str, kind: str, at: Degrees) -> dict[str, Any]:
    areas = [one for one in (now.areas.at(at, of) for of in _KINDS) if one]
    grounds = [(one.kind, one.code, one.name.zh, one.name.en) for one in areas]
    return {"name": name, "kind": kind, "lon": at[0], "lat": at[1], "grounds": grounds}


def _route(held: Held, _map: atlas.Atlas, asked: dict[str, Any]) -> Any:
    return asdict(held.router.route(_places(asked["stops"]), _rings(asked), asked["mode"]))


def _matrix(held: Held, _map: atlas.Atlas, asked: dict[str, Any]) -> Any:
    rows = held.router.matrix(
        _places(asked["origins"]), _places(asked["targets"]), _rings(asked), asked["mode"]
    )
    return [[(cell.seconds, cell.source) for cell in row] for row in rows]


def _isochrone(held: Held, _map: atlas.Atlas, asked: dict[str, Any]) -> Any:
    origin = _places([asked["origin"]])[0]
    return [asdict(one) for one in held.router.isochrone(origin, asked["seconds"], asked["mode"])]


def _match(held: Held, _map: atlas.Atlas, asked: dict[str, Any]) -> Any:
    return [asdict(one) for one in held.router.match([Fix(**one) for one in asked["fixes"]])]


def _locate(held: Held, _map: atlas.Atlas, asked: dict[str, Any]) -> Any:
    return held.router.locate(_places([asked["place"]])[0], asked["mode"])


def _chase(held: Held, now: atlas.Atlas, asked: dict[str, Any]) -> Any:
    from doorstep.geo import chase, cordon, streets  # the solvers weigh fifty megabytes: for those who ask

    with held.lock:
        held.net = held.net or streets.read(now.folder / "streets.osm.pbf")
    units = {str(name): (float(at[0]), float(at[1])) for name, at in asked["units"].items()}
    heading = None if asked["heading"] is None else float(asked["heading"])
    seen = _places([asked["seen"]])[0]
    return cordon.told(chase.chase(held.net, held.router, seen, heading, float(asked["age_s"]), units))


def _advised(what: str) -> Callable[[Held, atlas.Atlas, dict[str, Any]], Any]:
    return lambda held, _map, asked: getattr(held.desk(), what)(asked)


_QUESTIONS: dict[str, Callable[[Held, atlas.Atlas, dict[str, Any]], Any]] = {
    "ready": _ready, "find": _find, "at": _at, "route": _route, "matrix": _matrix, "isochrone": _isochrone,
    "match": _match, "locate": _locate, "chase": _chase,
    **{what: _advised(what) for what in ("advise", "cover", "posts", "relocate")},
}  # fmt: skip


def _patrol(held: Held, _map: atlas.Atlas, asked: dict[str, Any]) -> Any:
    return held.plans.answer(held.router, asked)


def _patrolled(held: Held, _map: atlas.Atlas, asked: dict[str, Any]) -> Any:
    return patrol.patrolled(held.router, asked)


_QUESTIONS |= {"patrol": _patrol, "patrolled": _patrolled}


def _places(told: Any) -> list[Degrees]:
    return [(float(one[0]), float(one[1])) for one in told]


def _rings(asked: dict[str, Any]) -> list[tuple[Degrees, ...]]:
    return [tuple(_places(ring)) for ring in asked["closed"]]


def _handler(held: Held) -> type[BaseHTTPRequestHandler]:
    class Asked(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            if size > _LARGEST:
                return self._say(413, b"")
            raw = self.rfile.read(size)
            try:
                told = held.answer(self.path.strip("/"), json.loads(raw))
            except (Unreachable, Away) as no:
                return self._say(SAID[type(no)], str(no).encode())
            except (KeyError, TypeError, ValueError, IndexError) as no:
                return self._say(400, repr(no).encode())
            return self._say(200, json.dumps(told, ensure_ascii=False).encode())

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """What is asked is where somebody needs help: never written down."""

    return Asked


@contextlib.contextmanager
def router(found: atlas.Atlas, scratch: Path) -> Iterator[Router]:
    """A router over this map for as long as the block lasts: a service of its own, or the straight line."""
    if found.tiles is None:
        yield StraightLine()
        return
    with share_port("127.0.0.1", 0) as free:
        port = int(free.getsockname()[1])
    settings = scratch / f"valhalla-{port}.json"
    command = valhalla.service(found.tiles, port, settings)
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        service = Service("127.0.0.1", port)
        until = time.monotonic() + 20
        while not service.ready() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        try:
            yield Fallback(service)
        finally:
            process.kill()
            settings.unlink(missing_ok=True)
