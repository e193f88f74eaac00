"""`doorstep up`: one process that starts everything, keeps it alive, and takes it down in order."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

import psycopg

from doorstep.geo.basemap import foreign
from doorstep.rulebook.words import Words
from doorstep.run.child import Child, end_leftovers
from doorstep.run.halt import FAILED, USAGE, WRONG_DATA, Halt, say
from doorstep.run.migrate import migrate_apart
from doorstep.run.nursery import Copy, Nursery, begin
from doorstep.run.place import Place, write_private
from doorstep.run.port import hold_port, share_port
from doorstep.run.postgres import Postgres, foreign_server, own_server
from doorstep.run.roles import dsn

_DAY_SPEED: Final = "4"
_TICK: Final = 0.1
_GRACE: Final = 20.0
"""Seconds for requests and jobs under way to finish when we are asked to stop."""
_HOPELESS: Final = 5
"""Deaths in a row, before the first READY, after which we stop and show why."""


@dataclass
class Supervisor:
    """Everything that runs for one data directory.

    ``before_ready``: a command to run once, before READY; it may go on behind the open page once it wrote a line.
    """

    place: Place
    demo: bool = False
    before_ready: tuple[str, ...] = ()
    children: list[Child] = field(default_factory=list)
    server: Postgres | None = None
    nursery: Nursery | None = None
    world: Copy | subprocess.Popen[bytes] | None = None
    port: int = 0
    held: socket.socket | None = None
    stopping: bool = False

    def run(self) -> int:
        """Starts, prints READY, tends until a signal comes, stops. Returns 0; refuses by Halt."""
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._stop_asked)
        shift = _clock_shift(self.demo)
        _check_base_map(os.environ.get("DOORSTEP_BASEMAP", "").strip())
        self.place.prepare(demo=self.demo)
        self._check_purpose()
        with self.place.only_one():
            end_leftovers(self._traces())
            bind = os.environ.get("DOORSTEP_BIND", "127.0.0.1")
            with hold_port(bind, _port_wish("DOORSTEP_PORT", "8000")) as held:
                self.port = int(held.getsockname()[1])
                try:
                    self._start(bind, shift)
                    self._tend_until_asked()
                finally:
                    self._stop()
        return 0

    def _check_purpose(self) -> None:
        """A demo stays a demo: neither kind of start touches the other's data."""
        if bool(self.place.instance.get("demo")) != self.demo:
            words = _IS_REAL if self.demo else _IS_DEMO
            raise Halt(WRONG_DATA, words.format(path=self.place.data))

    def _start(self, bind: str, shift: str) -> None:
        os.environ["DOORSTEP_CLOCK_SHIFT"] = shift
        self.place.secret("web")
        self.nursery = Nursery(self.place.log)
        self.nursery.start()
        if url := os.environ.get("DATABASE_URL"):
            self.place.check_room()
            foreign_server(self.place, url)
        else:
            self.server = own_server(self.place, lambda: self.stopping)
        migrate_apart(self.nursery)
        self.held = hold_port(bind, _port_wish("DOORSTEP_STREAM_PORT", "0"))
        ground, stream_port = _ground(self.place), int(self.held.getsockname()[1])
        self.children = _children(self.place, bind, self.port, stream_port, self.nursery) + ground
        if self.demo:
            self.children = [*_standins(self.place), *_bridge(self.place, self.port), *self.children]
        for child in self.children:
            child.start()
        self._record()
        self._await_ready(bind)
        if self.before_ready and not _town_is_lived_in():
            self._prepare_world()
        if self.demo and self.before_ready:
            self._begin_day()
        sys.stdout.write(f"READY http://localhost:{self.port}\n")
        sys.stdout.flush()

    def _begin_day(self) -> None:
        """Calls and patrols of the demonstration go on for as long as it runs; DOORSTEP_DAY=0 leaves them out."""
        if os.environ.setdefault("DOORSTEP_DAY", _DAY_SPEED) != "0" and not self.stopping:
            command = [sys.executable, "-m", "doorstep", "day"]
            day = Child("day", command, {"DOORSTEP_DB_ROLE": "town"}, self.place.log)
            self.children.append(day)
            day.start()
            self._record()

    def _await_ready(self, bind: str) -> None:
        while not self.stopping and not _ready(bind, self.port):
            self._tend()
            for child in self.children:
                if child.deaths >= _HOPELESS:
                    raise Halt(
                        FAILED, _HOPELESS_WORDS.format(name=child.name, log=child.log, why=child.last_words())
                    )
            time.sleep(_TICK)

    def _prepare_world(self) -> None:
        env = os.environ | {"DOORSTEP_CHILD": "town", "DOORSTEP_DB_ROLE": "town"}
        reading, writing = os.pipe()
        told = os.fdopen(reading, "rb")
        self.world = world = begin(self.nursery, self.before_ready, env, writing, sys.stderr.fileno())
        os.close(writing)
        while not self.stopping and not select.select([told], [], [], _TICK)[0]:
            self._tend()
        if not self.stopping and not told.readline() and world.wait():
            raise Halt(FAILED, _TOWN)

    def _tend_until_asked(self) -> None:
        while not self.stopping:
            self._tend()
            time.sleep(_TICK)

    def _tend(self) -> None:
        if self.server and not self.server.alive:
            say(_DIED.format(name="postgres"))
            with contextlib.suppress(Halt) if self.stopping else contextlib.nullcontext():
                self.server.start()
        anew = bool(self.nursery and not self.stopping and self.nursery.start())
        begun = [child.name for child in self.children if child.tend()]
        if begun or anew:
            self._record()
        if self.world and self.world.poll():
            say(_TOWN)
            self.world = None

    def _stop(self) -> None:
        if self.world:
            self.world.terminate()
            self.world.wait()
        if self.nursery:
            self.nursery.end()
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + _GRACE
        for child in self.children:
            child.wait_or_kill(until)
        if self.server:
            self.server.stop()

    def _stop_asked(self, _sign: int, _frame: FrameType | None) -> None:
        self.stopping = True

    @property
    def _record_file(self) -> Path:
        return self.place.data / "running.json"

    def _record(self) -> None:
        """Who runs, for the next supervisor (should this one be killed) and for tools."""
        traces: dict[str, Any] = {child.name: child.trace for child in self.children}
        if self.nursery and self.nursery.alive:
            traces["nursery"] = self.nursery.trace
        found = {
            "url": f"http://localhost:{self.port}",
            "stream_port": int(os.environ["DOORSTEP_STREAM_PORT"]),
            "boot": _boot(),
            "pid": os.getpid(),
            "children": traces,
        }
        write_private(self._record_file, json.dumps(found))

    def _traces(self) -> dict[str, dict[str, Any]]:
        with contextlib.suppress(OSError, ValueError, KeyError):
            found = json.loads(self._record_file.read_text())
            if found["boot"] == _boot():
                traces: dict[str, dict[str, Any]] = found["children"]
                return traces
        return {}


def migrate_only(place: Place) -> None:
    """`doorstep migrate`: on the running server, or on one started for the moment."""
    place.prepare(demo=bool(place.instance.get("demo")))
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(place.only_one())
        except Halt:
            return migrate_apart()
        if url := os.environ.get("DATABASE_URL"):
            foreign_server(place, url)
        else:
            stack.callback(own_server(place).stop)
        return migrate_apart()


def _children(place: Place, bind: str, port: int, stream_port: int, nursery: Nursery | None) -> list[Child]:
    """Web, worker, relay and stream, each under its own database role."""
    os.environ["DOORSTEP_STREAM_PORT"] = str(stream_port)
    os.environ.setdefault("DOORSTEP_PUBLIC_URL", f"http://localhost:{port}")
    hosts = os.environ.get("DOORSTEP_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
    origins = [
        os.environ["DOORSTEP_PUBLIC_URL"],
        *(f"http://{h}:{port}" for h in hosts),
        *(f"https://{h}" for h in hosts),
    ]
    os.environ["DOORSTEP_ORIGINS"] = ",".join(origins)
    python = [sys.executable, "-m"]
    web = [*python, "doorstep", "web", "--host", bind, "--port", str(port)]
    stream = [*python, "doorstep", "stream", "--host", bind, "--port", str(stream_port)]
    return [
        Child("web", web, {"DOORSTEP_DB_ROLE": "app", "MALLOC_ARENA_MAX": "2"}, place.log, nursery),
        Child("worker", [*python, "doorstep", "worker"], {"DOORSTEP_DB_ROLE": "worker"}, place.log, nursery),
        Child("relay", [*python, "doorstep", "relay"], {"DOORSTEP_DB_ROLE": "worker"}, place.log, nursery),
        Child("stream", stream, {"DOORSTEP_DB_ROLE": "stream"}, place.log, nursery),
    ]


def _ground(place: Place) -> list[Child]:
    """The map, unless somebody names another one, or says by an empty name that there is none."""
    if "DOORSTEP_GROUND" in os.environ:
        return []
    with share_port("127.0.0.1", 0) as free:
        port = int(free.getsockname()[1])
    os.environ["DOORSTEP_GROUND"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "doorstep", "ground", "--port", str(port)]
    return [Child("ground", command, {}, place.log)]


def _standins(place: Place) -> list[Child]:
    """In a demonstration the outside world is played by programs of ours, unless somebody names the real one."""
    found = []
    keyed = {"payments": "payments", "fiscal": "fiscal", "carrier": "sms"}
    for name in keyed.values():
        place.secret(name)
    more = {name: ["--key", str(place.secrets / f"{secret}.secret")] for name, secret in keyed.items()}
    for name, variable, value in (
        ("registers", "DOORSTEP_CONNECTORS", "*={url}"), ("payments", "DOORSTEP_PAYMENTS", "{url}"),
        ("fiscal", "DOORSTEP_FISCAL", "{url}"), ("carrier", "DOORSTEP_SMS", "{url}"),
    ):  # fmt: skip
        if os.environ.get(variable):
            continue
        with share_port("127.0.0.1", 0) as free:
            port = int(free.getsockname()[1])
        os.environ[variable] = value.format(url=f"http://127.0.0.1:{port}")
        database = str(place.data / f"standin-{name}.sqlite3")
        command = [sys.executable, "-m", "doorstep", "standin", name, "--port", str(port), "--db", database]
        found.append(Child(name, command + more.get(name, []), {}, place.log))
    return found


def _bridge(place: Place, port: int) -> list[Child]:
    """In a demonstration a bridge with stand-in devices, paired without a word; unless somebody says where theirs is."""
    if "DOORSTEP_BRIDGE" in os.environ:
        return []
    os.environ["DOORSTEP_BRIDGE_CODE"] = place.secret("bridge")
    ports = []
    for variable in ("DOORSTEP_BRIDGE", "DOORSTEP_BRIDGE_HANDS"):
        with share_port("127.0.0.1", 0) as free:
            ports.append(str(free.getsockname()[1]))
        os.environ[variable] = f"http://127.0.0.1:{ports[-1]}"
    command = [
        sys.executable,
        "-m",
        "doorstep",
        "bridge",
        "--standin",
        "--port",
        ports[0],
        "--standin-port",
        ports[1],
    ]
    command += ["--data", str(place.data / "bridge"), "--code-file", str(place.secrets / "bridge.secret")]
    for host in ("localhost", "127.0.0.1"):
        command += ["--counter", f"http://{host}:{port}"]
    return [Child("bridge", command, {}, place.log)]


def _port_wish(name: str, usual: str) -> int:
    wish = os.environ.get(name) or usual
    if not wish.isdecimal() or int(wish) > 65535:
        raise Halt(USAGE, _PORT_FORM.format(name=name, wish=wish))
    return int(wish)


def _ready(bind: str, port: int) -> bool:
    host = "127.0.0.1" if bind == "0.0.0.0" else "::1" if bind == "::" else bind  # noqa: S104 - compared, not bound
    try:
        asking = http.client.HTTPConnection(host, port, timeout=2)
        asking.request("GET", "/readyz", headers={"Host": "localhost"})
        return asking.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def _town_is_lived_in() -> bool:
    """Whether the demonstration town is there with all its lives; asking the database saves starting a process."""
    return _known("demo_lives")


def town_stands() -> bool:
    """Whether the demonstration town has its lives; its month may still go on."""
    return _known("demo_town", "demo_lives")


def _known(*facts: str) -> bool:
    with contextlib.suppress(psycopg.Error), psycopg.connect(**dsn("app")) as conn:  # type: ignore[arg-type]
        return conn.execute("select 1 from fact where name = any(%s)", [list(facts)]).fetchone() is not None
    return False


def _boot() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _check_base_map(told: str) -> None:
    """A slip in the name of the base map is told to who starts Doorstep, not to whoever opens a map."""
    try:
        foreign(told or "amap")
    except ValueError as why:
        raise Halt(USAGE, _BASE_MAP) from why


def _clock_shift(demo: bool) -> str:
    """Seconds between the machine's clock and DOORSTEP_NOW, so that all processes share one demo clock."""
    wish = os.environ.get("DOORSTEP_NOW")
    if not wish:
        return "0"
    if not demo:
        raise Halt(USAGE, _NOW_ONLY_DEMO)
    try:
        moment = datetime.fromisoformat(wish)
    except ValueError as error:
        raise Halt(USAGE, _NOW_FORM.format(wish=wish)) from error
    return str(round(moment.astimezone().timestamp() - time.time(), 3))


_PORT_FORM = Words(
    "{name}={wish} 不是端口号：请给 0 到 65535 的数字（0 表示任选空闲端口）。",
    "{name}={wish} is no port: give a number from 0 to 65535 (0 takes any free port).",
)
_IS_DEMO = Words(
    "{path} 是演示数据，不能用于正式运行。请用 doorstep demo 启动它，或换一个 DOORSTEP_DATA。",
    "{path} holds demonstration data and will not be run for real. Start it with `doorstep demo`, "
    "or choose another DOORSTEP_DATA.",
)
_BASE_MAP = Words(
    "DOORSTEP_BASEMAP 写得不对，没有启动。可以写：tianditu:密钥、amap、wgs84=https://…/{z}/{x}/{y} 或 gcj02=https://…；"
    "不写就用自己的底图。",
    "DOORSTEP_BASEMAP names no base map, so nothing was started. It may be tianditu:KEY, amap, wgs84=https://…/{z}/{x}/{y} "
    "or gcj02=https://…; without it, our own is used.",
)
_IS_REAL = Words(
    "{path} 是正式数据，不能作演示。请用 doorstep up 启动它，或换一个 DOORSTEP_DATA。",
    "{path} holds real data and will not be used for a demonstration. Start it with `doorstep up`, "
    "or choose another DOORSTEP_DATA.",
)
_HOPELESS_WORDS = Words(
    "{name} 反复启动失败，已停止。日志 {log} 的末尾：\n{why}",
    "{name} keeps failing to start, so we stopped. The end of {log}:\n{why}",
)
_DIED = Words("{name} 意外停止，正在重新启动。", "{name} stopped unexpectedly and is being started again.")
_TOWN = Words(
    "演示城镇没有建成；原因见上。修正后重新运行 doorstep demo 即可继续。",
    "The demonstration town was not finished; the reason is above. Run `doorstep demo` again once it is "
    "mended.",
)
_NOW_ONLY_DEMO = Words(
    "DOORSTEP_NOW 只能用于演示（doorstep demo）。",
    "DOORSTEP_NOW is for demonstrations only (`doorstep demo`).",
)
_NOW_FORM = Words(
    "DOORSTEP_NOW={wish} 无法识别，请写成 2026-03-02T09:00+08:00。",
    "DOORSTEP_NOW={wish} is not understood; write it as 2026-03-02T09:00+08:00.",
)
