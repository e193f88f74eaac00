"""Constant queries: a page asks as many questions of a town with many matters as of one with few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.cast import Cast, fresh
from tests.house.test_routes import _all
from tests.trust.test_lists import _take_away, counted
from tests.web.test_who import _address, _client, held

__all__ = ["held"]
#: Who asks: the first of these who may. Each has something on the page, in the town with few as in the one with many.
ASKERS = (
    "resident",
    "clerk",
    "approver",
    "supervisor",
    "auditor",
    "sysadmin",
    "chief",
    "city_approver",
    "partner",
)
FEW, MANY = 5, 30


@contextmanager
def _more(cast: Cast, above: psycopg.Connection[Any], count: int) -> Iterator[None]:
    """Matters of the resident at each stage: taken in and handed out at the clerk's, decided at the approver's."""
    from doorstep.kernel.party import Person, own_person
    from tests.bench.fill import Filler, Life, Move

    with cast.enter("resident") as resident:
        person = own_person(resident) or Person("")
    with cast.enter("approver") as approver, cast.enter("clerk") as clerk:
        pass
    data = {"applicant": {"name": person.name, "id_no": person.id_no},
            "household": {"address": "橘园路 3 号", "station": "AL-LJ-LX"},
            "reason": "lost", "pick_up": {"point": "HW-1"}}  # fmt: skip
    way = (
        Move(clerk, "intake"),
        Move(approver, "review", "approve"),
        Move(approver, "issue"),
        Move(clerk, "hand_out"),
    )
    filler, made = Filler(), []
    filler.go_on_from(above)
    filler.people[resident.party_id] = person
    for number in range(count):
        at = datetime.now().astimezone() - timedelta(hours=30 + number)
        card = data | {"photo": str(UUID(fresh() * 2))}
        life = Life(
            "HZ-078", resident, "HW-1", "online", card, at, resident.party_id, None, way[: number % 5]
        )
        made.append(filler.live(life))
    filler.copy(above)
    try:
        yield
    finally:
        _take_away(above, made)


def _pages(held: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(who, address) of every page that somebody may open."""
    from doorstep.rulebook.region import region
    from doorstep.web.routes import PUBLIC, SIGNED_IN

    rights = {role: {right.split(":")[0] for right in region().roles.get(role, ())} for role in ASKERS}
    for pattern, found in _all():
        route = getattr(found.callback, "route", None)
        if route is None or "GET" not in route.methods or pattern.endswith((".pdf", ".svg")):
            continue
        able = [who for who in ASKERS if route.right in (PUBLIC, SIGNED_IN) or route.right in rights[who]]
        kinds = {"resident"} if route.surface == "resident" else set(ASKERS) - {"resident"}
        for who in [one for one in able if one in kinds][:1]:
            yield who, _address(pattern, held["parts"])


def _asked(cast: Cast, pages: list[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
    found = {}
    _client(cast, "resident").get("/")  # what a process reads once for each publication is read now
    for who, address in pages:
        with counted() as statements:
            answer = _client(cast, who).get(address)
        if answer.status_code == 200:
            found[who, address] = [
                one for one in statements if "pack_version" not in one
            ]  # read once a process
    return found


def test_a_page_asks_no_more_of_a_larger_town(
    cast: Cast, held: dict[str, Any], above: psycopg.Connection[Any]
) -> None:
    """Each page once in a small town, once with many more matters of the same people: no statement is added by a line."""
    from doorstep.kernel import matter

    pages = sorted(set(_pages(held)))
    with _more(cast, above, FEW):
        few = _asked(cast, pages)
    for number in range(4):
        with cast.enter("clerk") as clerk:
            matter.note(clerk, held["id"], text=f"来电问过第 {number} 次", request_id=fresh())
    with _more(cast, above, MANY):
        many = _asked(cast, pages)
    assert len(few) >= 60, sorted(few)
    assert {page: (len(few[page]), len(many[page]), _added(few[page], many[page])) for page in few
            if len(many.get(page, few[page])) > len(few[page])} == {}  # fmt: skip


def _added(few: list[str], many: list[str]) -> list[str]:
    """What was asked more often."""
    return sorted({f"{many.count(one)}x {one[:90]}" for one in many if many.count(one) > few.count(one)})
