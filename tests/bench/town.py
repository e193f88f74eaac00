"""`python -m tests.bench.town --matters 10000`: fills a stopped demonstration town by COPY and tells how it is spread.

Run with the environment of a Doorstep that was up once; starts its PostgreSQL alone, with settings for filling. The town gets 24
stations more, and two items nine sisters of other codes (published, not offered). Every station takes in, decides and hands out.
One person has 900 matters, lived one by one; the others are stamped from some thousand lives (stamp.py) in two processes, day
after day, while the tables have no indexes. These are made afterwards, and the log is sealed from its first day on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg

MANY = 900
PERSONS = 3000
STATIONS = 24
SISTERS = 9
LIVES = 4000
FILLING = (
    "wal_level=minimal,max_wal_senders=0,max_wal_size=6GB,checkpoint_timeout=30min,autovacuum=off,maintenance_work_mem=512MB,"
    "max_parallel_maintenance_workers=0,wal_buffers=64MB"
)
SEAL = """import django
django.setup()
from doorstep.run.seal import Sealer, timedelta
one = Sealer(timedelta(0), timedelta(0))
while one.tend():
    pass
"""
WHO = (
    "申请人", "其母亲", "同住的姐姐", "房东", "社区民警小周", "窗口值班员", "物业经理", "申请人的丈夫", "邻居老陈", "单位人事干部",
    "居委会主任", "代办的儿子",
)  # fmt: skip
DID = (
    "来电说明了遗失经过", "补交了一份租赁合同", "到窗口核对了户口簿原件", "把照片重新拍了一张", "问领取点周末开不开门",
    "改了联系电话", "说下周要出差，希望提前办好", "带来了旧证件的复印件", "确认住址门牌没有变化", "请求把材料邮寄回去",
    "提出姓名里有一个生僻字", "签收了一次性告知单", "请我们先看一下草稿", "说明钥匙由中介保管", "反映楼道编号和登记不符",
    "出示了单位开的证明",
)  # fmt: skip
SO = (
    "经办人当面记录并念给对方听，没有异议", "已在系统里标注，等复核时再看", "告知三个工作日内答复", "材料清晰，可以采用",
    "照片白底免冠，符合要求", "请对方带原件再来一次", "和登记的内容一致", "建议按加急处理", "已电话通知本人", "原件当场退回",
    "同意按本人意愿改到北街领取", "需要社区出一份居住说明", "无需再交其他材料", "提醒领到正式证件后交回临时证", "复印件留存一份",
    "与房屋登记比对相符", "暂缓，等本人确认", "由值班领导知悉", "说明了救济途径和期限", "对方表示满意",
)  # fmt: skip


@dataclass
class Staff:
    """Who works where, as viewers of the verbs."""

    clerks: dict[int, Any]
    approvers: dict[int, Any]
    many: Any
    stations: list[Any]
    points: dict[int, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matters", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    import django

    django.setup()
    from doorstep.run.place import Place
    from doorstep.run.postgres import own_server

    place = Place.from_env()
    os.environ |= {"DOORSTEP_DURABLE": "0", "DOORSTEP_PG_SETTINGS": FILLING}
    server = own_server(place)
    try:
        with above() as conn:
            told = fill(conn, args.matters, args.seed)
    finally:
        server.stop()
    sys.stdout.write(json.dumps(told))


def above() -> psycopg.Connection[Any]:
    """A connection above row security: the supervisor's."""
    from doorstep.run.place import Place
    from doorstep.run.roles import DATABASE, SUPERUSER, dsn

    place = Place.from_env()
    told = dsn("backup", place) | {"user": SUPERUSER, "password": place.secret(SUPERUSER), "dbname": DATABASE}
    return psycopg.connect(**told, autocommit=True)  # type: ignore[arg-type]


def fill(conn: psycopg.Connection[Any], matters: int, seed: int) -> dict[str, Any]:
    """Lives ``matters`` lives and says what came of it."""
    from tests.bench.fill import Filler
    from tests.bench.stamp import KEPT, ORDER, Cutter

    chance = random.Random(seed)
    began = time.perf_counter()
    cpu = _cpu_s()
    marks = [("begin", began)]
    _found_stations(conn)
    staff = _staff(conn)
    filler = Filler(packs=_sisters(conn))
    filler.go_on_from(conn)
    now = filler.late_by = datetime.now(tz=staff.many.zone)
    filler.people[staff.many.viewer.party_id] = staff.many.person
    persons = _persons(filler, staff, chance, now, seed, max(PERSONS, matters // 8))
    filler.copy(conn)
    mine = min(MANY, matters // 2)
    cutter = Cutter(conn, now - KEPT)
    lives = sorted(
        (_life(staff, chance, now, chance.choice(persons)) for _ in range(min(LIVES, matters - mine))),
        key=lambda one: one.at,
    )
    templates = [_cut(cutter, filler, life) for life in lives]
    columns = {name: tuple(rows[0]) for name, rows in _lived(filler, lives[-1]).items()}
    filler.tables.clear()
    filler.counters.clear()
    filler.go_on_from(conn)
    for _ in range(mine):
        filler.live(_life(staff, chance, now, None))
    filler.copy(conn)
    marks.append(("lives", time.perf_counter()))
    with bare(conn, ORDER):
        _stamped(filler, templates, columns, persons, matters - mine, chance)
        marks.append(("copy", time.perf_counter()))
    marks.append(("indexes", time.perf_counter()))
    by_two(f"vacuum (analyze) {name}" for name in (*ORDER, "party"))
    conn.execute("analyze")
    marks.append(("vacuum", time.perf_counter()))
    _seal_all()
    marks.append(("seal", time.perf_counter()))
    seconds = time.perf_counter() - began
    told = _told(conn, staff)
    size = (conn.execute("select pg_database_size(current_database())").fetchone() or (0,))[0]
    filled = {
        "seconds": round(seconds, 1), "matters_per_s": round(matters / seconds),
        "cpu_seconds": round(_cpu_s() - cpu),
        "rows_per_s": round(sum(told["rows"].values()) / seconds), "database_mb": size // 2**20,
        "kb_a_matter": round(size / matters / 1000, 1),
        "of_that_seconds": {name: round(at - before) for (_, before), (name, at) in pairwise(marks)},
    }  # fmt: skip
    return {"matters": matters, **told, "filled": filled}


def _cpu_s() -> float:
    """Processor seconds that this process, its children and PostgreSQL have used."""
    from doorstep.run.place import Place
    from tests.bench.meter import tree_cpu_s

    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    server = int((Place.from_env().data / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])
    return sum(one.ru_utime + one.ru_stime for one in own) + tree_cpu_s(server)


def _lived(filler: Any, life: Any) -> dict[str, list[Any]]:
    """All rows of one life, by itself."""
    filler.tables.clear()
    filler.live(life)
    return dict(filler.tables)


def _cut(cutter: Any, filler: Any, life: Any) -> Any:
    from doorstep.kernel.org import town

    rows = _lived(filler, life)
    return cutter.cut(rows, life.person, town().units[rows["matter"][0]["unit_id"]].division[:6])


def _stamped(
    filler: Any,
    templates: list[Any],
    columns: dict[str, tuple[str, ...]],
    persons: list[Any],
    matters: int,
    chance: random.Random,
) -> None:
    """``matters`` more, day after day, by two processes: each has its units, as papers are numbered without gaps by unit."""
    share = {id(one): matters // len(templates) for one in templates}
    for one in chance.sample(templates, matters % len(templates)):
        share[id(one)] += 1
    halves: tuple[list[Any], list[Any]] = ([], [])
    weight = [0, 0]
    for unit, count in Counter(one.unit_id for one in templates).most_common():
        lighter = weight.index(min(weight))
        weight[lighter] += count
        halves[lighter].extend(one for one in templates if one.unit_id == unit)
    children = []
    for half, own in enumerate(halves):
        if not (child := os.fork()):
            status = 1
            try:
                own.sort(key=lambda one: one.times[0][1])
                _stamp_half(filler, own, share, columns, persons, half)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if any(codes):
        raise RuntimeError("a process that stamps matters failed; its reason is above")


def _stamp_half(
    filler: Any,
    templates: list[Any],
    share: dict[int, int],
    columns: dict[str, tuple[str, ...]],
    persons: list[Any],
    half: int,
) -> None:
    from tests.bench.stamp import Stamper

    chance, done = random.Random(half), 0
    stamper = Stamper(filler.sequence + half, 2, dict(filler.counters), columns=columns)
    with above() as conn:
        for one in templates:
            for _ in range(share[id(one)]):
                stamper.stamp(
                    one, *chance.choice(persons), chance.randrange(-20 * 60_000_000, 20 * 60_000_000)
                )
                done += 1
                if done % 2000 == 0:
                    stamper.flush(conn)
        stamper.close(conn)


@contextmanager
def bare(conn: psycopg.Connection[Any], tables: Sequence[str]) -> Iterator[None]:
    """While this lasts the tables have no indexes and no constraints that need one; afterwards the same as before."""
    names = [name for name in tables if name != "access"]  # in partitions, and small
    constraints = conn.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype from pg_constraint"
        " where contype in ('p', 'u', 'f') and (conrelid = any(%(names)s::regclass[]) or confrelid = any(%(names)s::regclass[]))"
        " order by contype", {"names": names},
    ).fetchall()  # fmt: skip
    for table, name, _, _ in constraints:
        conn.execute(f'alter table {table} drop constraint "{name}"')
    indexes = conn.execute(
        "select indexdef, indexname from pg_indexes where schemaname = 'public' and tablename = any(%s)",
        [names],
    ).fetchall()
    for _, name in indexes:
        conn.execute(f'drop index "{name}"')
    yield
    keyed = [
        f'alter table {table} add constraint "{name}" {told}'
        for table, name, told, kind in constraints
        if kind != "f"
    ]
    by_two([told for told, _ in indexes] + keyed)
    for table, name, told, kind in constraints:
        if kind == "f":
            conn.execute(
                f'alter table {table} add constraint "{name}" {told} not valid'
            )  # the owner is under the policies too
            conn.execute("update pg_constraint set convalidated = true where conname = %s", [name])


def by_two(statements: Iterable[str]) -> None:
    """Run statements in two sessions, each taking the next when it is free."""
    waiting = deque(statements)

    def work() -> None:
        with above() as conn, suppress(IndexError):
            conn.execute("set maintenance_work_mem = '512MB'")
            while True:
                conn.execute(waiting.popleft())

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(work), pool.submit(work)]:
            one.result()


def _seal_all() -> None:
    """The town's log begins with its first matter: the seals of an emptier town go, and every day since then is sealed."""
    from doorstep.run.place import Place

    (Place.from_env().data / "seals" / "seals.jsonl").unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-c", SEAL],
        env=os.environ | {"DOORSTEP_DB_ROLE": "worker", "DOORSTEP_WITNESS": ""},
        check=True,
    )


def _found_stations(conn: psycopg.Connection[Any]) -> None:
    """More stations, each with a counter, beside those of the region."""
    for number in range(STATIONS):
        county, division = ((10, "990102"), (20, "990103"))[number % 2]
        unit, code = 9000 + number, f"BENCH-{number:02d}"
        conn.execute(
            "insert into unit (id, code, kind, zh, en, parent_id, city, county, station, division, active)"
            " values (%s, %s, 'station', %s, %s, %s, 1, %s, %s, %s, true) on conflict do nothing",
            [
                unit,
                code,
                f"第 {number + 1} 测量派出所",
                f"Measuring Station {number + 1}",
                county,
                county,
                unit,
                division,
            ],
        )
        conn.execute(
            "insert into point (id, code, unit_id, kind, zh, en, address_zh, address_en, lon, lat, phone, hours, channels,"
            " takes, sure) values (%s, %s, %s, 'station', '窗口', 'Counter', '测量路', 'Measuring Road', 118, 36, '', '{}',"
            " '[\"station\"]', '{}', true)"
            " on conflict do nothing",
            [unit, code, unit],
        )


def _sisters(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    """Each item again under other codes and titles: published like any version, so that a matter can be of it."""
    from doorstep.rulebook import pack

    made = {}
    for one in (pack.current(code) for code in ("HZ-078", "HZ-106")):
        for number in range(1, SISTERS + 1):
            whole = json.loads(one.content)
            raw = whole["pack"]
            raw["code"] = f"{one.code}-{number}"
            raw["title"] = {"zh": f"{one.title.zh}（{number}）", "en": f"{one.title.en} ({number})"}
            text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
            sister = pack.Pack.from_content(text)
            made[sister.code] = sister
            conn.execute(
                "insert into pack_version (hash, code, content, at) values (%s, %s, %s, now()) on conflict do nothing",
                [sister.hash, sister.code, text],
            )
    return made


@dataclass
class Many:
    """The one person with 900 matters."""

    viewer: Any
    person: Any
    zone: Any


def _staff(conn: psycopg.Connection[Any]) -> Staff:
    from doorstep.kernel.models import Party
    from doorstep.kernel.org import town
    from doorstep.kernel.party import Person, open_party
    from doorstep.kernel.trust import Viewer
    from doorstep.rulebook.ids import uuid7
    from doorstep.rulebook.region import calendar
    from doorstep.rulebook.words import Words

    units = {u.id: {"id": u.id, "zh": u.zh, "en": u.en} for u in town().units.values()}
    clerks, approvers, many = {}, {}, None
    for row in conn.execute("select id, login, kind, role, party_id, unit_id from account").fetchall():
        viewer = Viewer(row[0], row[2], Words("某", "Somebody"), row[1], row[3], row[4], units.get(row[5]))
        kind, _, unit = row[1].partition(".")
        if unit.isdigit() and kind in ("clerk", "approver"):
            (clerks if kind == "clerk" else approvers)[int(unit)] = viewer
        if row[1] == "neighbour":
            found = conn.execute("select id, kind, key, sealed from party where id = %s", [row[4]]).fetchone()
            assert found
            party = Party(id=found[0], kind=found[1], key=found[2], sealed=found[3])
            many = Many(viewer, open_party(party), calendar().zone)
    assert many and isinstance(many.person, Person)
    stations = [u for u in town().units.values() if u.kind == "station"]
    for station in stations:
        for posts, kind in ((clerks, "clerk"), (approvers, "approver")):
            if station.id not in posts:
                posts[station.id] = Viewer(
                    uuid7(), "officer", Words("某", "Somebody"), unit={"id": station.id}, role=kind
                )
    points = {
        p.unit_id: p.code
        for p in sorted(town().points.values(), key=lambda p: p.kind == "room", reverse=True)
    }
    return Staff(clerks, approvers, many, stations, points)


def _persons(
    filler: Any, staff: Staff, chance: random.Random, now: datetime, seed: int, most: int
) -> list[tuple[Any, Any]]:
    from doorstep.kernel.party import Person
    from doorstep.rulebook.region import region
    from doorstep.sim.people import citizen

    division = staff.stations[0].division[:6]
    persons, known = [], set()
    for number in range(most):
        one = citizen(seed, 100_000 + number, division, region().streets)
        if one.id_no not in known:
            known.add(one.id_no)
            person = Person(one.name, one.id_no, one.phone)
            clerk = staff.clerks[chance.choice(staff.stations).id]
            persons.append((filler.party(person, clerk, now - timedelta(days=130)), person))
    return persons


def _life(staff: Staff, chance: random.Random, now: datetime, someone: tuple[Any, Any] | None) -> Any:
    from tests.bench.fill import Life, Move

    x, y, z = (_station(staff, chance) for _ in range(3))
    at = now - timedelta(minutes=chance.randrange(60 * 24 * 2, 60 * 24 * 120))
    party, person = someone or (staff.many.viewer.party_id, staff.many.person)
    by = staff.clerks[x.id] if someone else staff.many.viewer
    approver, giver = staff.approvers[y.id], staff.clerks[z.id]
    item, data = _asked(staff, chance, person, y, z)
    if item.startswith("HZ-106"):
        moves = [
            Move(approver, "look", "approve", _text(chance)),
            *[Move(approver, note=_text(chance)) for _ in range(4)],
        ]
    else:
        moves = [Move(staff.clerks[x.id], "intake"), Move(staff.clerks[x.id], note=_text(chance))]
        if not someone and chance.random() < 0.5:
            fault = {"field": "/photo", "reason": "photo_unclear", "text": _text(chance)}
            again = data | {"photo": _file_id()}
            moves += [Move(approver, "review", "return", "photo_unclear", (fault,)),
                      Move(by, "correct:review", data=again, after=timedelta(hours=20))]  # fmt: skip
        moves += [Move(approver, note=_text(chance)) for _ in range(chance.randrange(2))]
        moves += [Move(approver, "review", "approve", _text(chance)), *_inserted(item, data, staff.points[x.id], approver),
                  Move(approver, "issue"), Move(giver, "hand_out", "done", _text(chance))]  # fmt: skip
    if chance.random() < 0.15:
        moves = moves[: chance.randrange(len(moves))]
    channel = "station" if someone else "online"
    return Life(
        item, by, staff.points[x.id], channel, data, at, party, person if someone else None, tuple(moves)
    )


def _inserted(item: str, data: dict[str, Any], point: str, approver: Any) -> list[Any]:
    """The steps that a layer of the competent unit puts in before the card is made."""
    from doorstep.kernel import change
    from doorstep.kernel.org import point_named
    from doorstep.rulebook import pack
    from tests.bench.fill import Move

    if item not in pack.digests():
        return []  # a sister is laid by nobody
    _, found = change.competent(item, data, point_named(point))
    known = ("intake", "review", "issue", "hand_out")
    return [Move(approver, one) for one in found.flow.steps if one not in known and ":" not in one]


def _station(staff: Staff, chance: random.Random) -> Any:
    """The region's own six have half of the work, as towns have busy stations and quiet ones."""
    return chance.choice(staff.stations[: -STATIONS or None] if chance.random() < 0.5 else staff.stations)


def _asked(staff: Staff, chance: random.Random, person: Any, y: Any, z: Any) -> tuple[str, dict[str, Any]]:
    """Four cards to one let home; addresses and tenants long enough for a body of about a kilobyte."""
    who = {"name": person.name, "id_no": person.id_no, "mobile": person.phone}
    if chance.random() < 0.2:
        tenants = [
            {"name": person.name, "id_no": person.id_no, "from": "2026-03-01"}
            for _ in range(chance.randrange(9, 16))
        ]
        home = {
            "address": _text(chance)[:60],
            "station": y.code,
            "right": chance.choice(["agent", "sublet"]),
            "title": _file_id(),
        }
        if home["right"] == "sublet":
            home["lease"] = _file_id()
        return "HZ-106" + _sister(chance), {"landlord": who, "home": home, "tenants": tenants}
    reason = chance.choice(["lost", "expired", "damaged", "first"])
    return "HZ-078" + _sister(chance), {
        "applicant": who, "household": {"address": _text(chance)[:200], "station": y.code}, "reason": reason,
        "photo": _file_id(), "book": _file_id(), "pick_up": {"point": staff.points[z.id]},
    }  # fmt: skip


def _sister(chance: random.Random) -> str:
    number = chance.randrange(2 * SISTERS)
    return f"-{number}" if 0 < number <= SISTERS else ""


def _file_id() -> str:
    from doorstep.rulebook.ids import uuid7

    return str(uuid7())


def _text(chance: random.Random) -> str:
    """What an officer writes: a little more than a kilobyte, no sentence twice."""
    return "".join(
        f"{chance.randrange(8, 18)}时{chance.randrange(60):02d}分，{chance.choice(WHO)}{did}，{so}。"
        for did, so in zip(chance.sample(DID, 12), chance.sample(SO, 12), strict=True)
    )[: chance.randrange(380, 460)]


def _spread(values: list[int]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "min": ordered[0], "median": statistics.median(ordered), "p95": ordered[int(len(ordered) * 0.95)],
        "max": ordered[-1],
    }  # fmt: skip


def _told(conn: psycopg.Connection[Any], staff: Staff) -> dict[str, Any]:
    def counted(query: str) -> dict[str, int]:
        return {str(k): n for k, n in conn.execute(query).fetchall()}

    sizes, every = _typed(conn)
    events = conn.execute("select version from matter").fetchall()
    party = staff.many.viewer.party_id
    mine = conn.execute(
        "select count(*) from share where party_id = %s and role = 'applicant'", [party]
    ).fetchone()
    rows = dict(conn.execute(
        "select coalesce(p.relname, c.relname), sum(c.reltuples)::bigint from pg_class c"
        " left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.reltuples > 1000 group by 1"
    ).fetchall())  # fmt: skip
    return {
        "events_a_matter": _spread([n for (n,) in events]), "body_bytes": _spread(sizes), "body_bytes_an_event": _spread(every),
        "one_person": mine[0] if mine else 0,
        "kinds": counted("select item, count(*) from matter group by 1"),
        "units": counted("select unit_id, count(*) from matter group by 1 order by 1"),
        "states": counted("select state, count(*) from matter group by 1"), "rows": rows,
        "content_of_files": "not made: no measured call opens one",
    }  # fmt: skip


def _typed(conn: psycopg.Connection[Any]) -> tuple[list[int], list[int]]:
    """The plain bytes of what was typed, of a sample of 1,000 matters: at events where something was, and at all."""
    from doorstep.kernel.crypto import open_small
    from doorstep.kernel.trust import keys

    some, every = [], []
    for matter, seq, wrapped, sealed in conn.execute(
        "select m.id, e.seq, m.key, b.sealed from (select id, key from matter order by md5(id::text) limit 1000) m"
        " join event e on e.matter_id = m.id left join event_body b on b.matter_id = m.id and b.seq = e.seq"
    ):
        every.append(0)
        if sealed:
            key = keys().unwrap(wrapped, matter.bytes)
            every[-1] = len(open_small(key, sealed, f"event:{matter}:{seq}".encode()))
            some.append(every[-1])
    return some, every


if __name__ == "__main__":
    main()
