"""What an outlet's or kiosk's account reads past all pages, in SQL as the application's role: a list, and nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from doorstep.run.place import Place
from doorstep.run.roles import dsn
from tests.cast import Cast
from tests.journeys.counter import id_number
from tests.outlets.test_outlets import brought

#: Of the errands of the account itself, or of its own drafts and looks; each is asked below what it shows.
OWN = {
    "matter", "party", "step", "share", "event", "event_body", "posting", "outbox", "paper", "notice", "involved", "payment",
    "draft", "request_key", "file", "access", "errand", "outlet_staff",
}  # fmt: skip
#: No person in them: the town, what is offered, counters, published figures, statements without their values; and the queue of
#: jobs, which holds ids.
PLAIN = {
    "unit", "point", "fact", "pack_version", "pack_offer", "paper_counter", "rating_published", "publication",
    "pg_stat_statements", "pg_stat_statements_info",
}  # fmt: skip
_READS = """select c.relname, exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = 'shut'
    and not p.polpermissive and p.polcmd = '*') as shut
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
    and (has_table_privilege('doorstep_app', c.oid, 'select, insert, update, delete')
      or has_any_column_privilege('doorstep_app', c.oid, 'select, insert, update'))"""


@contextmanager
def sql_of(cast: Cast, role: str, place: Place) -> Iterator[psycopg.Connection[Any]]:
    """SQL as the application's role, in the scope of one of the cast."""
    with psycopg.connect(**dsn("app", place)) as conn:  # type: ignore[arg-type]
        conn.execute("select trust.enter(%s)", [cast[role].token])
        yield conn


@pytest.fixture(scope="module")
def of_the_unit(cast: Cast, database: Place) -> Any:
    """The kiosk stands in the hall: what the hall's own clerk has there. A drawer, blanks, and somebody else's matter."""
    from doorstep.domains.blanks import stock
    from doorstep.domains.payments import drawer

    other = cast.apply(household={"address": "望江路 5 号", "station": "AL-LJ-LX"})
    with cast.enter("clerk2") as viewer:
        drawer.open_one(viewer, 0)
        stock.receive(viewer, next(iter(stock.kinds())), "00990011", 3)
    return other


def test_A16_what_an_outlet_or_kiosk_may_touch_is_this_list(above: psycopg.Connection[Any]) -> None:
    told = dict(above.execute(_READS).fetchall())
    queue = {one for one in told if one.startswith("procrastinate_")}
    assert {one for one, shut in told.items() if not shut} == OWN | PLAIN | queue


@pytest.mark.parametrize("role", ["agent", "partner", "kiosk"])
def test_A16_in_sql_it_sees_its_errands_and_nothing_of_its_unit(
    cast: Cast, database: Place, above: psycopg.Connection[Any], of_the_unit: Any, role: str
) -> None:
    me = {"name": "柳如初", "id_no": id_number()}
    mine = brought(cast, role, me).matter_id if role != "partner" else None
    shut = [name for name, is_shut in above.execute(_READS).fetchall() if is_shut]
    full = [
        one
        for one in shut
        if above.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(one))).fetchone() != (0,)
    ]
    assert {"drawer", "blank", "blank_move"} <= set(full), "there is something to be hidden"
    with sql_of(cast, role, database) as conn:
        for table in shut:
            found = conn.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
            assert found == (0,), f"{role} reads {table}"
        sees = {row[0] for row in conn.execute("select id from matter")}
        assert (mine in sees or mine is None) and of_the_unit.matter_id not in sees
        for table in sorted(OWN - {"matter", "party", "draft", "request_key", "access", "outlet_staff"}):
            ids = {
                row[0]
                for row in conn.execute(
                    sql.SQL("select distinct matter_id from {}").format(sql.Identifier(table))
                )
            }
            assert ids - {None} <= sees, f"{role} reads of others in {table}"
        assert conn.execute("select trust.sees(%s)", [of_the_unit.matter_id]).fetchone() == (False,)
        codes = conn.execute("select ratings.codes(%s, '{}')", [[of_the_unit.matter_id]]).fetchall()
        assert codes == []


def test_A16_in_sql_a_kiosk_writes_nothing_of_its_unit(cast: Cast, database: Place, of_the_unit: Any) -> None:
    for statement in (
        "insert into drawer select * from drawer",
        "update blank set state = 'spoiled'",
        f"update matter set state = 'granted' where id = '{of_the_unit.matter_id}'",
    ):
        with sql_of(cast, "kiosk", database) as conn:
            assert conn.execute(statement).rowcount == 0
    with sql_of(cast, "kiosk", database) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(
            "insert into outbox (event_id, matter_id, kind, state, at) values (gen_random_uuid(), %s, 'acted', 'open', now())",
            [of_the_unit.matter_id],
        )


def test_A16_a_table_that_comes_later_is_shut_until_it_is_named(
    database: Place, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.outlets import apart
    from tests.conftest import as_role

    above.execute("create table later (unit_id int); alter table later owner to doorstep_owner")
    above.execute("alter table later enable row level security; grant select on later to doorstep_app")
    try:
        for _ in as_role("migrator", database):
            apart.shut()
            apart.shut()
        assert above.execute("select policyname from pg_policies where tablename = 'later'").fetchall() == [
            ("shut",)
        ]
    finally:
        above.execute("drop table later")
