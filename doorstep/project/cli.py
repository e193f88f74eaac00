"""The command line: `doorstep VERB`. Exit codes: see doorstep/run/halt.py."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from doorstep import __version__
from doorstep.project import account, copies, geo, log, packs, region
from doorstep.rulebook.words import Words
from doorstep.run.halt import FAILED, Halt, say
from doorstep.run.place import Place


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. Returns the exit code of the contract; argparse exits with 2 on wrong usage."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    args = _parser().parse_args(argv)
    try:
        if args.verb not in ("version", "standin"):
            Place.from_env().choose_region(getattr(args, "region", ""))
        return int(args.run(args) or 0)
    except Halt as halt:
        say(halt.words)
        return halt.code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="doorstep", description="家门口 · Doorstep")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, run: object, told: str, **more: Any) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=told, description=told, **more)
        added.set_defaults(run=run)
        return added

    up = verb("up", _up, "启动全部 · start everything and keep it running")
    demo = verb("demo", _demo, "演示城镇 · the same, with a demonstration town")
    for one in (up, demo):
        told = "regions/ 里的哪个地方 · which folder of regions/; kept with the data"
        one.add_argument("--region", default="", metavar="NAME", help=told)
    verb("migrate", _migrate, "升级数据库 · bring the tables to this version")
    web = verb("web", _web, "网页进程 · pages and API (started by `up`)")
    web.add_argument("--host", default="127.0.0.1")
    web.add_argument("--port", type=int, default=8000)
    verb("worker", _worker, "后台任务进程 · slow outside effects (started by `up`)")
    verb("relay", _relay, "事件转送进程 · events to reactors and viewers (started by `up`)")
    stream = verb("stream", _stream, "实时推送进程 · live updates (started by `up`)")
    stream.add_argument("--host", default="127.0.0.1")
    stream.add_argument("--port", type=int, default=8001)
    ground = verb("ground", _ground, "地图进程 · the map, for the other processes (started by `up`)")
    ground.add_argument("--port", type=int, default=8002)
    told = "读好程序，供各进程复制 · reads the program, for others to be copies of (started by `up`)"
    verb("nursery", _nursery, told).add_argument("number", type=int)
    verb("day", _day, "演示城镇的一天 · calls and patrols of the demonstration town (started by `demo`)")
    verb("town", _town, "建立演示数据 · build the demonstration town (started by `demo`)")
    packs.add(verb("packs", packs.run, "检查、试跑、排版事项包 · check, test and format packs"))
    region.add(
        verb("region", region.run, "地方清单和报道的数 · what is done where, beside the figures of a report")
    )
    account.add(
        verb("account", account.run, "账号：开、停、换密码、列出 · accounts: make, end, new password, list")
    )
    geo.add(verb("geo", geo.run, "地图：路网、地名、怎么走 · the map: streets, names, ways"))
    log.add(verb("log", log.run, "验证日志 · prove the log (while the system runs)"))
    copies.add(verb("backup", copies.run, "备份，密钥另放 · copy everything, keys apart"))
    copies.add_restore(
        verb("restore", copies.restore, "从备份恢复到空目录 · bring a copy back into an empty directory")
    )
    standin = verb(
        "standin", _standin, "扮演外部系统 · play a system of the outside world, on this machine only"
    )
    standin.add_argument("name", choices=["witness", "registers", "payments", "fiscal", "carrier", "device"])
    standin.add_argument("rest", nargs=argparse.REMAINDER, help="其余参数 · its own arguments")
    told = "窗口电脑上的设备桥 · the devices on a counter's table, for its pages alone"
    bridge = verb("bridge", _bridge, told, add_help=False, prefix_chars="+")  # what begins with - is its own
    bridge.add_argument("rest", nargs=argparse.REMAINDER, help="其余参数 · its own arguments")
    verb("version", _version, "版本 · print the version")
    return parser


def _up(_args: argparse.Namespace) -> int:
    from doorstep.run.supervise import Supervisor

    return Supervisor(Place.from_env()).run()


def _demo(_args: argparse.Namespace) -> int:
    from doorstep.run.supervise import Supervisor

    os.environ["DOORSTEP_BEGAN"] = str(time.monotonic())
    command = (sys.executable, "-m", "doorstep", "town") if _has_town() else ()
    return Supervisor(Place.from_env(), demo=True, before_ready=command).run()


def _has_town() -> bool:
    return importlib.util.find_spec("doorstep.sim.town") is not None


def _town(_args: argparse.Namespace) -> None:
    import django

    if not Place.from_env().instance.get("demo"):
        raise Halt(FAILED, _NO_DEMO)
    os.environ["DOORSTEP_DB_ROLE"] = "town"
    django.setup()
    town = importlib.import_module("doorstep.sim.town")
    town.build(
        lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201 - progress, for the person waiting
        lambda: print("OPEN", flush=True),  # noqa: T201 - the supervisor may say READY
    )


def _day(_args: argparse.Namespace) -> None:
    import django

    from doorstep.run.supervise import town_stands

    if not Place.from_env().instance.get("demo"):
        raise Halt(FAILED, _NO_DEMO)
    while not town_stands():  # the town goes first; waiting costs nothing
        time.sleep(1)
    os.environ["DOORSTEP_DB_ROLE"] = "town"
    django.setup()
    importlib.import_module("doorstep.sim.day").run(float(os.environ.get("DOORSTEP_DAY") or 0))


def _migrate(_args: argparse.Namespace) -> None:
    from doorstep.run.supervise import migrate_only

    migrate_only(Place.from_env())


def _web(args: argparse.Namespace) -> None:
    importlib.import_module("doorstep.project.wsgi").serve(args.host, args.port)


def _nursery(args: argparse.Namespace) -> int:
    return int(importlib.import_module("doorstep.project.nursery").run(args.number))


def _worker(_args: argparse.Namespace) -> None:
    from doorstep.run import worker

    worker.run()


def _relay(_args: argparse.Namespace) -> None:
    from doorstep.run import relay

    relay.run()


def _stream(args: argparse.Namespace) -> None:
    from doorstep.run import stream

    stream.run(args.host, args.port)


def _ground(args: argparse.Namespace) -> int:
    return int(importlib.import_module("doorstep.run.ground").run(args.port))


def _standin(args: argparse.Namespace) -> None:
    _become(f"doorstep.standin.{args.name}", args.rest)


def _bridge(args: argparse.Namespace) -> None:
    _become("doorstep.bridge", args.rest)


def _become(module: str, rest: list[str]) -> None:
    """Becomes another program: one that knows nothing of ours, not even the environment's secrets."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DOORSTEP_") and k != "DATABASE_URL"}
    os.execve(sys.executable, [sys.executable, "-m", module, *rest], clean)  # noqa: S606


def _version(_args: argparse.Namespace) -> None:
    sys.stdout.write(f"{__version__}\n")


_NO_DEMO = Words(
    "这里不是演示数据目录，不建演示城镇。请运行 doorstep demo。",
    "This is not a demonstration data directory; no town is built here. Run `doorstep demo`.",
)
