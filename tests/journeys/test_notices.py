"""Messages to a resident, a page at a time: what was not shown stays unread (A01)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.cast import Cast
from tests.journeys.visit import Visit


@pytest.fixture
def many(cast: Cast, above: psycopg.Connection[Any]) -> Iterator[UUID]:
    """A resident with sixty messages newer than any other; gone afterwards. Returns whose they are."""
    from doorstep.rulebook import clock

    with cast.enter("resident") as viewer:
        party, now = viewer.party_id, clock.now()
    assert party is not None
    mark = f"T{uuid4().hex[:8]}"
    for n in range(60):
        above.execute(
            """insert into notice (id, party_id, matter_id, template, values, check_code, at)
            values (%s, %s, %s, 'received', jsonb_build_object('number', %s::text), %s, %s)""",
            [uuid4(), party, uuid4(), f"{mark}-{n:02}", f"{mark}{n:03}", now + timedelta(seconds=60 - n)],
        )
    yield party
    above.execute("delete from notice where check_code like %s", [f"{mark}%"])


def unread(above: psycopg.Connection[Any], party: UUID) -> int:
    found = above.execute(
        "select count(*) from notice where party_id = %s and template = 'received' and read_at is null and at > now()",
        [party],
    ).fetchone()
    assert found
    return int(found[0])


def test_a_page_of_messages_marks_what_it_shows_and_the_next_page_has_the_rest(
    cast: Cast, above: psycopg.Connection[Any], many: UUID
) -> None:
    web = Visit(cast["resident"].token)
    first = web.get("/notices").html
    assert first.count('class="notice-row fresh"') == 50 and 'href="?page=2"' in first
    assert unread(above, many) == 10
    second = web.get("/notices?page=2").html
    assert second.count('class="notice-row fresh"') >= 10 and 'href="?page=1"' in second
    assert unread(above, many) == 0
    assert "fresh" not in web.get("/notices").html.partition("<main")[2]


@pytest.mark.parametrize("typed", ["0", "-1", "x", "999999999", "99999999999999999999"])
def test_a_page_that_is_none_is_not_an_error(cast: Cast, typed: str) -> None:
    assert Visit(cast["resident"].token).get(f"/notices?page={typed}").status == 200
