"""Numbered blanks: each sheet is accounted for, no paper that needs one leaves without, and a reprint takes two people."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.cast import Cast, fresh
from tests.journeys.visit import Visit
from tests.kernel import parts

T = parts.T
KIND = "residence-card"
MAKE: dict[str, Any] = {"id": "make", "kind": "task", "by": "received", "title": T}
GIVE: dict[str, Any] = {"id": "give", "kind": "task", "by": "hand_out", "title": T}
PAPER: list[dict[str, Any]] = [
    {"paper": "certificate", "title": T, "prefix": "KB", "at": "make", "data": {"name": "/landlord/name"}, "blank": KIND}
]  # fmt: skip


@pytest.fixture(autouse=True)
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = parts.made(form=copy.deepcopy(parts.ALONE), gives=PAPER, flow={"steps": [MAKE, GIVE]})
    parts.shelf(monkeypatch, made)


@pytest.fixture
def printed(cast: Cast) -> UUID:
    """A matter whose paper is ordered and waits to be handed out."""
    from doorstep.kernel import matter

    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        found = matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id
    cast.act("clerk", found, "make")
    return found


@pytest.fixture
def sheets(cast: Cast) -> list[str]:
    """Three sheets in the clerk's hands, of numbers that nobody had."""
    from doorstep.domains.blanks import stock

    first = f"JZ{int(fresh(), 16) % 10**9:09d}"[:11] + "0"
    numbers = stock.serials(first, 3)
    with cast.enter("clerk") as viewer:
        stock.receive(viewer, KIND, first, 3)
        stock.issue(viewer, KIND, first, 3)
    return numbers


def number_of(above: psycopg.Connection[Any], matter_id: UUID) -> str:
    row = above.execute("select number from paper where matter_id = %s", [matter_id]).fetchone()
    assert row
    return str(row[0])


def state_of(above: psycopg.Connection[Any], serial: str) -> str:
    row = above.execute("select state from blank where kind = %s and serial = %s", [KIND, serial]).fetchone()
    assert row
    return str(row[0])


def test_G03_a_paper_that_needs_a_blank_is_not_handed_out_without_one(
    cast: Cast, printed: UUID, sheets: list[str], above: psycopg.Connection[Any]
) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused) as no:
        cast.act("clerk", printed, "give")
    assert no.value.code == "no-blank"
    window, address = Visit(cast["clerk"].token), f"/blanks/matter/{printed}"
    form = window.get(address).form_with("serial") | {"do": "bind"}
    assert "不在您手里" in window.post(address, form | {"serial": "JZ99"}).text
    assert f"印在 {sheets[0]} 上" in window.post(address, form | {"serial": sheets[0].lower()}).text
    assert "要重印" in window.post(address, form | {"serial": sheets[1]}).text
    assert [state_of(above, one) for one in sheets] == ["used", "out", "out"]
    assert cast.act("clerk", printed, "give").state == "granted"


def test_G03_a_reprint_takes_two_people_and_another_sheet(
    cast: Cast, printed: UUID, sheets: list[str], above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.blanks import bind
    from doorstep.domains.blanks.models import Blank, Reprint
    from doorstep.kernel import read
    from doorstep.rulebook.words import Refused

    number = number_of(above, printed)
    with cast.enter("clerk") as viewer:
        found = read.read_matter(viewer, printed)
        bind.bind(viewer, found, number, sheets[0])
        asked = bind.ask_again(viewer, found, number, "印歪了")
        assert bind.ask_again(viewer, found, number, "印歪了").id == asked.id
    with cast.enter("resident"):  # whose paper it is
        assert Reprint.objects.filter(id=asked.id).update(state="agreed") == 0
        assert Blank.objects.filter(serial=sheets[0]).update(state="stock") == 0
    for role, code in (("clerk", "same-person"), ("other_station", "not-found")):
        with cast.enter(role) as viewer, pytest.raises(Refused) as no:
            bind.decide(viewer, asked.id, agree=True)
        assert no.value.code == code
    with cast.enter("clerk") as viewer, pytest.raises(Refused):
        bind.bind(viewer, found, number, sheets[1])
    boss, address = Visit(cast["supervisor"].token), f"/blanks/matter/{printed}"
    agreed = boss.get(address).form_with("reprint") | {"do": "agree"}
    assert boss.post(address, agreed).status == 200
    assert state_of(above, sheets[0]) == "spoiled"
    with pytest.raises(Refused):  # the old sheet is void: until it is on the new one, nothing is handed out
        cast.act("clerk", printed, "give")
    with cast.enter("clerk") as viewer:
        bind.bind(viewer, read.read_matter(viewer, printed), number, sheets[1])
        assert Reprint.objects.get(id=asked.id).state == "done"
    assert cast.act("clerk", printed, "give").state == "granted"
    kinds = above.execute("select kind from event where matter_id = %s order by seq", [printed]).fetchall()
    assert [one[0] for one in kinds][2:-1] == ["blank_used", "reprint_asked", "reprint_agreed", "blank_used"]


def test_G03_a_shift_is_counted_and_what_is_missing_is_named_explained_and_signed(
    cast: Cast, sheets: list[str], above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.blanks import stock
    from doorstep.rulebook.words import Refused

    window = Visit(cast["clerk"].token)
    page = window.get("/blanks/")
    assert sheets[2] in page.text
    spoilt = page.form_with("reason") | {"do": "spoil", "serial": sheets[0], "reason": "卡纸"}
    for _ in range(2):
        assert window.post("/blanks/", spoilt).status == 200
    form = page.form_with("counted") | {"do": "count"}
    left = above.execute(
        "select count(*) from blank where shift_id = %s and state = 'out'", [form["shift"]]
    ).fetchone()
    assert left
    counted = str(left[0] - 1)
    assert "对得上" in window.post("/blanks/", form | {"counted": counted}).text
    short = form | {"counted": counted, "missing": sheets[1]}
    assert "写明原因" in window.post("/blanks/", short).text
    assert window.post("/blanks/", short | {"why": "找不到了"}).status == 200
    assert [state_of(above, one) for one in sheets] == ["spoiled", "missing", "stock"]
    with cast.enter("clerk") as viewer, pytest.raises(Refused) as no:
        stock.sign(viewer, UUID(form["shift"]))
    assert no.value.code == "same-person"
    boss = Visit(cast["supervisor"].token)
    assert "找不到了" in boss.get("/blanks/day").text
    boss.post(
        "/blanks/day", {**boss.get("/blanks/day").form_with("shift"), "shift": form["shift"], "do": "sign"}
    )
    row = above.execute(
        "select expected - counted, second_who ->> 'zh' from blank_shift where id = %s", [form["shift"]]
    )
    assert row.fetchone() == (1, "方既明")


def test_G03_a_number_is_received_once_and_sheets_of_another_unit_are_not_seen(
    cast: Cast, sheets: list[str], above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.blanks import stock
    from doorstep.domains.blanks.models import Blank
    from doorstep.rulebook.words import Refused

    with cast.enter("other_station") as viewer:
        assert not Blank.objects.filter(serial__in=sheets).exists()
        with pytest.raises(Refused) as no:
            stock.receive(viewer, KIND, sheets[2], 2)
        assert no.value.code == "known"
        with pytest.raises(Refused) as no:
            stock.issue(viewer, KIND, sheets[2], 1)
        assert no.value.code == "not-in-stock"
    states = "select state, count(*) from blank group by state"
    moved = above.execute(
        """select coalesce(sum(count) filter (where what = 'received'), 0) from blank_move"""
    ).fetchone()
    assert moved and moved[0] == sum(row[1] for row in above.execute(states).fetchall())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        above.execute("delete from blank_move")
