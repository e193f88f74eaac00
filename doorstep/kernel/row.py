"""Rows by SQL written out: what the ORM fetches and stores, at a tenth of its cost, where one request does it often.

The columns still come from the models, so that a table is described in one place.
"""

# ruff: noqa: S608 - names of our own tables and columns, and conditions written in code; what was sent goes beside
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import orjson
from django.db import connection
from django.db.models import JSONField, Model

Kind = TypeVar("Kind", bound=Model)


def rows(model: type[Kind], rest: str, *values: Any) -> list[Kind]:
    """The rows of ``select … from its table`` and ``rest``, with ``values`` for its ``%s``."""
    columns, names, read = _shape(model)
    with connection.cursor() as cursor:
        cursor.execute(f"select {columns} from {model._meta.db_table} {rest}", values)
        found = cursor.fetchall()
    if read:
        found = [_read(row, read) for row in found]
    return [model.from_db(None, names, row) for row in found]


def first(model: type[Kind], rest: str, *values: Any) -> Kind | None:
    """The first of `rows`, if there is one."""
    found = rows(model, rest, *values)
    return found[0] if found else None


def run(sql: str, *values: Any) -> int:
    """One statement that changes rows. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def insert(row: Model) -> None:
    """Store a new row as it stands. Nothing comes back: its policy may not let it be seen before its matter is there."""
    run(_insert_of(type(row)), *_values(row, row._meta.concrete_fields))


def update(row: Model) -> None:
    """Store a row that is there already as it stands now."""
    fields = [f for f in row._meta.concrete_fields if not f.primary_key]
    run(_update_of(type(row)), *_values(row, fields), row.pk)


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
def _update_of(model: type[Model]) -> str:
    marks = ", ".join(f'"{f.column}" = %s' for f in model._meta.concrete_fields if not f.primary_key)
    return f"update {model._meta.db_table} set {marks} where id = %s"


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
