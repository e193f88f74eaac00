"""What a web process takes of memory, and what it takes to start: figures beside those of the pages."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench.meter import children, tree_cpu_s
from tests.running import ROOT, Doorstep

MEMORY_MB, START_S, COMPILE_S = 180, 0.5, 5.0
_COMPILE = """
import resource, time
from doorstep.project.packs import machines
from doorstep.rulebook import pack
machines()
before = time.process_time()
found = pack.every()
print(len(found), time.process_time() - before)
"""


def memory(town: Doorstep) -> list[dict[str, Any]]:
    """Resident and proportional megabytes of the web's processes: the one that watches, and those that answer."""
    master = town.pid_of("web")
    told = []
    for pid in (master, *children(master)):
        with contextlib.suppress(OSError):
            rollup = dict(
                line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
            )
            rss, pss = (int(rollup[key].split()[0]) // 1024 for key in ("Rss", "Pss"))
            told.append({"process": "web" if pid == master else "web worker", "rss_mb": rss, "pss_mb": pss,
                         "pass": rss <= MEMORY_MB})  # fmt: skip
    return told


def starts(town: Doorstep, times: int = 3) -> list[dict[str, Any]]:
    """How long the web takes to answer again: a worker that died, and the whole of it as a copy of the nursery, each the best of
    a few times; what the nursery took to read the program, once for all; the CPU of all packs read and compiled from their files.
    """
    cold = tree_cpu_s(town.pid_of("nursery"))
    workers = [_began_again(town, next(iter(children(town.pid_of("web"))))) for _ in range(times)]
    wholes = [_began_again(town, town.pid_of("web")) for _ in range(times)]
    count, seconds = _compiled()
    return [
        _told("a web worker answers after", min(workers), START_S),
        _told("the web answers after", min(wholes), START_S),
        {"start": "the nursery reads the program, once for all", "cpu_s": round(cold, 2), "pass": True},
        {
            "start": f"{count} packs from source",
            "cpu_s": round(seconds, 2),
            "bar": COMPILE_S,
            "pass": seconds <= COMPILE_S,
        },
    ]


def _told(name: str, found: tuple[float, float], bar: float) -> dict[str, Any]:
    wall, cpu = found
    return {"start": name, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "bar": bar, "pass": cpu <= bar}


def _began_again(town: Doorstep, pid: int) -> tuple[float, float]:
    """(wall, CPU) seconds from the end of a process to the first answer after it."""
    master = town.pid_of("web")
    before = tree_cpu_s(master)
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    time.sleep(0.05)
    while not _answers(town.url):
        time.sleep(0.01)
        if time.monotonic() - began > 60:
            raise RuntimeError("the web did not come back within a minute")
    wall, now = time.monotonic() - began, town.pid_of("web")
    cpu = tree_cpu_s(now) - (before if now == master else 0.0)
    time.sleep(5)  # a process that dies twice at once is started later
    return wall, cpu


def _answers(url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    return False


def _compiled() -> tuple[int, float]:
    """How many packs there are, and the CPU seconds of reading and compiling all of them without a database."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DOORSTEP_")}
    clean |= {"DJANGO_SETTINGS_MODULE": "doorstep.project.settings"}
    done = subprocess.run(
        [sys.executable, "-c", _COMPILE], cwd=ROOT, env=clean, capture_output=True, text=True, check=True
    )
    count, seconds = done.stdout.split()[-2:]
    return int(count), float(seconds)
