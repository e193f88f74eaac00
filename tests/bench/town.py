"""`python -m tests.bench.town --matters 10000`: fills the running demonstration town by COPY and tells how it is spread.

Run with the environment of a running Doorstep. The town gets 24 stations more, and every item nine sisters of other codes
(published, not offered). Every station takes in, decides and hands out; one person has 900 matters.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

MANY = 900
PERSONS = 3000
STATIONS = 24
SISTERS = 9
SENTENCES = (
    "已电话核对申请人情况，本人说明了原证件遗失的时间和地点。", "窗口核对了户口簿原件，姓名、号码、住址与登记一致。",
    "照片符合要求，白底、免冠、近六个月内拍摄。", "申请人希望尽快领取，已告知领取点的开放时间和所需证件。",
    "已提醒申请人领到正式证件后把临时证件交回。", "同住家属陪同前来，已说明由本人签收。",
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
    with above() as conn:
        sys.stdout.write(json.dumps(fill(conn, args.matters, args.seed)))


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

    chance = random.Random(seed)
    _found_stations(conn)
    staff = _staff(conn)
    filler = Filler(packs=_sisters(conn))
    filler.go_on_from(conn)
    now = datetime.now(tz=staff.many.zone)
    filler.people[staff.many.viewer.party_id] = staff.many.person
    persons = _persons(filler, staff, chance, now, seed)
    events: list[int] = []
    began = time.perf_counter()
    for number in range(matters):
        mine = number % max(1, matters // MANY) == 0 and number // max(1, matters // MANY) < MANY
        life = _life(staff, chance, now, number, None if mine else chance.choice(persons))
        before = len(filler.tables["event"])
        filler.live(life)
        events.append(len(filler.tables["event"]) - before)
        if number % 1000 == 999:
            filler.copy(conn)
    filler.copy(conn)
    seconds = time.perf_counter() - began
    conn.execute("vacuum analyze")
    told = _told(conn, staff)
    size = (conn.execute("select pg_database_size(current_database())").fetchone() or (0,))[0]
    filled = {
        "seconds": round(seconds, 1), "matters_per_s": round(matters / seconds),
        "rows_per_s": round(sum(told["rows"].values()) / seconds),
        "database_mb": size // 2**20, "minutes_for_a_million": round(seconds / matters * 1e6 / 60, 1),
        "gb_for_a_million": round(size / matters * 1e6 / 2**30, 1),
    }  # fmt: skip
    return {"matters": matters, "events_a_matter": _spread(events), **told, "filled": filled}


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
            "insert into point (id, code, unit_id, kind, zh, en, address_zh, address_en, lon, lat, phone, hours, channels)"
            " values (%s, %s, %s, 'station', '窗口', 'Counter', '测量路', 'Measuring Road', 118, 36, '', '{}', '[\"station\"]')"
            " on conflict do nothing",
            [unit, code, unit],
        )


def _sisters(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    """Each item again under other codes and titles: published like any version, so that a matter can be of it."""
    from doorstep.kernel import pack

    made = {}
    for one in pack.every():
        for number in range(1, SISTERS + 1):
            whole = json.loads(one.content)
            raw = whole["pack"]
            raw["code"] = f"{one.code}-{number}"
            raw["title"] = {"zh": f"{one.title.zh}（{number}）", "en": f"{one.title.en} ({number})"}
            sister = pack.Pack.from_content(json.dumps(whole))
            made[sister.code] = sister
            conn.execute(
                "insert into pack_version (hash, code, content, at) values (%s, %s, %s, now()) on conflict do nothing",
                [sister.hash, sister.code, sister.content],
            )
    return made


@dataclass
class Many:
    """The one person with 900 matters."""

    viewer: Any
    person: Any
    zone: Any


def _staff(conn: psycopg.Connection[Any]) -> Staff:
    from doorstep.kernel.ids import uuid7
    from doorstep.kernel.models import Party
    from doorstep.kernel.org import town
    from doorstep.kernel.party import Person, open_party
    from doorstep.kernel.region import calendar
    from doorstep.kernel.trust import Viewer
    from doorstep.kernel.words import Words

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
    filler: Any, staff: Staff, chance: random.Random, now: datetime, seed: int
) -> list[tuple[Any, Any]]:
    from doorstep.kernel.party import Person
    from doorstep.kernel.region import region
    from doorstep.sim.people import citizen

    division = staff.stations[0].division[:6]
    persons, known = [], set()
    for number in range(PERSONS):
        one = citizen(seed, 100_000 + number, division, region().streets)
        if one.id_no not in known:
            known.add(one.id_no)
            person = Person(one.name, one.id_no, one.phone)
            clerk = staff.clerks[chance.choice(staff.stations).id]
            persons.append((filler.party(person, clerk, now - timedelta(days=130)), person))
    return persons


def _life(
    staff: Staff, chance: random.Random, now: datetime, number: int, someone: tuple[Any, Any] | None
) -> Any:
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
        moves += [Move(approver, "review", "approve", _text(chance)), Move(approver, "issue"),
                  Move(giver, "hand_out", "done", _text(chance))]  # fmt: skip
    if chance.random() < 0.15:
        moves = moves[: chance.randrange(len(moves))]
    channel = "station" if someone else "online"
    return Life(
        item, by, staff.points[x.id], channel, data, at, party, person if someone else None, tuple(moves)
    )


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
    from doorstep.kernel.ids import uuid7

    return str(uuid7())


def _text(chance: random.Random) -> str:
    """What an officer writes: a little more than a kilobyte."""
    return "".join(chance.choice(SENTENCES) for _ in range(chance.randrange(15, 20)))


def _spread(values: list[int]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "min": ordered[0], "median": statistics.median(ordered), "p95": ordered[int(len(ordered) * 0.95)],
        "max": ordered[-1],
    }  # fmt: skip


def _told(conn: psycopg.Connection[Any], staff: Staff) -> dict[str, Any]:
    def counted(query: str) -> dict[str, int]:
        return {str(k): n for k, n in conn.execute(query).fetchall()}

    sizes = [n for (n,) in conn.execute("select octet_length(sealed) - 29 from event_body").fetchall()]
    every = conn.execute(
        "select coalesce(octet_length(b.sealed) - 29, 0) from event e left join event_body b using (matter_id, seq)"
    ).fetchall()
    party = staff.many.viewer.party_id
    mine = conn.execute(
        "select count(*) from share where party_id = %s and role = 'applicant'", [party]
    ).fetchone()
    tables = (
        "matter", "event", "event_body", "step", "share", "party", "paper", "file", "notice", "request_key", "posting",
        "outbox", "access",
    )  # fmt: skip
    rows = Counter({t: (conn.execute(f"select count(*) from {t}").fetchone() or (0,))[0] for t in tables})
    return {
        "body_bytes": _spread(sizes), "body_bytes_an_event": _spread([n for (n,) in every]), "one_person": mine[0] if mine else 0,
        "kinds": counted("select item, count(*) from matter group by 1"),
        "units": counted("select unit_id, count(*) from matter group by 1 order by 1"),
        "states": counted("select state, count(*) from matter group by 1"), "rows": dict(rows),
        "content_of_files": "not made: no measured call opens one",
    }  # fmt: skip


if __name__ == "__main__":
    main()
