"""What a demonstration costs until its lives are lived: wall time, and CPU by who used it.

    python -m tests.bench.demo [lives]

A first start with the settings of every day and nobody ringing: ``town`` is who lives, the second writer and the personnel office
included; ``postgres`` all of the database; ``others`` web, worker, relay, stream and supervisor. CPU is read when the door opens
and when the line "… matters lived" appears. Then the dearest statements, by time in the database: executed, planned, calls. A
digest of each chain is written to bench/out/demo-chains.json: of a matter that nobody touched since, seed and day give the same.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from typing import Any

import psycopg

from doorstep.run.place import Place
from doorstep.run.roles import DATABASE, SUPERUSER, dsn
from tests.bench.meter import children, tree_cpu_s
from tests.running import ROOT, Doorstep

BAR_S = 60.0
_LIVED = re.compile(r"(\d+) matters lived, (\d+) s after the start")
_CHAINS = (
    "select matter_id::text, md5(string_agg(encode(hash, 'hex'), ' ' order by seq)) from event group by 1"
)
_DEAREST = """
select round(s.total_exec_time)::int, round(s.total_plan_time)::int, s.calls, left(s.query, 160) from pg_stat_statements s
where s.toplevel order by s.total_exec_time + s.total_plan_time desc limit 30
"""


def main(lives: int) -> int:
    """Measures one start and writes one JSON object; 1 if the bar is missed."""
    settings = "synchronous_commit=on,pg_stat_statements.track_planning=on"
    env = {"DOORSTEP_DEMO_FAST": "0", "DOORSTEP_DEMO_LIVES": str(lives)}
    town = Doorstep("demo", env | {"DOORSTEP_PG_SETTINGS": settings, "DOORSTEP_DURABLE": "1"})
    try:
        town.start(600)
        opened = _cpu(town)
        count, wall = _until_lived(town)
        lived = _cpu(town)
        told = {"lives": count, "wall_s": wall, "bar_s": BAR_S, "load": os.getloadavg()[0], "cpu_s until open": opened,
                "cpu_s until lived": lived}  # fmt: skip
        told |= _within(town)
    finally:
        town.remove()
    sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return int(wall > BAR_S)


def _until_lived(town: Doorstep) -> tuple[int, int]:
    until = time.monotonic() + 900
    while time.monotonic() < until:
        if found := _LIVED.search((town.root / "stderr").read_text(errors="replace")):
            return int(found[1]), int(found[2])
        time.sleep(0.1)
    raise RuntimeError("not lived: " + town.said())


def _cpu(town: Doorstep) -> dict[str, float]:
    """``town`` is the one child of the supervisor that `running.json` does not name."""
    assert town.process
    named = json.loads((town.data / "running.json").read_text())["children"].values()
    known = {town.pid_of("postgres"), *(int(one["pid"]) for one in named)}
    whole, database = tree_cpu_s(town.process.pid), tree_cpu_s(town.pid_of("postgres"))
    living = sum(tree_cpu_s(pid) for pid in children(town.process.pid) if pid not in known)
    parts = {"town": living, "postgres": database, "others": whole - database - living, "whole": whole}
    return {name: round(value, 1) for name, value in parts.items()}


def _within(town: Doorstep) -> dict[str, Any]:
    """What the database says."""
    place = Place(town.data, town.root / "state")
    told = dsn("backup", place) | {"user": SUPERUSER, "password": place.secret(SUPERUSER), "dbname": DATABASE}
    with psycopg.connect(**told, autocommit=True) as above:  # type: ignore[arg-type]
        chains: dict[str, str] = dict(above.execute(_CHAINS).fetchall())
        dearest = above.execute(_DEAREST).fetchall()
    out = ROOT / "bench" / "out" / "demo-chains.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(chains))
    return {"chains": len(chains), "dearest": dearest}


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1200))
