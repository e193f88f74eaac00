"""Every address, asked by everybody whom a matter does not concern: none tells, and none changes, anything of it.

The addresses come from the tables of routes, so a new one is asked here the day it is written; its parts are filled with
those of one real matter. What is looked for is not the status alone but what only that matter holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import Cast, fresh
from tests.house.test_routes import BARE, _all
from tests.kernel.test_issue import work

#: Nobody of these had a part in it, or works where it is dealt with. The empty one is not signed in.
OUTSIDERS = (
    "", "neighbour", "other_station", "chief", "dispatcher", "department", "partner", "agent", "kiosk",
    "sysadmin", "secadmin", "auditor", "gone",
)  # fmt: skip
ADDRESS = "守口巷 77 号 6-602"
#: What a part of an address may be, by its name; anything else gets a word that nothing is called.
OTHER = {
    "code": "HZ-078",
    "item": "HZ-078",
    "part": "layers",
    "form": "yaml",
    "template": "temporary-id",
    "point_code": "HW-1",
    "kind": "pdf",
    "rest": "matters",
}
CLOSED = {302, 400, 401, 403, 404, 405, 409, 410, 422}


@pytest.fixture(scope="module")
def held(cast: Cast, database: Any, above: Any) -> dict[str, Any]:
    """A matter with a file, a draft, a paper and a note; the parts of addresses by which it could be asked for, and its secrets."""
    from doorstep.kernel import draft

    done = cast.apply(household={"address": ADDRESS, "station": "AL-LJ-LX"})
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "approve")
    cast.act("approver", done.matter_id, "issue")
    work(database)
    with cast.enter("resident") as viewer:
        kept = draft.save_draft(viewer, "HZ-078", {"household": {"address": ADDRESS}})
    rows = above.execute(
        "select f.id, p.number from file f join paper p using (matter_id) where p.matter_id = %s limit 1",
        [done.matter_id],
    )
    file_id, number = rows.fetchone()
    parts = {
        "matter_id": done.matter_id, "matter": done.matter_id, "file_id": file_id, "number": number,
        "draft_id": getattr(kept, "id", kept), "visit_id": done.matter_id, "slip_id": done.matter_id, "offer_id": done.matter_id,
        "mandate_id": done.matter_id, "page_id": "household",
    }  # fmt: skip
    secrets = (done.number, number, ADDRESS, cast.person("resident")["id_no"])
    return {"parts": {k: str(v) for k, v in parts.items()}, "secrets": secrets, "id": done.matter_id}


def _address(pattern: str, parts: dict[str, str]) -> str:
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: parts.get(m[1]) or OTHER.get(m[1], "nothing"), pattern)


def _asked(parts: dict[str, str], number: str) -> Iterator[str]:
    for pattern, _ in _all():
        if pattern in BARE:
            continue
        address = _address(pattern, parts)
        yield address
        if "<" not in pattern:
            yield f"{address}?q={number}&number={number}&matter={parts['matter_id']}"


def _client(cast: Cast, role: str) -> Any:
    from django.test import Client

    client = Client(headers={"host": "localhost", "accept-language": "zh"}, raise_request_exception=False)
    if role:
        client.cookies["doorstep_session"] = cast[role].token
    return client


def _mark(above: Any, matter_id: Any) -> Any:
    """What would show that somebody did something: the matter, its events, shares and files."""
    tables = ("event", "share", "step", "file", "paper", "notice")
    found = above.execute(
        "select version, state, unit_id, due_at, "
        + ", ".join(f"(select count(*) from {one} where matter_id = matter.id)" for one in tables)
        + " from matter where id = %s",
        [matter_id],
    )
    return found.fetchone()


@pytest.mark.parametrize("role", OUTSIDERS, ids=lambda role: role or "nobody")
def test_no_address_tells_or_changes_anything_of_a_matter_of_others(
    cast: Cast, held: dict[str, Any], above: Any, role: str
) -> None:
    client, before, told = _client(cast, role), _mark(above, held["id"]), []
    for address in _asked(held["parts"], held["secrets"][0]):
        if address.startswith("/logout") or address == "/api/v1/session":
            continue
        for method in ("get", "post", "patch", "delete"):
            answer = _ask(client, method, address)
            body = b"".join(answer) if answer.streaming else answer.content
            found = [one for one in held["secrets"] if one.encode() in body]
            if answer.status_code >= 500 or (found and not _typed(found, address)):
                told.append(f"{method} {address}: {answer.status_code} {found}")
    assert "\n".join(told) == ""
    assert _mark(above, held["id"]) == before


def _typed(found: list[str], address: str) -> bool:
    """A page may repeat what was asked for, and nothing that was not."""
    return all(one in address for one in found)


def _ask(client: Any, method: str, address: str) -> Any:
    if not address.startswith("/api/"):
        return getattr(client, method)(address, *([{"request_id": fresh()}] if method == "post" else []))
    if method == "get":
        return client.get(address)
    sent = {"Idempotency-Key": fresh()}
    return getattr(client, method)(address, {}, content_type="application/json", headers=sent)


def test_the_questions_are_real_ones(cast: Cast, held: dict[str, Any]) -> None:
    """Whom it concerns is answered at the same addresses: so it is the person who is refused, not the question."""
    client, pages = _client(cast, "resident"), {pattern for pattern, _ in _all()}
    for pattern in (
        "matter/<uuid:matter_id>",
        "file/<uuid:file_id>",
        "paper/<str:number>.pdf",
        "api/v1/drafts/<draft_id>",
    ):
        assert pattern in pages
        assert client.get(_address(pattern, held["parts"])).status_code == 200, pattern
    assert ADDRESS in client.get(_address("api/v1/matters/<matter>", held["parts"])).content.decode()


@pytest.mark.parametrize("role", OUTSIDERS, ids=lambda role: role or "nobody")
def test_a_page_opens_only_for_its_right(cast: Cast, held: dict[str, Any], role: str) -> None:
    """Without a verb that a page names, by the region's list of rights, it is closed; whatever the address is filled with."""
    from doorstep.rulebook.region import region
    from doorstep.web.routes import PUBLIC, SIGNED_IN

    as_ = {"neighbour": "resident", "agent": "partner", "gone": "", "": ""}.get(role, role)
    verbs = {right.split(":")[0] for right in region().roles.get(as_, ())}
    client, opened = _client(cast, role), []
    for pattern, one in _all():
        route = getattr(one.callback, "route", None)
        if (
            route is None
            or route.right == PUBLIC
            or not verbs.isdisjoint((route.right, *route.or_by))
            or (route.right == SIGNED_IN and as_)
        ):
            continue
        for method in route.methods:
            status = _ask(client, method.lower(), _address(pattern, held["parts"])).status_code
            if status not in CLOSED:
                opened.append(f"{method} {pattern}: {status}")
    assert opened == []


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 20, "-1", "0", "٣", "1e9"])
@pytest.mark.parametrize(
    ("role", "path"),
    [("clerk", "/counter/matters?page="), ("supervisor", "/counter/oversee?page="), ("resident", "/mine?page="),
     ("chief", "/studio/?page="), ("supervisor", "/counter/versions?moved=1&stayed=")],
)  # fmt: skip
def test_no_number_in_an_address_breaks_a_page(cast: Cast, role: str, path: str, number: str) -> None:
    assert _client(cast, role).get(path + number).status_code == 200
