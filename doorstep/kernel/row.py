"""Rows by SQL written out: what the ORM fetches and stores, at a tenth of its cost, where one request does it often.

The columns still come from the models, so that a table is described in one place.
"""

# ruff: noqa: S608 - names of our own tables and columns, and conditions written in code; what was sent goes beside
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

import orjson
from django.db import connection
from django.db.models import JSONField, Model

Kind = TypeVar("Kind", bound=Model)


def rows(model: type[Kind], rest: str, *values: Any) -> list[Kind]:
    """The rows of ``select … from its table`` and ``rest``, with ``values`` for its ``%s``."""
    return _rows_of(model, fetch(_select(model, rest), *values))


@contextmanager
def journey() -> Iterator[None]:
    """What is asked within travels to the database together; the first answer that is fetched waits for all."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def at_once(*asked: tuple[type[Model] | None, str, Any]) -> list[Any]:
    """What several queries find, each with one value, in one journey to the database: `rows` of the model, or for None
    what `fetch` would give.
    """
    with journey(), ExitStack() as stack:
        cursors = [stack.enter_context(connection.cursor()) for _ in asked]
        for cursor, (model, sql, value) in zip(cursors, asked, strict=True):
            cursor.execute(_select(model, sql) if model else sql, (value,))
        found = [cursor.fetchall() for cursor in cursors]
    return [
        _rows_of(model, some) if model else some for (model, _, _), some in zip(asked, found, strict=True)
    ]


def _select(model: type[Model], rest: str) -> str:
    return f"select {_shape(model)[0]} from {model._meta.db_table} {rest}"


def _rows_of(model: type[Kind], found: list[Any]) -> list[Kind]:
    _, names, read = _shape(model)
    return [_made(model, names, _read(row, read) if read else row) for row in found]


def fetch(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a query finds, as it comes."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def first(model: type[Kind], rest: str, *values: Any) -> Kind | None:
    """The first of `rows`, if there is one."""
    found = rows(model, rest, *values)
    return found[0] if found else None


def run(sql: str, *values: Any) -> int:
    """One statement that changes rows. Returns how many; 0 within `together`."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.append((sql, values))
        return 0
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


@contextmanager
def together() -> Iterator[None]:
    """Changes within go to the database as one statement when this ends: none sees another, and none changes a row twice.

    Where a change needs an earlier one to be there, call `settle` between them.
    """
    token = _waiting.set([])
    try:
        yield
        settle()
    finally:
        _waiting.reset(token)


def settle() -> None:
    """Let what waits go to the database now."""
    waiting = _waiting.get() or []
    if waiting:
        *others, (last, _) = waiting
        first = ", ".join(f"w{n} as ({sql})" for n, (sql, _) in enumerate(others))
        values = [value for _, of in waiting for value in of]
        waiting.clear()
        with connection.cursor() as cursor:
            cursor.execute(f"with {first} {last}" if first else last, values)


def insert(row: Model) -> None:
    """Store a new row as it stands. Nothing comes back: its policy may not let it be seen before its matter is there."""
    run(_insert_of(type(row)), *_values(row, row._meta.concrete_fields))
    _keep(row)


def update(row: Model) -> None:
    """Store what has changed of a row since `rows` fetched it or it was stored."""
    stored = row._stored  # type: ignore[attr-defined]
    fields = [
        f for f, was in zip(row._meta.concrete_fields, stored, strict=True) if getattr(row, f.attname) != was
    ]
    if fields:
        run(_update_of(type(row), tuple(f.column for f in fields)), *_values(row, fields), row.pk)
        _keep(row)


_waiting: ContextVar[list[tuple[str, Sequence[Any]]] | None] = ContextVar("doorstep_waiting", default=None)
Reader = tuple[int, Callable[[Any], Any]]


@cache
def _shape(model: type[Model]) -> tuple[str, tuple[str, ...], tuple[Reader, ...]]:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{f.column}"' for f in fields)
    read = tuple((n, _json) for n, f in enumerate(fields) if isinstance(f, JSONField))
    return columns, tuple(f.attname for f in fields), read


@cache
def _insert_of(model: type[Model]) -> str:
    columns, names, _ = _shape(model)
    return f"insert into {model._meta.db_table} ({columns}) values ({', '.join(['%s'] * len(names))})"


@cache
def _update_of(model: type[Model], columns: tuple[str, ...]) -> str:
    marks = ", ".join(f'"{column}" = %s' for column in columns)
    return f"update {model._meta.db_table} set {marks} where id = %s"


def _made(model: type[Kind], names: Sequence[str], row: Sequence[Any]) -> Kind:
    made = model.from_db(None, names, row)
    made._stored = row  # type: ignore[attr-defined]
    return made


def _keep(row: Model) -> None:
    row._stored = [getattr(row, f.attname) for f in row._meta.concrete_fields]  # type: ignore[attr-defined]


def _read(row: Sequence[Any], read: Sequence[Reader]) -> list[Any]:
    values = list(row)
    for number, reader in read:
        values[number] = reader(values[number])
    return values


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _values(row: Model, fields: Sequence[Any]) -> list[Any]:
    kept = [getattr(row, f.attname) for f in fields]
    return [
        orjson.dumps(v).decode() if isinstance(f, JSONField) else v for f, v in zip(fields, kept, strict=True)
    ]
