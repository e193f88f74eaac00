"""A matter by COPY is the matter that the verbs write: every table, every column, the chain and the replay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from doorstep.run.place import Place
from tests.cast import Cast, fresh

START = datetime(2026, 3, 3, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
UNCLEAR = ({"field": "/photo", "reason": "photo_unclear", "text": "暗"},)
TABLES = {
    "matter": "seq", "step": "opened_at, name", "share": "role", "posting": "id", "event": "seq", "event_body": "seq",
    "outbox": "at, kind", "file": "at, material", "paper": "issued_at", "notice": "at, template",
    "request_key": "at, verb",
}  # fmt: skip
#: Random by nature, or written later by the relay or the database's own clock. Their form is compared, not their value.
CHANCE = {"id", "number", "check_code", "request_id", "recorded_at", "done_at", "event_id", "file_id", "size"}


@pytest.fixture(autouse=True)
def in_the_past(above: Any) -> Iterator[None]:
    """These lives are lived in another month: their looks go, so that nobody seals a log that begins there."""
    yield
    above.execute("set session_replication_role = replica")  # the log is append-only, even to the superuser
    above.execute("delete from access where at < now() - interval '7 days'")
    above.execute("set session_replication_role = default")


def _life(cast: Cast, item: str) -> Any:
    """The same life for both: returned once, corrected, remarked upon, granted and handed out; or a window's entry."""
    from doorstep.kernel.party import own_person, people
    from tests.bench.fill import Life, Move

    viewers = {}
    for role in ("resident", "clerk", "approver", "clerk2"):
        with cast.enter(role) as viewer:
            viewers[role] = viewer
            if role == "resident":
                person = own_person(viewer)
    assert people and person
    if item == "HZ-106":
        data = {
            "landlord": {"name": person.name, "id_no": person.id_no},
            "home": {
                "address": "柳溪街 3 号 101", "station": "AL-LJ-LX", "right": "agent",
                "title": str(cast.upload("resident", "PRO")),
            },
            "tenants": [{"name": "许念", "id_no": person.id_no, "from": "2026-03-01"}],
        }  # fmt: skip
        moves = (Move(viewers["approver"], "look", "approve"),)
        return Life(
            item,
            viewers["resident"],
            "LX-1",
            "online",
            data,
            START,
            viewers["resident"].party_id,
            None,
            moves,
        )
    mended = cast.card("resident")
    card = cast.card("clerk", applicant=cast.person("resident"))
    moves = (
        Move(viewers["clerk"], "intake"),
        Move(viewers["approver"], "review", "return", "photo_unclear", UNCLEAR),
        Move(viewers["resident"], "correct:review", "done", data=mended | {"photo": str(cast.upload("resident"))}),
        Move(viewers["approver"], note="请再看一眼照片"),
        Move(viewers["approver"], "review", "approve"),
        Move(viewers["approver"], "issue"),
        Move(viewers["clerk2"], "hand_out"),
    )  # fmt: skip
    return Life(
        item, viewers["clerk"], "HW-1", "station", card, START, viewers["resident"].party_id, person, moves
    )


def _by_verbs(cast: Cast, life: Any) -> UUID:
    from doorstep.kernel import matter, trust
    from doorstep.rulebook import clock

    tokens = {}
    for role in ("resident", "clerk", "approver", "clerk2"):
        with cast.enter(role) as viewer:
            tokens[viewer.account_id] = cast[role].token
    at = life.at
    with clock.clock_at(at), trust.enter(tokens[life.by.account_id]) as viewer:
        done = matter.open_matter(
            viewer, item=life.item, point=life.point, channel=life.channel, data=life.data, request_id=fresh(),
            applicant=life.person,
        )  # fmt: skip
    for one in life.moves:
        at += one.after
        with clock.clock_at(at), trust.enter(tokens[one.by.account_id]) as viewer:
            if one.note:
                matter.note(viewer, done.matter_id, text=one.note, request_id=fresh())
            else:
                matter.act(
                    viewer, done.matter_id, step=one.step, outcome=one.outcome, reason=one.reason, faults=one.faults,
                    data=one.data, request_id=fresh(),
                )  # fmt: skip
    return done.matter_id


def _by_copy(cast: Cast, above: Any, life: Any, ready: bool) -> UUID:
    from doorstep.kernel.party import Person, own_person
    from tests.bench.fill import Filler

    filler = Filler(papers_ready=ready)
    filler.go_on_from(above)
    with cast.enter("resident") as viewer:
        filler.people[life.party] = own_person(viewer) or Person("")
    again = _with_other_files(life)
    matter_id = filler.live(again)
    filler.copy(above)
    return matter_id


def _by_stamp(cast: Cast, above: Any, life: Any) -> UUID:
    from doorstep.kernel.org import town
    from doorstep.kernel.party import Person, own_person
    from tests.bench.fill import Filler
    from tests.bench.stamp import Cutter, Stamper

    filler = Filler(papers_ready=False)
    filler.go_on_from(above)
    with cast.enter("resident") as viewer:
        me = filler.people[life.party] = own_person(viewer) or Person("")
    filler.live(_with_other_files(life))
    columns = {name: tuple(rows[0]) for name, rows in filler.tables.items()}
    unit = town().units[filler.tables["matter"][0]["unit_id"]]
    template = Cutter(above, life.at - timedelta(days=1)).cut(filler.tables, me, unit.division[:6])
    filler.go_on_from(above)
    stamper = Stamper(filler.sequence, 1, dict(filler.counters), columns=columns)
    matter_id = stamper.stamp(template, life.party, me, 0)
    stamper.close(above)
    return matter_id


def _with_other_files(life: Any) -> Any:
    """Files belong to one matter: the copy's have ids of their own."""
    import dataclasses

    from doorstep.rulebook import pack
    from doorstep.rulebook.ids import uuid7

    def other(data: Any) -> Any:
        text = json.dumps(data)
        for found in pack.current(life.item).form.files(data).values():
            text = text.replace(str(found), str(uuid7()))
        return json.loads(text)

    moves = tuple(dataclasses.replace(m, data=other(m.data)) if m.data else m for m in life.moves)
    return dataclasses.replace(life, data=other(life.data), moves=moves)


def _rows(above: Any, table: str, matter_id: UUID) -> list[dict[str, Any]]:
    key = {"matter": "id"}.get(table, "matter_id")
    order = "1" if table == "matter" else TABLES[table]
    with above.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        cursor.execute(f"select * from {table} where {key} = %s order by {order}", [matter_id])
        return list(cursor.fetchall())


def _forms(above: Any, table: str, matter_id: UUID) -> list[dict[str, Any]]:
    from doorstep.kernel.trust import keys

    wrapped = above.execute("select key from matter where id = %s", [matter_id]).fetchone()[0]
    key = keys().unwrap(wrapped, matter_id.bytes)
    return [_form(row, table, matter_id, key) for row in _rows(above, table, matter_id)]


def _clear(row: dict[str, Any], table: str, matter_id: UUID, key: bytes) -> bytes:
    """What is sealed in this row, as far as it is packed: its sealed length says little."""
    from doorstep.kernel.crypto import open_small

    place = {
        "matter": b"matter:" + matter_id.bytes,
        "event_body": f"event:{matter_id}:{row.get('seq')}".encode(),
    }
    return open_small(key, row["sealed"], place[table]) if table in place else row["sealed"]


def _form(row: dict[str, Any], table: str, matter_id: UUID, key: bytes) -> dict[str, Any]:
    """The row without what is random: ids and secrets by kind and length, everything else by value."""
    said = {}
    if "sealed" in row:
        row |= {"sealed": _clear(row, table, matter_id, key)}
    for column, value in row.items():
        if value is None and column != "done_at":
            said[column] = None
        elif column in CHANCE or value == matter_id:
            said[column] = column
        elif isinstance(value, bytes | memoryview):
            said[column] = (
                bytes(value).hex() if column in ("pack", "holder") else f"{len(bytes(value))} bytes"
            )
        elif column == "header":
            said[column] = json.loads(value)
        elif column == "values":
            said[column] = sorted(value)
        else:
            said[column] = value
    if table == "file":
        said.pop("at")  # the upload came before the verb, at the machine's time
    return said


def _same(copied: list[dict[str, Any]], lived: list[dict[str, Any]], table: str) -> None:
    """Row by row; what differs is named alone, for a row is long."""
    assert len(copied) == len(lived), table
    for at, (one, two) in enumerate(zip(copied, lived, strict=True)):
        differs = {
            name: (one.get(name), two.get(name))
            for name in one.keys() | two.keys()
            if one.get(name) != two.get(name)
        }
        assert differs == {}, f"{table} {at}"


@pytest.mark.parametrize("item", ["HZ-078", "HZ-106"])
def test_a_copied_matter_is_the_verbs_matter_row_by_row(cast: Cast, above: Any, item: str) -> None:
    life = _life(cast, item)
    one = _by_verbs(cast, life)
    two = _by_copy(cast, above, life, ready=False)
    for table in TABLES:
        _same(_forms(above, table, two), _forms(above, table, one), table)


@pytest.mark.parametrize("item", ["HZ-078", "HZ-106"])
def test_a_stamped_matter_is_the_verbs_matter_row_by_row_and_verifies(
    cast: Cast, above: Any, item: str
) -> None:
    from doorstep.kernel import event, read
    from doorstep.kernel.models import Matter
    from doorstep.kernel.trust import keys

    life = _life(cast, item)
    one = _by_verbs(cast, life)
    two = _by_stamp(cast, above, life)
    for table in TABLES:
        _same(_forms(above, table, two), _forms(above, table, one), table)
    with cast.enter("resident") as viewer:
        found = Matter.objects.get(id=two)
        assert event.verify(two, keys().unwrap(bytes(found.key or b""), two.bytes)) == []
        assert read.read_matter(viewer, two).data.keys() == life.data.keys()


def test_a_copied_matter_verifies_replays_and_goes_on_through_the_verbs(cast: Cast, above: Any) -> None:
    import dataclasses

    from doorstep.kernel import event, read
    from doorstep.kernel.trust import keys
    from doorstep.rulebook import flow, pack

    life = _life(cast, "HZ-078")
    two = _by_copy(cast, above, dataclasses.replace(life, moves=life.moves[:-1]), ready=True)
    done = cast.act("clerk2", two, "hand_out")
    assert done.state == "granted" and done.version == 8
    with cast.enter("resident") as viewer:
        row = pack and read.read_matter(viewer, two)
        assert row.reason == "photo_unclear" and [p.state for p in row.papers] == ["ready"]
        from doorstep.kernel.models import Event, Matter

        found = Matter.objects.get(id=two)
        assert event.verify(two, keys().unwrap(bytes(found.key or b""), two.bytes)) == []
        import orjson

        headers = [orjson.loads(e.header) for e in Event.objects.filter(matter_id=two).order_by("seq")]
        happened = [flow.Happening.from_codes(c) for h in headers for c in h["happened"]]
        assert (
            flow.replay(pack.version(bytes(found.pack)).flow_on(found.law_date), happened).as_json()
            == found.flow
        )


def test_a_copied_paper_is_what_the_worker_makes(cast: Cast, above: Any, database: Place) -> None:
    life = _life(cast, "HZ-106")
    one, two = _by_verbs(cast, life), _by_copy(cast, above, life, ready=True)
    code = "import django; django.setup(); from doorstep.kernel import chore; chore.make_papers(100)"
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"DOORSTEP_DB_ROLE": "worker"}, check=True)
    (mine,), (copied,) = _rows(above, "paper", one), _rows(above, "paper", two)
    assert (mine["state"], copied["state"]) == ("ready", "ready")
    told = ("account_id", "material", "media", "state")
    issued = [
        [[r[k] for k in told] for r in _rows(above, "file", m) if r["state"] == "issued"] for m in (one, two)
    ]
    assert issued[0] == issued[1] and len(issued[0]) == 1


def test_the_stations_and_items_that_a_large_town_is_filled_with_fit_the_tables_of_today(
    cast: Cast, above: Any
) -> None:
    from tests.bench.town import _found_stations, _sisters

    with above.transaction(force_rollback=True):
        _found_stations(above)
        made = _sisters(above)
        found = above.execute("select count(*) from point where code like 'BENCH-%'").fetchone()[0]
    assert found > 0 and len(made) > 2
