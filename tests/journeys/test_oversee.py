"""A supervisor sees what is late, soon due, still or asking for longer, of the own units; a step may be added from the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.journeys.visit import Visit
from tests.kernel import parts

T = parts.T
LOOK: dict[str, Any] = {
    "id": "look",
    "kind": "task",
    "by": "received",
    "title": {"zh": "看一看", "en": "Look"},
    "limit": "1 hour",
}
ADHOC: dict[str, Any] = {"added_by": ["received"], "step": {
    "id": "longer", "kind": "task", "by": "received", "title": {"zh": "申请延期", "en": "Ask for longer"},
    "extends": "3 workday", "limit": "1 workday"}}  # fmt: skip


@pytest.fixture(autouse=True)
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = parts.made(form=parts.ALONE, flow={"steps": [LOOK], "adhoc": [ADHOC]})
    parts.shelf(monkeypatch, made)
    monkeypatch.setattr("doorstep.rulebook.pack.every", lambda: (made,))


@pytest.fixture
def opened(cast: Cast) -> tuple[UUID, str]:
    """Taken in at the Hewan counter, which the supervisor's district bureau is above."""
    from doorstep.kernel import matter

    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        done = matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        )
    return done.matter_id, done.number


def listed(cast: Cast, query: str, role: str = "supervisor") -> str:
    page = Visit(cast[role].token).get(f"/counter/oversee?{query}")
    assert page.name == "oversee"
    return page.text


def test_what_is_due_soon_and_what_is_late_stand_in_their_lists(cast: Cast, opened: tuple[UUID, str]) -> None:
    from doorstep.rulebook import clock

    number = opened[1]
    assert number in listed(cast, "which=soon") and number not in listed(cast, "which=late")
    with clock.clock_at(clock.now() + timedelta(hours=2)):
        assert number in listed(cast, "which=late&sort=unit") and number not in listed(cast, "which=soon")


def test_a_list_is_of_the_own_units_and_can_be_of_one(cast: Cast, opened: tuple[UUID, str]) -> None:
    number = opened[1]
    assert number in listed(cast, "which=all&unit=AL-LJ-HW")
    assert number not in listed(cast, "which=all&unit=AL-LJ-SQ")
    assert number in listed(cast, "which=all&unit=AL-YX-DK"), "a unit of another district is no filter"


def test_no_name_stands_in_the_list_and_it_is_logged(cast: Cast, opened: tuple[UUID, str]) -> None:
    from doorstep.kernel.models import Access

    assert cast.person("resident")["name"] not in listed(cast, "which=all")
    with cast.enter("supervisor") as viewer:
        last = Access.objects.filter(account_id=viewer.account_id, purpose="overseen").order_by("-at").first()
        assert last and str(opened[0]) in last.detail


@pytest.mark.parametrize("role", ["clerk", "approver", "officer", "auditor", "designer", "resident"])
def test_who_does_not_supervise_has_no_such_list_and_no_figures(cast: Cast, role: str) -> None:
    for path in ("/counter/oversee", "/counter/load", "/payments/day"):
        assert Visit(cast[role].token).get(path).status == 403, path


def test_a_chief_sees_the_figures_of_the_own_units_and_no_number_or_name(
    cast: Cast, opened: tuple[UUID, str]
) -> None:
    """Counts by unit and item, what waits, the money of the day: of the whole town, and nothing that leads to a matter."""
    from doorstep.kernel.org import unit_named
    from doorstep.rulebook import clock, pack

    chief, number = Visit(cast["chief"].token), opened[1]
    pages = (
        "/counter/oversee",
        "/counter/oversee?unit=AL-LJ-HW",
        "/counter/load?unit=AL-LJ-HW",
        "/payments/day",
    )
    with clock.clock_at(clock.now() + timedelta(days=60)):
        told = [chief.get(path) for path in pages]
    assert [page.status for page in told] == [200] * 4
    whole, station, waits, money = told
    assert unit_named("AL-LJ-HW").name.zh in whole.text
    assert pack.current(parts.PARENT).title.zh in station.text and "超" in station.text
    assert "bars-late" in waits.html and "在谁手里" not in waits.text
    assert "收退合计" in money.text and "还没有退完的" not in money.text
    people = [cast.person("resident")["name"], number, "/counter/matter/", 'name="pick"', "温书白", "许听澜"]
    assert [one for page in told for one in people if one in page.html] == []
    assert chief.post("/counter/oversee", {"request_id": "x"}).status == 403
    assert chief.get(f"/counter/matter/{opened[0]}").status in (403, 404)


def test_a_step_is_added_from_the_page_by_whom_the_item_names(cast: Cast, opened: tuple[UUID, str]) -> None:
    matter_id, number = opened
    clerk = Visit(cast["clerk"].token)
    page = clerk.get(f"/counter/matter/{matter_id}?purpose=tenancy_entry")
    form = page.form("/add") | {"step": "longer"}
    page = clerk.post(f"/counter/matter/{matter_id}/add", form)
    assert "这一步加上了" in page.text
    assert number in listed(cast, "which=longer") and number not in listed(cast, "which=still")
    assert (
        "和正在办的一起走"
        not in Visit(cast["supervisor"].token).get(f"/counter/matter/{matter_id}?purpose=tenancy_entry").text
    )


def test_an_extension_that_is_granted_moves_the_promise(cast: Cast, opened: tuple[UUID, str]) -> None:
    from doorstep.kernel import matter, read

    matter_id = opened[0]

    def due() -> Any:
        with cast.enter("resident") as viewer:
            return read.read_matter(viewer, matter_id).due_at

    before = due()
    with cast.enter("clerk") as viewer:
        matter.add_step(viewer, matter_id, step="longer", request_id=fresh())
    cast.act("clerk", matter_id, "longer")
    assert due() > before
