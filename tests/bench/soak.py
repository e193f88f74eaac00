"""The live map under load: 500 duty units that report every 5 s, 200 raw clients of the stream, for as long as is asked.

    python -m tests.bench.soak [seconds]

Delay is from the moment at which a position is written to the moment at which a client has read it. CPU and memory are those of
the stream and of the database's processes that serve it; what makes the load (writer, clients) is counted apart.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from doorstep.run.place import Place
from doorstep.run.roles import SUPERUSER, dsn
from tests.bench.meter import tree_cpu_s
from tests.run.test_relay import _bare_row
from tests.run.test_stream import _officer
from tests.running import ROOT, Doorstep

UNITS, CLIENTS, EVERY_S, SESSIONS, P95_S = 500, 200, 5.0, 50, 2.0
_FIRST = 700_000


def main(seconds: float) -> int:
    """Runs it and writes one JSON object; 1 if the bar is missed."""
    running = Doorstep().start()
    try:
        with _root(running) as root:
            tokens = [_officer(root, running, 1, "dispatch") for _ in range(SESSIONS)]
            (unit,) = root.execute("select min(id) from unit").fetchone() or (1,)
            for k in range(UNITS):
                _bare_row(
                    root,
                    "duty_unit",
                    id=_FIRST + k,
                    callsign=f"S{k}",
                    unit_id=unit,
                    state="available",
                    active=True,
                )
        port = json.loads((running.data / "running.json").read_text())["stream_port"]
        writer = _apart("write", str(running.data), str(running.root / "state"), str(seconds))
        clients = _apart("listen", str(port), ",".join(tokens), str(seconds))
        told = _watched(running, seconds)
        heard = json.loads(clients.communicate(timeout=120)[0])
        written = json.loads(writer.communicate(timeout=120)[0])
    finally:
        running.remove()
    told |= heard | {"writer": written}
    told["pass"] = told["delay_s"]["p95"] <= P95_S and told["clients_cut"] == 0
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return int(not told["pass"])


def _watched(running: Doorstep, seconds: float) -> dict[str, Any]:
    """CPU and memory of the stream and CPU of the database while the load runs; the slope over the second half."""
    stream, began = running.pid_of("stream"), time.monotonic()
    cpu, samples = tree_cpu_s(stream), []
    while time.monotonic() - began < seconds:
        time.sleep(min(5.0, max(0.5, seconds / 20)))
        pages = int(Path(f"/proc/{stream}/statm").read_text().split()[1])
        samples.append((time.monotonic() - began, pages * 4096 / 2**20))
    used = tree_cpu_s(stream) - cpu
    late = samples[len(samples) // 2 :]
    hours = (late[-1][0] - late[0][0]) / 3600 or 1e-9
    return {
        "seconds": round(seconds), "stream_cpu_share": round(used / seconds, 3), "stream_rss_mb": round(late[-1][1], 1),
        "memory_slope_mb_per_hour": round((late[-1][1] - late[0][1]) / hours, 2),
    }  # fmt: skip


def _root(running: Doorstep) -> psycopg.Connection[Any]:
    return _connect(running.data, running.root / "state")


def _connect(data: Path, state: Path) -> psycopg.Connection[Any]:
    place = Place(data, state)
    params = dsn("migrator", place) | {"user": SUPERUSER, "password": place.secret(SUPERUSER)}
    conn: psycopg.Connection[Any] = psycopg.connect(**params, autocommit=True)  # type: ignore[arg-type]
    conn.execute("set session_replication_role = replica")
    return conn


def _apart(*words: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "tests.bench.soak", *words]
    return subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def write(data: str, state: str, seconds: float) -> None:
    """Every unit reports every five seconds, a tenth of them each half second. The moment stands in its longitude."""
    until, turn = time.time() + seconds, 0
    with _connect(Path(data), Path(state)) as conn:
        while (now := time.time()) < until:
            some = [_FIRST + k for k in range(turn % 10, UNITS, 10)]
            lon = 100 + now % 1000 / 100
            conn.execute(
                "update duty_unit set lon = %s, lat = 36.8, position_at = now() where id = any (%s)",
                [lon, some],
            )
            turn += 1
            time.sleep(max(0.0, EVERY_S / 10 - (time.time() - now)))
    sys.stdout.write(json.dumps({"cpu_s": round(time.process_time(), 2), "turns": turn}))


def listen(port: str, tokens: list[str], seconds: float) -> None:
    """Two hundred clients as bare sockets in one process; the delay of each unit that each of them is told."""
    picked, delays, cut = selectors.DefaultSelector(), [], 0
    for k in range(CLIENTS):
        line = socket.create_connection(("127.0.0.1", int(port)))
        head = f"GET /stream?command HTTP/1.1\r\nHost: localhost\r\nCookie: doorstep_session={tokens[k % len(tokens)]}\r\n\r\n"
        line.sendall(head.encode())
        line.setblocking(False)
        picked.register(line, selectors.EVENT_READ, bytearray())
    until = time.time() + seconds
    while time.time() < until:
        for key, _ in picked.select(0.5):
            got = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
            if not got:
                cut += 1
                picked.unregister(key.fileobj)
                continue
            key.data.extend(got)
            if b"\n\n" in got:
                delays += _delays(key.data)
    delays.sort()
    told = {
        "p50": delays[len(delays) // 2],
        "p95": delays[int(len(delays) * 0.95)],
        "max": delays[-1],
        "frames": len(delays),
    }
    sys.stdout.write(
        json.dumps({"delay_s": told, "clients_cut": cut, "clients_cpu_s": round(time.process_time(), 2)})
    )


def _delays(kept: bytearray) -> list[float]:
    """The delays of all frames that are whole; what is not stays. The oldest position of a frame counts for it."""
    *whole, rest = bytes(kept).split(b"\n\n")
    kept[:] = rest
    found, now = [], time.time()
    for one in whole:
        _, sign, told = one.partition(b"data: {")
        if sign and b'"whole":false' in told and b'"lon":' in told:
            moments = [float(part.split(b",")[0].rstrip(b"}")) for part in told.split(b'"lon":')[1:]]
            found.append(round((now - (min(moments) - 100) * 100) % 1000, 2))
    return found


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["write"]:
        write(words[1], words[2], float(words[3]))
    elif words[:1] == ["listen"]:
        listen(words[1], words[2].split(","), float(words[3]))
    else:
        sys.exit(main(float(words[0]) if words else 3600.0))
