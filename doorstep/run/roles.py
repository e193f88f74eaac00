"""Who may do what inside the database: one role a job, each with a secret of its own, none above row
security.

The superuser belongs to the supervisor alone. Tables belong to ``doorstep_owner``, functions that look
behind the guard to ``doorstep_definer``; nobody can log in as either. ``doorstep_migrator`` may become both.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, sql

from doorstep.kernel.crypto import load_keys
from doorstep.rulebook.words import Words
from doorstep.run.halt import FAILED, Halt
from doorstep.run.place import Place, write_private

DATABASE: Final = "doorstep"
SUPERUSER: Final = "doorstep_super"
OWNER: Final = "doorstep_owner"
DEFINER: Final = "doorstep_definer"

DbConnection = Connection[tuple[Any, ...]]


TOWN: Final = "doorstep_town"
"""A demonstration's alone: its invented lives do what pages do and, at the hour of the life, what the worker does."""


@dataclass(frozen=True)
class Role:
    """A role that logs in. ``settings`` bound what a mistake in it can cost."""

    name: str
    settings: tuple[tuple[str, str], ...] = ()


_BOUNDED: Final = (
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "60s"),
)
_TOWN_ROLE: Final = Role(TOWN, (*_BOUNDED, ("plan_cache_mode", "force_generic_plan")))
"""Its statements find single rows by their ids: a plan for all values is the plan for each, and is made once."""
LOGINS: Final = (
    Role("doorstep_migrator"),
    Role("doorstep_app", _BOUNDED),
    Role("doorstep_worker", _BOUNDED),
    Role("doorstep_stream", _BOUNDED),
    Role("doorstep_backup"),
)


def dsn(role: str, place: Place | None = None) -> dict[str, str]:
    """How to reach the database as ``role`` ("app", "worker", …): host, port, dbname, user, password and the
    like.

    Before the first `doorstep up` there is nothing to reach; then host and password are missing, and
    connecting fails.
    """
    place = place or Place.from_env()
    user = f"doorstep_{role}"
    found: dict[str, str] = {"dbname": DATABASE, "user": user}
    if place.server_file.exists():
        found |= json.loads(place.server_file.read_text())
    secret = place.secrets / f"{user}.secret"
    if secret.exists():
        found["password"] = secret.read_text().strip()
    return found


def bootstrap(conn: DbConnection, place: Place, dbname: str = DATABASE) -> None:
    """Creates roles and database if they are missing and sets the passwords to our secrets; again changes
    nothing.

    ``conn``: autocommit, on any database of the server, as a role that may create roles and databases. Only a
    superuser can let ``doorstep_backup`` read past row security; otherwise backups need that done by hand.
    """
    for name in (OWNER, DEFINER):
        _create_role(conn, name, login=False)
    demo = bool(place.instance.get("demo"))
    for role in (*LOGINS, *([_TOWN_ROLE] if demo else [])):
        _create_role(conn, role.name, login=True)
        _set_password(conn, role.name, place.secret(role.name))
        for key, value in role.settings:
            conn.execute(sql.SQL("alter role {} set {} = {}").format(_id(role.name), _id(key), value))
    if demo:
        conn.execute(sql.SQL("grant doorstep_app, doorstep_worker to {}").format(_id(TOWN)))
    conn.execute(sql.SQL("grant {} to {}").format(_id(DEFINER), _id(OWNER)))
    conn.execute(sql.SQL("grant {}, {} to doorstep_migrator").format(_id(OWNER), _id(DEFINER)))
    if _is_super(conn):
        conn.execute("grant pg_read_all_data to doorstep_backup")
        conn.execute("alter role doorstep_backup bypassrls")
    else:
        conn.execute(sql.SQL("grant {}, {} to current_user").format(_id(OWNER), _id(DEFINER)))
    _create_database(conn, dbname)


def check_keys(conn: DbConnection, place: Place) -> None:
    """Refuses a database that was founded with other keys than those of ``place``, before anything in it is touched.

    ``conn``: on that database. One that was not founded yet is fine.
    """
    if conn.execute("select to_regclass('public.fact')").fetchone() == (None,):
        return
    row = conn.execute("select value from public.fact where name = 'keys'").fetchone()
    if row is not None and row[0] != load_keys(place.secrets).mark:
        raise Halt(FAILED, _OTHER_KEYS.format(path=place.secrets))


def has_database(conn: DbConnection, dbname: str) -> bool:
    return conn.execute("select 1 from pg_database where datname = %s", [dbname]).fetchone() is not None


def furnish(conn: DbConnection) -> None:
    """Closes the database to everybody but our roles and gives each its door. ``conn``: on our database."""
    name = _id(conn.info.dbname)
    logins = sql.SQL(", ").join(_id(role.name) for role in LOGINS)
    conn.execute(sql.SQL("revoke all on database {} from public").format(name))
    conn.execute(sql.SQL("grant connect on database {} to {}").format(name, logins))
    conn.execute(sql.SQL("alter schema public owner to {}").format(_id(OWNER)))
    conn.execute("revoke all on schema public from public")
    conn.execute(sql.SQL("grant usage on schema public to {}").format(logins))
    conn.execute(sql.SQL("grant usage, create on schema public to {}").format(_id(DEFINER)))
    for creator in (OWNER, DEFINER):
        conn.execute(
            sql.SQL("alter default privileges for role {} revoke execute on functions from public").format(
                _id(creator)
            )
        )
    for extension in ("btree_gist", "pg_trgm", *(["pg_stat_statements"] if _is_super(conn) else [])):
        conn.execute(sql.SQL("create extension if not exists {}").format(_id(extension)))


def announce(place: Place, params: dict[str, str]) -> None:
    """Tells every other process where the database is; never a user or a password."""
    public = {key: value for key, value in params.items() if key not in ("user", "password")}
    write_private(place.server_file, json.dumps(public))


def _is_super(conn: DbConnection) -> bool:
    return conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (True,)


def _id(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _create_role(conn: DbConnection, name: str, *, login: bool) -> None:
    if not conn.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone():
        kind = sql.SQL("login" if login else "nologin")
        conn.execute(sql.SQL("create role {} {}").format(_id(name), kind))


def _set_password(conn: DbConnection, name: str, password: str) -> None:
    """Sends the scram verifier, not the password, so that no log can hold it."""
    verifier = conn.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    conn.execute(sql.SQL("alter role {} password {}").format(_id(name), verifier))


def _create_database(conn: DbConnection, dbname: str) -> None:
    if has_database(conn, dbname):
        return
    statement = "create database {} owner {} template template0 encoding 'UTF8'"
    conn.execute(sql.SQL(statement).format(_id(dbname), _id(OWNER)))


_OTHER_KEYS = Words(
    "{path} 里的密钥和这个数据库不是一套，打不开里面的内容。什么都没有改动。请用建这个库时的数据目录，"
    "或者从密钥备份恢复；要新建，请换一个数据库。",
    "The keys in {path} do not belong to this database and open nothing in it. Nothing was changed. Use the data "
    "directory that the database was founded with, or restore its keys from their backup; for a new start, name "
    "another database.",
)
