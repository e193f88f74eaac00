"""What SQL as the app role reaches: nothing without a session, one scope with it, nothing that was forged."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from doorstep.run.roles import dsn

SCOPED = (
    "matter", "step", "share", "posting", "draft", "request_key", "event", "event_body", "outbox", "reaction", "file",
    "paper", "notice", "rating_vote", "rating_end", "rating_count", "rating_undone", "rating_ring", "party", "account", "access",
)  # fmt: skip


@pytest.fixture
def app(database: object) -> Iterator[psycopg.Connection[Any]]:
    """A plain connection of the app role, as an intruder in the web process would have it."""
    with psycopg.connect(**dsn("app")) as conn:
        yield conn


@pytest.fixture
def owner(database: object) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(**dsn("migrator"), autocommit=True) as conn:
        conn.execute("set role doorstep_owner")
        yield conn


def _account(owner: psycopg.Connection[Any], password: bytes = b"p" * 32) -> tuple[str, str]:
    account, login = str(uuid.uuid4()), f"u{secrets.token_hex(6)}"
    row = {"id": account, "login": login, "kind": "officer", "role": "clerk", "rights": [], "branches": [], "zh": "甲",
           "en": "A", "assurance": 2}  # fmt: skip
    owner.execute(
        "select trust.create_account(%s, %s, %s)",
        [psycopg.types.json.Jsonb(row), b"s" * 16, hashlib.sha256(password).digest()],
    )
    return account, login


def _sign_in(app: psycopg.Connection[Any], login: str, proof: bytes = b"p" * 32) -> tuple[str, str]:
    token = secrets.token_hex(16)
    row = app.execute(
        "select trust.login(%s, %s, %s, 60)", [login, proof, hashlib.sha256(token.encode()).digest()]
    ).fetchone()
    app.commit()
    assert row is not None
    return token, row[0]


def test_every_table_with_a_policy_forces_it(app: psycopg.Connection[Any]) -> None:
    rows = app.execute("select relname from pg_class where relrowsecurity and relforcerowsecurity").fetchall()
    assert set(SCOPED) <= {r[0] for r in rows}


def test_every_table_with_a_matter_id_is_scoped(app: psycopg.Connection[Any]) -> None:
    rows = app.execute(
        """select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where a.attname in ('matter_id', 'party_id', 'account_id') and c.relkind in ('r', 'p')
          and not c.relispartition and c.relnamespace = 'public'::regnamespace and not c.relforcerowsecurity"""
    ).fetchall()
    assert rows == []


def test_a_direct_connection_sees_no_row(app: psycopg.Connection[Any]) -> None:
    for table in SCOPED:
        try:
            row = app.execute(f"select count(*) from {table}").fetchone()
            assert row == (0,), table
        except psycopg.errors.InsufficientPrivilege:
            app.rollback()


def test_a_partition_cannot_be_read_around_its_table(app: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("select * from access_202611")


@pytest.mark.parametrize("setting", ["x|officer||1|1||||;", "x|officer||1|1||||;00ff", "garbage"])
def test_a_plain_set_config_gives_nothing(app: psycopg.Connection[Any], setting: str) -> None:
    app.execute("select set_config('doorstep.ctx', %s, true)", [setting])
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="forged scope"):
        app.execute("select trust.ctx_unit(), trust.sees(gen_random_uuid())")


def test_a_scope_carried_into_the_next_transaction_is_forged(
    app: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    _, login = _account(owner)
    token, _ = _sign_in(app, login)
    app.execute("select trust.enter(%s)", [token])
    row = app.execute("select current_setting('doorstep.ctx')").fetchone()
    assert row is not None
    app.commit()
    app.execute("select set_config('doorstep.ctx', %s, true)", [row[0]])
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="forged scope"):
        app.execute("select trust.ctx_account()")


def test_nothing_is_left_of_a_scope_after_commit(
    app: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    account, login = _account(owner)
    token, _ = _sign_in(app, login)
    app.execute("select trust.enter(%s)", [token])
    assert app.execute("select trust.ctx_account()").fetchone() == (uuid.UUID(account),)
    app.commit()
    assert app.execute("select trust.ctx_account()").fetchone() == (None,)


def test_the_app_role_reads_no_session_and_makes_none(app: psycopg.Connection[Any]) -> None:
    for sql in (
        "select * from trust.session",
        "select * from trust.credential",
        "select * from trust.secret",
        "select trust.mac('x')",
        "select trust.put('x')",
        "select trust.enter_system(gen_random_uuid())",
        "select trust.create_account('{}'::jsonb, ''::bytea, ''::bytea)",
        "select * from trust.outbox_batch(10)",
        "set role doorstep_owner",
        "set role doorstep_definer",
        "alter table matter disable row level security",
        "truncate event",
        "delete from access",
        "update event set kind = 'x'",
    ):
        with pytest.raises(psycopg.Error):
            app.execute(sql)
        app.rollback()


def test_a_wrong_password_opens_nothing_and_locks_after_five(
    app: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    _, login = _account(owner)
    answers = [_sign_in(app, login, b"x" * 32)[1] for _ in range(6)]
    assert answers == ["wrong"] * 5 + ["locked"]
    assert _sign_in(app, login)[1] == "locked"


def test_who_has_left_cannot_enter_and_an_open_session_ends(
    app: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    account, login = _account(owner)
    token, _ = _sign_in(app, login)
    owner.execute("select trust.end_account(%s)", [account])
    assert app.execute("select trust.enter(%s)", [token]).fetchone() == (None,)
    assert app.execute("select trust.ctx_account()").fetchone() == (None,)
    assert _sign_in(app, login)[1] == "wrong"


def test_an_unknown_login_has_a_salt_like_any_other(app: psycopg.Connection[Any]) -> None:
    first = app.execute("select trust.salt_of('nobody-here')").fetchone()
    again = app.execute("select trust.salt_of('nobody-here')").fetchone()
    assert first == again and first is not None and len(first[0]) == 16
