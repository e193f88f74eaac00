"""Relay and stream: what was committed reaches reactors once and in order, and viewers who may hear of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from doorstep.kernel.plug import Committed
from doorstep.run.place import Place
from doorstep.run.presence import CHANNEL
from doorstep.run.relay import Relay
from doorstep.run.roles import SUPERUSER, dsn
from doorstep.run.stream import may_hear

Conn = psycopg.Connection[Any]


@pytest.fixture
def conn(database: Place, as_worker: None) -> Iterator[Conn]:
    with psycopg.connect(**dsn("worker"), autocommit=True) as found:  # type: ignore[arg-type]
        yield found


@pytest.fixture
def matter(database: Place) -> Iterator[uuid.UUID]:
    """A matter's row, enough for the relay to look at; what it lacks only the verbs would miss."""
    params = dsn("migrator") | {"user": SUPERUSER, "password": database.secret(SUPERUSER)}
    with psycopg.connect(**params, autocommit=True) as conn:  # type: ignore[arg-type]
        conn.execute("set session_replication_role = replica")
        conn.execute("delete from outbox")
        bare = _bare_row(conn, "matter", station=7, county=3, city=1, branch=1)
        yield bare
        conn.execute("delete from matter where id = %s", [bare])  # a matter without a chain would not verify


def _bare_row(conn: Conn, table: str, **known: Any) -> uuid.UUID:
    """A row with ``known`` and, where a value is demanded, the emptiest one."""
    empty = {
        "uuid": "gen_random_uuid()",
        "jsonb": "'{}'",
        "timestamptz": "now()",
        "bytea": "''",
        "bool": "false",
        "date": "now()",
    }
    columns = conn.execute(
        "select column_name, udt_name from information_schema.columns where table_name = %s and "
        "table_schema = 'public'"
        " and is_nullable = 'NO' and column_default is null and is_identity = 'NO'",
        [table],
    ).fetchall()
    values = {name: empty.get(kind, "'0'" if not kind.startswith("_") else "'{}'") for name, kind in columns}
    values |= {name: f"'{value}'" for name, value in known.items()}
    if "number" in values:
        values["number"] = f"'{uuid.uuid4().hex[:20]}'"
    row = conn.execute(
        f"insert into {table} ({', '.join(values)}) values ({', '.join(values.values())}) returning id"
    ).fetchone()
    assert row
    return uuid.UUID(str(row[0])) if not isinstance(row[0], int) else uuid.UUID(int=row[0])


def _happen(database: Place, matter: uuid.UUID, kind: str = "note") -> uuid.UUID:
    params = dsn("migrator") | {"user": SUPERUSER, "password": database.secret(SUPERUSER)}
    event = uuid.uuid4()
    with psycopg.connect(**params, autocommit=True) as conn:  # type: ignore[arg-type]
        conn.execute(
            "insert into outbox (event_id, matter_id, kind, state, at) values (%s, %s, %s, 'open', now())",
            [event, matter, kind],
        )
    return event


def _relay(conn: Conn, *reactors: Any) -> Relay:
    return Relay(conn, {f"{uuid.uuid4().hex}.{n}": reactor for n, reactor in enumerate(reactors)})


def test_reactors_hear_everything_once_and_in_order(database: Place, conn: Conn, matter: uuid.UUID) -> None:
    events = [_happen(database, matter) for _ in range(5)]
    heard: list[Committed] = []
    relay = _relay(conn, heard.append)
    assert relay.step() == 5 and relay.step() == 0
    assert [h.event_id for h in heard] == events


def test_a_reactor_is_not_asked_twice_when_the_relay_dies_before_its_mark(
    database: Place, conn: Conn, matter: uuid.UUID
) -> None:
    _happen(database, matter)
    heard: list[Committed] = []
    relay = _relay(conn, heard.append)
    relay._finish = lambda done, told: None  # type: ignore[method-assign]  # killed just before this
    relay.step()
    again = Relay(conn, relay.reactors)
    assert again.step() == 1 and len(heard) == 1


def test_a_failing_reactor_holds_back_its_matter_and_nothing_else(
    database: Place, conn: Conn, matter: uuid.UUID
) -> None:
    first = _happen(database, matter)
    heard: list[uuid.UUID] = []
    broken = [True]

    def react(happened: Committed) -> None:
        if happened.event_id == first and broken[0]:
            raise RuntimeError("not today")
        heard.append(happened.event_id)

    relay = _relay(conn, react)
    second = _happen(database, matter)
    assert relay.step() == 0 and heard == []
    broken[0] = False
    for patience in relay.waiting.values():
        patience.again_at = 0
    while relay.waiting:
        relay.step()
    assert heard == [first, second]


def test_a_batch_is_one_notice_that_carries_numbers_only(
    database: Place, conn: Conn, matter: uuid.UUID
) -> None:
    with psycopg.connect(**dsn("stream"), autocommit=True) as ear:  # type: ignore[arg-type]
        ear.execute(f"listen {CHANNEL}")
        for _ in range(3):
            _happen(database, matter)
        _relay(conn).step()
        (note,) = list(ear.notifies(timeout=1.0, stop_after=1))
        ids = json.loads(note.payload)
        rows = ear.execute("select matter_id from trust.outbox_told(%s)", [ids]).fetchall()
    assert len(ids) == 3 and all(isinstance(i, int) for i in ids)
    assert rows == [(matter,)] * 3


def test_only_the_stream_may_ask_whom_an_event_concerns(database: Place) -> None:
    for role in ("app", "worker"):
        with psycopg.connect(**dsn(role)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):  # type: ignore[arg-type]
            conn.execute("select * from trust.outbox_told('{1}')")


ROW = {"station": 7, "county": 3, "city": 1, "branch": 1, "units": [5], "parties": [uuid.UUID(int=9)]}
NOBODY: dict[str, Any] = {
    "party": None,
    "unit": None,
    "branches": [],
    "station": None,
    "county": None,
    "city": None,
}


@pytest.mark.parametrize(
    ("audience", "hears"),
    [
        ({}, False),
        ({"station": 7}, True),
        ({"station": 8}, False),
        ({"station": 7, "branches": [2]}, False),
        ({"county": 3, "branches": [1]}, True),
        ({"unit": 5}, True),
        ({"unit": 6}, False),
        ({"party": str(uuid.UUID(int=9))}, True),
        ({"party": str(uuid.UUID(int=8))}, False),
    ],
)
def test_viewers_hear_of_their_scope_and_of_what_is_shared_with_them(
    audience: dict[str, Any], hears: bool
) -> None:
    assert may_hear(NOBODY | audience, ROW) is hears


def test_patience_grows(database: Place, conn: Conn) -> None:
    from doorstep.run.relay import _Patience

    patience = _Patience(uuid.uuid4())
    patience.later()
    first = patience.again_at - time.monotonic()
    patience.later()
    assert patience.again_at - time.monotonic() > first


def test_what_was_told_a_week_ago_goes_in_batches_and_nothing_else(
    conn: Conn, matter: uuid.UUID, above: Conn
) -> None:
    from doorstep.kernel import chore

    told = {"old": ["8 days"] * 5, "young": ["6 days"], "waiting": [None]}
    ids: dict[str, list[uuid.UUID]] = {name: [uuid.uuid4() for _ in ages] for name, ages in told.items()}
    for name, ages in told.items():
        for event, age in zip(ids[name], ages, strict=True):
            above.execute(
                "insert into outbox (event_id, matter_id, kind, state, at, done_at)"
                " values (%s, %s, 'opened', 'open', now() - interval '30 days', now() - %s::interval)",
                [event, matter, age],
            )
            above.execute("insert into reaction (event_id, reactor, at) values (%s, 'x', now())", [event])
    assert [chore.purge_outbox(3) for _ in range(3)] == [3, 2, 0]
    kept = ids["young"] + ids["waiting"]
    for table in ("outbox", "reaction"):
        rows = above.execute(
            f"select event_id from {table} where event_id = any(%s)",
            [[one for these in ids.values() for one in these]],
        )
        assert {one for (one,) in rows} == set(kept), table


def test_nobody_but_the_worker_purges(database: Place) -> None:
    for role in ("app", "stream"):
        with psycopg.connect(**dsn(role)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):  # type: ignore[arg-type]
            conn.execute("select trust.purge_outbox(10)")


def test_a_request_is_forgotten_after_a_week(conn: Conn, above: Conn) -> None:
    from doorstep.kernel import chore

    ids = {age: uuid.uuid4() for age in ("8 days", "6 days")}
    for age, one in ids.items():
        above.execute(
            "insert into request_key (account_id, verb, request_id, digest, result, at)"
            " values (%s, 'note', %s, '', '{}', now() - %s::interval)",
            [one, str(one), age],
        )
    while chore.purge_requests(3):
        pass
    left = above.execute(
        "select account_id from request_key where account_id = any(%s)", [list(ids.values())]
    ).fetchall()
    assert left == [(ids["6 days"],)]
