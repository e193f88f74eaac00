"""Who can do what inside the database, asked of PostgreSQL itself."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from doorstep.run.place import Place
from doorstep.run.roles import LOGINS, dsn


def _as(role: str, place: Place) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(**dsn(role, place))  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [r.name.removeprefix("doorstep_") for r in LOGINS])
def test_every_role_logs_in_with_a_secret_of_its_own(database: Place, role: str) -> None:
    with _as(role, database) as conn:
        assert conn.execute("select current_user").fetchone() == (f"doorstep_{role}",)


def test_a_wrong_password_opens_nothing(database: Place) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**(dsn("app", database) | {"password": "wrong"}))  # type: ignore[arg-type]


def test_no_role_is_above_row_security_but_superuser_and_backup(database: Place) -> None:
    query = (
        "select array_agg(rolname::text order by rolname) from pg_roles"
        " where (rolbypassrls or rolsuper) and rolname ~ '^doorstep'"
    )
    with _as("app", database) as conn:
        assert conn.execute(query).fetchone() == (["doorstep_backup", "doorstep_super"],)


def test_application_may_not_become_another_role_or_make_tables(database: Place) -> None:
    for statement in (
        "set role doorstep_owner",
        "set role doorstep_definer",
        "create table t(a int)",
        "create temp table t(a int)",
    ):
        with _as("app", database) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement)


def test_secrets_are_readable_by_their_owner_alone(database: Place) -> None:
    assert database.data.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in database.secrets.iterdir()} == {0o600}


def test_server_listens_on_no_network(database: Place) -> None:
    with _as("app", database) as conn:
        assert conn.execute("show listen_addresses").fetchone() == ("",)


def test_tables_belong_to_the_owner_who_cannot_log_in(database: Place) -> None:
    with _as("app", database) as conn:
        owners = conn.execute(
            "select distinct tableowner::text from pg_tables where schemaname = 'public'"
        ).fetchall()
    assert owners == [("doorstep_owner",)]
