"""Lists: nobody's is wider than the policies, no page loses or repeats a line, and a long one asks no more than a short one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.types.json import Jsonb

from doorstep.kernel.crypto import stretch
from tests.cast import Cast, fresh

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
Read = Callable[[Any], Any]


@pytest.fixture(scope="module")
def many(cast: Cast, above: psycopg.Connection[Any]) -> Iterator[list[UUID]]:
    """120 cards of the neighbour, taken in at Hewan, decided at Liuxi, handed out at the hall; a third still open."""
    from doorstep.kernel.party import Person, own_person
    from tests.bench.fill import Filler, Life, Move

    with cast.enter("neighbour") as neighbour:
        person = own_person(neighbour) or Person("")
    with cast.enter("approver") as approver, cast.enter("clerk") as clerk:
        pass
    data = {"applicant": {"name": person.name, "id_no": person.id_no},
            "household": {"address": "柳溪街 3 号", "station": "AL-LJ-LX"},
            "reason": "lost", "pick_up": {"point": "HALL-1"}}  # fmt: skip
    filler, made = Filler(), []
    filler.go_on_from(above)
    filler.people[neighbour.party_id] = person
    for number in range(120):
        moves = (Move(clerk, "intake"), Move(approver, "review", "approve")) if number % 3 else ()
        at = LONG_AGO + timedelta(minutes=number // 2)  # two in the same minute: the time alone is no order
        card = data | {"photo": str(UUID(bytes=secrets.token_bytes(16)))}
        made.append(
            filler.live(
                Life("HZ-078", neighbour, "HW-1", "online", card, at, neighbour.party_id, None, moves)
            )
        )
    filler.copy(above)
    yield made
    _take_away(above, made)


def _take_away(above: psycopg.Connection[Any], made: list[UUID]) -> None:
    """So that nobody else's desk is full of old work."""
    tables = (
        "step",
        "share",
        "posting",
        "event",
        "event_body",
        "outbox",
        "file",
        "paper",
        "notice",
        "request_key",
    )
    with above.transaction():
        above.execute("set local session_replication_role = replica")
        for table in tables:
            above.execute(f"delete from {table} where matter_id = any(%s)", [made])
        above.execute("delete from matter where id = any(%s)", [made])


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    from django.db import connection

    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def _all_pages(cast: Cast, role: str, read: Read) -> list[Any]:
    from doorstep.kernel.lists import Page

    lines, number, more = [], 1, True
    while more:
        with cast.enter(role) as viewer:
            page: Page = read(viewer, page=number)
        lines += page.rows
        number, more = number + 1, page.more
    return lines


@pytest.mark.parametrize("state", ["", "open", "granted"])
@pytest.mark.parametrize("role", ["clerk", "clerk2", "approver", "neighbour"])
def test_pages_lose_and_repeat_nothing(
    cast: Cast, many: list[UUID], monkeypatch: pytest.MonkeyPatch, role: str, state: str
) -> None:
    from doorstep.kernel import lists

    monkeypatch.setattr(lists, "PAGE", 7)
    found = lists.my_matters if role == "neighbour" else lists.unit_matters
    lines = _all_pages(cast, role, lambda viewer, page: found(viewer, page=page, state=state))
    by_mark: list[Any] = []
    marks = [""]
    for mark in marks:
        with cast.enter(role) as viewer:
            page = found(viewer, state=state, after=mark)
        by_mark += page.rows
        marks += [page.after] if page.more else []
    assert [one.id for one in by_mark] == [one.id for one in lines]
    assert len({one.id for one in lines}) == len(lines)
    assert [one.opened_at for one in lines] == sorted((one.opened_at for one in lines), reverse=True)
    assert set(many[::3] if state == "open" else many if not state else []) <= {one.id for one in lines}
    assert {one.state for one in lines} == {state} or not state


@pytest.mark.parametrize("undated", [0, 3])
def test_the_work_list_loses_and_repeats_nothing(
    cast: Cast,
    many: list[UUID],
    above: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    undated: int,
) -> None:
    from doorstep.kernel import lists

    monkeypatch.setattr(lists, "PAGE", 7)
    above.execute(
        "update step set due_at = null where closed_at is null and matter_id = any(%s)",
        [many[:: 3 * undated or 999]],
    )
    lines = _all_pages(cast, "clerk", lambda viewer, page: lists.work_list(viewer, page=page))
    by_mark: list[Any] = []
    marks = [""]
    for mark in marks:
        with cast.enter("clerk") as viewer:
            page = lists.work_list(viewer, after=mark)
        by_mark += page.rows
        marks += [page.after] if page.more else []
    assert [(one.id, one.step) for one in by_mark] == [(one.id, one.step) for one in lines]
    dues = [one.due_at for one in lines if one.due_at]
    assert dues == sorted(dues) and not any(one.due_at for one in lines[len(dues) :])
    assert len(lines) - len(dues) >= undated
    assert len({(one.id, one.step) for one in lines}) == len(lines)
    assert set(many[::3]) <= {one.id for one in lines}


@pytest.mark.parametrize(
    ("which", "sort"),
    [("all", "due"), ("all", "opened"), ("all", "unit"), ("still", "due"), ("still", "unit")],
)
def test_what_is_overseen_is_lost_and_repeated_by_no_mark(
    cast: Cast,
    many: list[UUID],
    above: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    which: str,
    sort: str,
) -> None:
    from doorstep.kernel import lists, org

    monkeypatch.setattr(lists, "_named", lambda _: ["intake", "review", "issue", "hand_out"])
    if which == "still":
        above.execute(
            "update step set due_at = null where closed_at is null and matter_id = any(%s)", [many[::9]]
        )

    def read(after: str) -> Any:
        with cast.enter("supervisor") as viewer:
            return lists.overseen(viewer, org.below(viewer.unit_id), which=which, sort=sort, after=after)

    whole, seen, mark = read(""), [], ""
    assert len(whole.rows) > 20
    monkeypatch.setattr(lists, "PAGE", 7)
    while mark is not None:
        page = read(mark)
        seen += page.rows
        mark = page.after if page.more else None
    first = seen[: len(whole.rows)]
    assert [(one.id, one.step) for one in first] == [(one.id, one.step) for one in whole.rows]
    assert len({(one.id, one.step) for one in seen}) == len(seen)
    assert which != "still" or any(one.due_at is None for one in seen)


@pytest.mark.parametrize("asked", ["unit_matters", "my_matters", "work_list", "search"])
def test_a_hundred_lines_ask_as_often_as_one(
    cast: Cast, many: list[UUID], monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    from doorstep.kernel import lists

    role = "neighbour" if asked == "my_matters" else "clerk"
    with cast.enter("neighbour") as viewer:
        from doorstep.kernel.party import own_person

        name = getattr(own_person(viewer), "name", "")
    sent = []
    for most in (1, 100):
        monkeypatch.setattr(lists, "PAGE", most)
        with cast.enter(role) as viewer, counted() as statements:
            args = (viewer, name) if asked == "search" else (viewer,)
            page = getattr(lists, asked)(*args)
        assert len(page.rows) == (most if asked != "work_list" else min(most, len(page.rows)))
        assert most == 1 or len(page.rows) >= 40
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 4


def test_reading_a_matter_asks_as_often_however_long_its_history(cast: Cast) -> None:
    from doorstep.kernel import matter, read

    opened = cast.apply()
    sent = []
    for notes in (0, 20):
        for number in range(notes):
            with cast.enter("clerk") as viewer:
                matter.note(viewer, opened.matter_id, text=f"{number}", request_id=fresh())
        with cast.enter("resident") as viewer, counted() as statements:
            assert len(read.read_matter(viewer, opened.matter_id).events) > notes
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 10


def test_a_unit_that_only_hands_out_lists_it_and_another_station_does_not(cast: Cast) -> None:
    from doorstep.kernel import lists, read
    from doorstep.rulebook.words import Refused

    opened = cast.apply()
    with cast.enter("clerk2") as viewer:
        assert opened.matter_id in [one.id for one in lists.unit_matters(viewer).rows]
        assert [one.id for one in lists.search(viewer, opened.number).rows] == [opened.matter_id]
    with cast.enter("other_station") as viewer:
        assert opened.matter_id not in [one.id for one in lists.unit_matters(viewer).rows]
        assert lists.search(viewer, opened.number).rows == ()
        with pytest.raises(Refused, match="not-found"):
            read.read_matter(viewer, opened.matter_id)


def test_an_expired_share_shows_nothing_in_any_table(cast: Cast, above: psycopg.Connection[Any]) -> None:
    from django.db import connection

    from doorstep.kernel import lists, matter, trust

    opened = cast.apply()
    with cast.enter("approver") as viewer:
        matter.share(
            viewer, opened.matter_id, unit="AL-YX-DK", role="reader", reason="asked", request_id=fresh()
        )
    tables = ("step", "posting", "event", "event_body", "paper", "file")

    def seen() -> tuple[bool, bool, list[int]]:
        with trust.enter(cast["other_station"].token) as viewer, connection.cursor() as cursor:
            counts = []
            for table in tables:
                cursor.execute(f"select count(*) from {table} where matter_id = %s", [opened.matter_id])
                counts.append(cursor.fetchone()[0])
            cursor.execute(
                "select count(*) from party p join matter m on m.applicant_id = p.id where m.id = %s",
                [opened.matter_id],
            )
            counts.append(cursor.fetchone()[0])
            return (
                opened.matter_id in [one.id for one in lists.unit_matters(viewer).rows],
                bool(lists.search(viewer, opened.number).rows),
                counts,
            )

    listed, found, counts = seen()
    assert listed and found and counts == [1, 4, 2, 2, 0, 1, 1]
    above.execute(
        "update share set until = now() - interval '1 second' where matter_id = %s and role = 'reader'",
        [opened.matter_id],
    )
    assert seen() == (False, False, [0] * 7)


def test_another_branch_of_the_same_station_lists_only_what_was_shared(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.kernel import lists, matter, trust

    token = _traffic_officer(above)
    first, second = cast.apply(), cast.apply()
    with cast.enter("approver") as viewer:
        matter.share(
            viewer, second.matter_id, unit="AL-LJ-LX", role="leg", reason="asked", request_id=fresh()
        )
    with trust.enter(token) as viewer:
        assert viewer.unit_id == 102
        listed = [one.id for one in lists.unit_matters(viewer).rows]
        assert second.matter_id in listed and first.matter_id not in listed
        assert not lists.search(viewer, first.number).rows and lists.search(viewer, second.number).rows
        assert first.matter_id not in [one.id for one in lists.work_list(viewer).rows]


def _traffic_officer(above: psycopg.Connection[Any]) -> str:
    """A session of somebody at Liuxi who works with traffic alone."""
    account, login, salt = secrets.token_hex(16), f"traffic-{fresh()}", secrets.token_bytes(16)
    rights = ["decide:*:unit:personal", "search:*:unit:personal"]
    row = {"id": str(UUID(account)), "login": login, "kind": "officer", "role": "approver", "rights": rights, "branches": [3],
           "zh": "车", "en": "T", "assurance": 2, "unit_id": 102}  # fmt: skip
    proof = hashlib.sha256(stretch("traffic", salt)).digest()
    above.execute("select trust.create_account(%s, %s, %s)", [Jsonb(row), salt, proof])
    from doorstep.kernel import trust

    return trust.sign_in(login, "traffic")


def test_a_list_is_filtered_by_the_state_the_matter_has_now(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    opened = cast.apply()
    for step, who, outcome in (
        ("intake", "clerk", "done"),
        ("review", "approver", "approve"),
        ("issue", "approver", "done"),
    ):
        cast.act(who, opened.matter_id, step, outcome)
        row = above.execute(
            "select count(*) from share s join matter m on m.id = s.matter_id"
            " where s.state <> m.state or s.opened_at <> m.opened_at"
        ).fetchone()
        assert row == (0,)


def test_the_app_role_can_put_nothing_before_our_functions(cast: Cast) -> None:
    """What a policy calls is found by name: nobody but the owner may add a name."""
    from doorstep.run.roles import dsn

    for sql in ("create temp table t (a int)", "create function public.f() returns int language sql as 'select 1'",
                "create schema mine", "create domain public.uuid as text"):  # fmt: skip
        with psycopg.connect(**dsn("app")) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(sql)  # type: ignore[arg-type]
