"""A connection that keeps what it prepared: for whoever asks some hundreds of statements over and over, and never makes a table."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

MOST = 1000
"""Statements kept prepared, where 100 are usual: the writers of a town ask more kinds than that in turn, and none would stay."""


class Remembering(Connection[TupleRow]):
    """Prepared statements outlive a rollback here, as they do in PostgreSQL; psycopg forgets all of them at each, in case a table
    went with it.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.prepared_max = MOST
        self._prepared.clear = _keeps  # type: ignore[method-assign]


def _keeps() -> bool:
    return False
