"""Erased is erased: nothing that was typed can be read by anybody, and what happened can still be proved."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest

from doorstep.run.roles import DATABASE, SUPERUSER, dsn
from tests.cast import Cast, fresh
from tests.journeys.counter import id_number, open_desk
from tests.journeys.visit import Visit

LONG_AGO = datetime.fromisoformat("2015-03-04T10:00+08:00")


@pytest.fixture
def above(database: Any) -> Any:
    """A connection above row security: what a thief of the database would read."""
    told = dsn("backup", database) | {
        "user": SUPERUSER,
        "password": database.secret(SUPERUSER),
        "dbname": DATABASE,
    }
    with psycopg.connect(**told, autocommit=True) as conn:
        yield conn


def refused(cast: Cast, who: Any = None) -> Any:
    """A matter that has ended, with notes, a return and a file; for somebody at the window if ``who``."""
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person

    if who is None:
        done = cast.apply()
    else:
        data = cast.card("clerk", applicant=who)
        with cast.enter("clerk") as viewer:
            done = matter.open_matter(
                viewer, item="HZ-078", point="HW-1", channel="station", data=data, request_id=fresh(),
                applicant=Person(**who),
            )  # fmt: skip
    cast.act("clerk", done.matter_id, "intake")
    with cast.enter("approver") as viewer:
        matter.note(viewer, done.matter_id, text="看过户口簿", request_id=fresh())
    cast.act("approver", done.matter_id, "review", "refuse", reason="not_registered")
    return done


def order(cast: Cast, matter_id: UUID, role: str, **other: str) -> Any:
    from doorstep.kernel.erase import erase

    told = {"reason": "order", "document": "示范〔2026〕12 号", "request_id": fresh()} | other
    with cast.enter(role) as viewer:
        return erase(viewer, matter_id, **told)


def erase(cast: Cast, matter_id: UUID, role: str = "supervisor") -> Any:
    """Ordered by one, destroyed by another."""
    assert order(cast, matter_id, role).made == "ordered"
    return order(cast, matter_id, "approver")


def rows(above: Any, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = above.execute(sql, values).fetchall()
    return found


def verify() -> str:
    command = [sys.executable, "-m", "doorstep", "log", "verify"]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False).stdout


def test_nothing_that_was_typed_is_left_and_the_figures_are(cast: Cast, above: Any) -> None:
    from doorstep.kernel import matter

    done = refused(cast)
    with cast.enter("approver") as viewer:
        matter.share(
            viewer, done.matter_id, unit="AL-YX-DK", role="reader", reason="看过户口簿", request_id=fresh()
        )
    before = rows(above, "select figures, state from matter where id = %s", done.matter_id)
    erase(cast, done.matter_id)
    left = {
        "key": rows(above, "select key from matter where id = %s", done.matter_id),
        "files": rows(above, "select distinct key from file where matter_id = %s", done.matter_id),
    }
    assert left == {"key": [(None,)], "files": [(None,)]}
    for table in ("event_body", "posting"):
        assert rows(above, f"select count(*) from {table} where matter_id = %s", done.matter_id) == [(0,)]
    assert rows(above, "select figures, state from matter where id = %s", done.matter_id) == before
    for table in ("event", "share", "step", "notice", "paper", "access", "outbox"):
        clear = rows(above, f"select {table}::text from {table} where matter_id = %s", done.matter_id)
        assert [row for row in clear if "看过户口簿" in str(row) or "橘园路" in str(row)] == [], table


def test_the_chain_still_verifies_and_headers_alone_replay(cast: Cast, above: Any) -> None:
    from doorstep.rulebook import flow, pack

    done = refused(cast)
    erase(cast, done.matter_id)
    told = verify()
    assert str(done.matter_id) not in told and done.number not in told
    (digest, state), *_ = rows(above, "select pack, flow from matter where id = %s", done.matter_id)
    headers = rows(above, "select header from event where matter_id = %s order by seq", done.matter_id)
    happened = [flow.Happening.from_codes(h) for (text,) in headers for h in orjson.loads(text)["happened"]]
    assert flow.replay(pack.version(bytes(digest)).flow, happened) == flow.State.from_json(state)


def test_a_key_that_is_gone_without_its_event_is_named(cast: Cast, above: Any) -> None:
    done = refused(cast)
    (key,), *_ = rows(above, "select key from matter where id = %s", done.matter_id)
    above.execute("update matter set key = null where id = %s", [done.matter_id])
    told = verify()
    above.execute("update matter set key = %s where id = %s", [key, done.matter_id])
    assert f"{done.number}: the key is gone without the event" in told


@pytest.mark.parametrize("tail", ["", "/receipt", "/receipt.pdf", "/correct"])
def test_its_pages_say_that_it_was_erased(cast: Cast, tail: str) -> None:
    done = refused(cast)
    erase(cast, done.matter_id)
    page = Visit(cast["resident"].token).get(f"/matter/{done.matter_id}{tail}")
    assert page.status == 410 and "依法销毁" in page.text
    assert Visit(cast["neighbour"].token).get(f"/matter/{done.matter_id}{tail}").status == 404


def test_its_files_say_so_too_and_go_from_the_disk(cast: Cast, above: Any, database: Any) -> None:
    from doorstep.kernel import file
    from doorstep.rulebook.words import Refused

    done = refused(cast)
    (file_id,), *_ = rows(above, "select id from file where matter_id = %s", done.matter_id)
    erase(cast, done.matter_id)
    with cast.enter("resident") as viewer, pytest.raises(Refused, match="erased"):
        file.read_file(viewer, file_id)
    known = rows(above, "select id from trust.known_files(%s)", [file_id])
    assert known == []


def test_the_paper_is_still_genuine_and_bears_nobodys_name(cast: Cast, above: Any) -> None:
    from doorstep.kernel import issue, matter

    title = str(cast.upload("resident", "PRO"))
    home = {
        "landlord": cast.person(),
        "home": {"address": "柳溪街 3 号 101", "station": "AL-LJ-LX", "right": "owner", "title": title},
        "tenants": [{"name": "许念", "id_no": id_number(), "from": "2026-03-01"}],
    }  # fmt: skip
    with cast.enter("resident") as viewer:
        done = matter.open_matter(
            viewer, item="HZ-106", point="LX-1", channel="online", data=home, request_id=fresh()
        )
    (paper,), *_ = rows(above, "select id from paper where matter_id = %s", done.matter_id)
    with cast.enter("resident") as viewer:
        address = issue.check_url(viewer, paper)
    erase(cast, done.matter_id)
    page = Visit().post(address, {"name": cast.person()["name"]})
    assert page.status == 200 and "是真的，有效" in page.text
    assert "不是写给" not in page.text and "不能再比对姓名" in page.text


@pytest.mark.parametrize(
    ("role", "code"),
    [("resident", "no-right"), ("clerk", "no-right"), ("officer", "no-right"), ("other_station", "not-found"),
     ("secadmin", "not-found"), ("auditor", "not-found")],
)  # fmt: skip
def test_nobody_without_the_right_erases_anything(cast: Cast, above: Any, role: str, code: str) -> None:
    from doorstep.rulebook.words import Refused

    done = refused(cast)
    with pytest.raises(Refused, match=code):
        erase(cast, done.matter_id, role)
    with cast.enter(role):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("select trust.erase(%s)", [done.matter_id])
            assert cursor.fetchone() == (False,)


def test_one_person_alone_destroys_nothing(cast: Cast, above: Any) -> None:
    from doorstep.rulebook.words import Refused

    done = refused(cast)
    order(cast, done.matter_id, "supervisor")
    with pytest.raises(Refused, match="second-person"):
        order(cast, done.matter_id, "supervisor")
    assert order(cast, done.matter_id, "approver", document="另一份决定").made == "ordered", (
        "not the same decision"
    )
    assert order(cast, done.matter_id, "approver", reason="request").made == "ordered", "not the same ground"
    assert rows(above, "select key is null from matter where id = %s", done.matter_id) == [(False,)]
    assert not order(cast, done.matter_id, "approver").made
    assert rows(above, "select key is null from matter where id = %s", done.matter_id) == [(True,)]


def test_the_database_wants_two_persons_too(cast: Cast, above: Any) -> None:
    from doorstep.kernel import change, erase
    from doorstep.rulebook.flow import State

    done = refused(cast)
    with cast.enter("supervisor") as viewer:
        opened = change.lock(done.matter_id)
        change.finish(
            viewer,
            opened,
            "erased",
            State.from_json(opened.row.flow),
            (),
            {"why": "order", "document": "1"},
            {},
        )
        from django.db import connection, transaction

        with connection.cursor() as cursor:
            cursor.execute("select trust.erase(%s)", [done.matter_id])
            assert cursor.fetchone() == (False,)
        transaction.set_rollback(True)
    assert (
        erase.WAITS.days == 30
        and "30 days" in Path(erase.__file__).with_name("sql").joinpath("erase.sql").read_text()
    )


def test_an_order_lapses_after_thirty_days(cast: Cast) -> None:
    from doorstep.rulebook import clock

    done = refused(cast)
    order(cast, done.matter_id, "supervisor")
    with clock.clock_at(clock.now() + timedelta(days=31)):
        assert order(cast, done.matter_id, "approver").made == "ordered"


def test_the_page_takes_two_and_wants_the_number_of_the_decision_again(cast: Cast) -> None:
    done, page = refused(cast), "/counter/erasures"
    first, second = (open_desk(cast[role].token) for role in ("supervisor", "approver"))
    told = {"number": done.number, "reason": "order", "document": "示范〔2026〕88 号"}
    assert (
        "请从清单里选理由" in first.post(page, **told | {"reason": ""}, request_id=fresh()).content.decode()
    )
    answer = first.post(page, **told, request_id=fresh())
    assert "等另一个人确认" in first.text(answer["Location"])
    listed = second.text(page)
    assert f'data-matter="{done.number}"' in listed and "示范〔2026〕88 号" not in listed, (
        "it is typed from the paper"
    )
    assert second.post(page, **told, request_id=fresh())["Location"].endswith("did=erased")
    assert open_desk(cast["resident"].token).get(f"/matter/{done.matter_id}").status_code == 410


def test_what_is_still_open_is_not_erased(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    done = cast.apply()
    with pytest.raises(Refused, match="not-ended"):
        erase(cast, done.matter_id)


def test_erasing_twice_is_said_to_be_done_already(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    done = refused(cast)
    erase(cast, done.matter_id)
    with pytest.raises(Refused, match="erased"):
        erase(cast, done.matter_id)


def test_a_persons_record_goes_with_the_last_matter_that_needs_it(cast: Cast, above: Any) -> None:
    who = {"name": "何未见", "id_no": id_number()}
    first, last = refused(cast, who), refused(cast, who)
    (party,), *_ = rows(above, "select applicant_id from matter where id = %s", first.matter_id)
    kept = []
    for done in (first, last):
        erase(cast, done.matter_id)
        kept += rows(above, "select key is not null, id_blind is not null from party where id = %s", party)
    assert kept == [(True, True), (False, False)]


def test_what_was_kept_for_as_long_as_the_pack_says_is_erased_by_itself(
    cast: Cast, above: Any, as_worker: None
) -> None:
    from doorstep.kernel import chore, matter
    from doorstep.rulebook import clock

    with clock.clock_at(LONG_AGO):
        old = cast.apply()
        with cast.enter("resident") as viewer:
            matter.withdraw(viewer, old.matter_id, request_id=fresh())
    young = refused(cast)
    assert chore.erase_outlived() == 1 and chore.erase_outlived() == 0
    keys = rows(
        above,
        "select key is null from matter where id = any (%s) order by opened_at",
        [old.matter_id, young.matter_id],
    )
    assert keys == [(True,), (False,)]
    assert str(old.matter_id) not in verify()


@pytest.mark.parametrize("role", ["resident", "clerk", "officer", "chief", "auditor", "other_station"])
def test_nobody_without_the_right_sees_the_orders_or_sends_one(cast: Cast, role: str) -> None:
    done, desk = refused(cast), open_desk(cast[role].token)
    assert desk.get("/counter/erasures").status_code in (302, 403)
    told = {"number": done.number, "reason": "order", "document": "1", "request_id": fresh()}
    assert desk.post("/counter/erasures", **told).status_code in (302, 403)
    assert order(cast, done.matter_id, "approver").made == "ordered", "nothing had been ordered before"
