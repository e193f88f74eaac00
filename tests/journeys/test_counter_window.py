"""The window over HTTP: identify, add, ask, scan, accept; what was typed survives every refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import Cast
from tests.journeys.counter import SCAN, Desk, id_number, open_desk, told

Begin = Callable[..., str]
WHO = {"name": "柳如初", "phone": "19900000555"}
CARD = {
    "HZ-078/household/address": "柳溪街 18 号 2-402",
    "HZ-078/household/station": "AL-LJ-LX",
    "HZ-078/reason": "lost",
    "HZ-078/pick_up/point": "HW-1",
}
PHOTO = {"paper:PHO.file": SCAN}


@pytest.fixture
def clerk(cast: Cast) -> Desk:
    return open_desk(cast["clerk"].token)


@pytest.fixture
def begin(clerk: Desk) -> Begin:
    """A visit with the person checked and a card wanted; its address."""

    def begun(**more: str) -> str:
        who = {**WHO, "id_no": id_number(), **more}
        first = clerk.post("/counter/", do="check", **who)
        address = str(first["Location"].partition("#")[0])
        clerk.post(address, do="add:HZ-078")
        return address

    return begun


def test_A06_a_card_taken_in_here_waits_at_the_station_of_the_register(
    cast: Cast, clerk: Desk, begin: Begin
) -> None:
    address = begin()
    clerk.post(address, do="keep", **CARD, files=PHOTO)
    done = clerk.post(address, do="accept", **CARD)
    assert done["Location"] == f"{address}/receipt"
    slip = clerk.text(done["Location"])
    assert "柳溪派出所" in slip and "受理回执" in slip
    number = told(slip, r'data-matter="([^"]+)"')
    assert f'data-matter="{number}"' in open_desk(cast["approver"].token).text("/counter/desk/")


def test_what_is_missing_is_named_and_what_was_typed_is_still_there(clerk: Desk, begin: Begin) -> None:
    address, half = begin(), {"HZ-078/household/address": "还没说完的地址"}
    refused = clerk.post(address, do="accept", **half)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "还没说完的地址" in page and 'href="#paper-PHO"' in page
    assert "还没说完的地址" in clerk.text(address)


def test_a_wrong_identity_number_is_said_and_kept(clerk: Desk) -> None:
    wrong = id_number()[:17] + "A"
    answer = clerk.post("/counter/", do="check", name="柳如初", id_no=wrong, phone="")
    assert answer.status_code == 422 and wrong in answer.content.decode()


def test_once_checked_the_numbers_are_masked(clerk: Desk, begin: Begin) -> None:
    number = id_number()
    page = clerk.text(begin(id_no=number))
    assert number not in page and "19900000555" not in page and number[-4:] in page


def test_a_wrong_file_type_is_refused_and_the_answers_stay(clerk: Desk, begin: Begin) -> None:
    bad = {"paper:PHO.file": ("a.jpg", b"MZ not a picture" * 99)}
    answer = clerk.post(begin(), do="keep", **CARD, files=bad)
    page = answer.content.decode()
    assert answer.status_code == 422 and "柳溪街 18 号 2-402" in page and "JPG" in page


def test_a_second_press_opens_no_second_matter(clerk: Desk, begin: Begin) -> None:
    address = begin()
    clerk.post(address, do="keep", **CARD, files=PHOTO)
    for _ in range(2):
        assert clerk.post(address, do="accept", **CARD)["Location"] == f"{address}/receipt"


def test_saving_quietly_answers_with_the_bar_and_the_list(clerk: Desk, begin: Begin) -> None:
    page = clerk.post(f"{begin()}/keep", **CARD).content.decode()
    assert 'id="win-bar"' in page and 'id="win-check"' in page and "证件数码照片" in page


def test_a_scan_that_was_replaced_is_gone_after_the_minute_in_which_it_may_come_back(
    clerk: Desk, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.counter import undo

    address = begin()
    clerk.post(address, do="keep", **CARD, files=PHOTO)
    file = told(clerk.text(address), r"unfile:PHO:([0-9a-f-]+)")
    assert clerk.get(f"/counter/file/{file}").status_code == 200
    clerk.post(address, do=f"unfile:PHO:{file}", **CARD)
    assert clerk.get(f"/counter/file/{file}").status_code == 200
    monkeypatch.setattr(undo, "WITHIN", timedelta(0))
    clerk.post(address, do="keep", **CARD)
    assert clerk.get(f"/counter/file/{file}").status_code == 404


def test_two_items_become_one_list_and_one_receipt(clerk: Desk, begin: Begin) -> None:
    address = begin()
    clerk.post(address, do="add", add="房东登记", **CARD)
    let = {
        "HZ-106/home/address": "柳溪街 20 号 1-101",
        "HZ-106/home/station": "AL-LJ-LX",
        "HZ-106/home/right": "owner",
        "HZ-106/tenants/0/name": "何晚晴",
        "HZ-106/tenants/0/id_no": id_number(),
        "HZ-106/tenants/0/from.y": "2026",
        "HZ-106/tenants/0/from.m": "11",
        "HZ-106/tenants/0/from.d": "1",
    }
    ticks: dict[str, Any] = {"ticks": ["HKB", "ID", "PRO"], "seen:ID": "1", "seen:PRO": "1"}
    clerk.post(address, do="keep", **CARD, **let, **ticks, files=PHOTO)
    done = clerk.post(address, do="accept", **CARD, **let, **ticks)
    assert done.status_code == 302, re.findall(r'<a href="#[^"]+">[^<]+', done.content.decode())
    assert len(re.findall(r"data-matter=", clerk.text(done["Location"]))) == 2


@pytest.mark.parametrize("role", ["resident", "neighbour", "approver", "auditor"])
def test_nobody_without_the_right_gets_a_window(cast: Cast, role: str) -> None:
    assert open_desk(cast[role].token).get("/counter/").status_code == 403


def test_a_visit_belongs_to_its_clerk(cast: Cast, begin: Begin) -> None:
    address = begin()
    for role in ("clerk2", "other_station"):
        assert open_desk(cast[role].token).get(address).status_code == 404


def test_without_signing_in_one_is_asked_to(cast: Cast) -> None:
    answer = open_desk("nobody").get("/counter/")
    assert answer.status_code == 302 and answer["Location"].startswith("/login")


def test_words_that_mean_several_items_offer_them_to_choose_from(cast: Cast) -> None:
    clerk = open_desk(cast["clerk"].token)
    asked = clerk.post("/counter/", name="云小满", id_no="990101199003071288", do="add", add="补领")
    text = asked.content.decode()
    assert asked.status_code == 422 and "请在下面选" in text
    offered = set(re.findall(r'data-verb="add_item" data-item="([^"]+)"', text))
    assert 2 <= len(offered) <= 9 and "HZ-069" in offered
    first = clerk.text("/counter/")
    assert re.findall(r'data-verb="add_item" data-item="([^"]+)"', first)[0] == "HZ-074", (
        "what is asked for most stands first"
    )
