"""What SQL as the app role reaches without a session: nothing."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("database")


def test_a_direct_connection_sees_no_row_of_any_scoped_table() -> None:
    from django.db import connection

    for table in ("matter", "step", "share", "event", "party", "draft", "file", "paper", "notice", "access"):
        with connection.cursor() as cursor:
            cursor.execute(f"select count(*) from {table}")
            assert cursor.fetchone()[0] == 0, table
