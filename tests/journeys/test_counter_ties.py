"""From the page of a matter: people concerned, the place, other matters, another item; and what is refused keeps the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import Cast, fresh
from tests.journeys.counter import SCAN, Desk, open_desk, told

if TYPE_CHECKING:
    from doorstep.kernel.idempotency import Done


@pytest.fixture
def approver(cast: Cast) -> Desk:
    return open_desk(cast["approver"].token)


@pytest.fixture
def case(cast: Cast) -> Done:
    done = cast.apply()
    return cast.act("clerk", done.matter_id, "intake")


def _send(desk: Desk, case: Done, path: str, **fields: str) -> str:
    """Send one of the forms of the page and read the page that follows."""
    answer = desk.post(f"/counter/matter/{case.matter_id}/{path}", request_id=fresh(), **fields)
    return desk.text(answer["Location"]) if answer.status_code == 302 else answer.content.decode()


def test_somebody_unknown_is_noted_and_named_later(approver: Desk, case: Done, cast: Cast) -> None:
    page = _send(approver, case, "party", role="witness", described="戴红帽子的送货员")
    assert "人记下了" in page and "还不知道是谁" in page and "戴红帽子的送货员" in page
    entry = told(page, r'<option value="([0-9a-f-]{36})">知情人')
    page = _send(approver, case, "party", role="witness", name="江晚", known_as=entry)
    assert "江晚" in page and "还不知道是谁" not in page
    assert "江晚" not in open_desk(cast["resident"].token).text(f"/matter/{case.matter_id}")


def test_a_person_without_anything_known_is_refused_and_the_form_stays_open(
    approver: Desk, case: Done
) -> None:
    page = _send(approver, case, "party", role="owner", id_no="990101199003071289", name="江晚")
    assert (
        'value="990101199003071289"' in page
        and 'value="江晚"' in page
        and '<details class="fold" open>' in page
    )
    assert "data-faults" in page


def test_the_place_is_noted_and_a_wrong_one_refused(approver: Desk, case: Done) -> None:
    page = _send(approver, case, "place", where="柳溪街口", lon="118.04", lat="36.8")
    assert "柳溪街口" in page and "118.04000, 36.80000" in page
    page = _send(approver, case, "place", where="柳溪街口", lon="一百", lat="36.8")
    assert "经度和纬度请写成小数" in page and 'value="一百"' in page


def test_two_matters_are_linked_and_merged_by_their_numbers(cast: Cast, approver: Desk, case: Done) -> None:
    other = cast.apply()
    cast.act("clerk", other.matter_id, "intake")
    page = _send(approver, case, "link", number=other.number.lower())
    assert "两件事关联上了" in page and f'data-matter="{other.number}"' in page and "相关的事" in page
    page = _send(approver, case, "merge", number=other.number)
    assert "请写一句为什么" in page, "a reason is asked, the number kept"
    assert other.number in page
    page = _send(approver, case, "merge", number=other.number, reason="同一件")
    assert "并进来的" in page
    ended = approver.text(f"/counter/matter/{other.matter_id}?purpose=check_quality")
    assert 'data-state="closed"' in ended and 'data-verb="merge"' not in ended


def test_a_number_that_is_nobodys_or_not_ones_own_tells_nothing(
    cast: Cast, approver: Desk, case: Done
) -> None:
    foreign = cast.apply(household={"address": "渡口路 1 号", "station": "AL-YX-DK"})
    for number in ("没有", foreign.number):
        page = _send(approver, case, "link", number=number)
        assert "没有这个受理号，或者那件事不归您看" in page


def _let(desk: Desk, case: Done, how: str, **more: str) -> str:
    address = f"/counter/matter/{case.matter_id}/{how}"
    page = desk.text(f"{address}?item=HZ-106&purpose=check_quality")
    fields = {
        "go": "do", "item": "HZ-106", "purpose": "check_quality", "request_id": fresh(),
        "/landlord/name": told(page, 'name="/landlord/name"[^>]*value="([^"]*)"'),
        "/landlord/id_no": told(page, 'name="/landlord/id_no"[^>]*value="([^"]*)"'),
        "/home/address": "橘园路 12 号 3-201", "/home/station": "AL-LJ-LX", "/home/right": "owner",
        "/tenants/0/name": "陆望舒", "/tenants/0/id_no": "990101199003071288",
        "/tenants/0/from.y": "2026", "/tenants/0/from.m": "11", "/tenants/0/from.d": "1",
    } | more  # fmt: skip
    answer = desk.post(address, files={"/home/title.file": SCAN}, **fields)
    return desk.text(answer["Location"]) if answer.status_code == 302 else answer.content.decode()


@pytest.mark.parametrize(("how", "said"), [("refer", "从这件转来"), ("reclassify", "改好了，从第一步重新走")])
def test_another_item_is_asked_with_what_is_known_and_then_done(
    approver: Desk, case: Done, how: str, said: str
) -> None:
    chooser = approver.text(f"/counter/matter/{case.matter_id}/{how}?purpose=check_quality")
    assert 'data-item="HZ-106"' in chooser and 'data-item="HZ-078"' not in chooser
    assert "请写一句为什么" in _let(approver, case, how)
    page = _let(approver, case, how, reason="其实是出租登记")
    assert said in page
    first = approver.text(f"/counter/matter/{case.matter_id}?purpose=answer_question")
    assert "其实是出租登记" in first and ("由它转出的" in first) == (how == "refer")


def test_faults_in_the_other_items_answers_stand_at_their_questions(approver: Desk, case: Done) -> None:
    page = _let(approver, case, "refer", reason="还要登记", **{"/landlord/name": ""})
    assert 'href="#f-landlord-name"' in page and "还要登记" in page


def test_nobody_without_the_right_gets_a_form_or_through(cast: Cast, case: Done) -> None:
    clerk = open_desk(cast["clerk"].token)
    page = clerk.text(f"/counter/matter/{case.matter_id}?purpose=answer_question")
    assert 'data-verb="merge"' not in page and 'data-verb="add_party"' not in page
    for path in ("party", "place", "link", "merge", "refer", "reclassify"):
        answer = clerk.post(f"/counter/matter/{case.matter_id}/{path}", request_id=fresh())
        assert answer.status_code in (403, 404), path
    stranger = open_desk(cast["other_station"].token)
    for path in ("party", "place", "link", "merge", "refer"):
        assert stranger.post(f"/counter/matter/{case.matter_id}/{path}", number="x").status_code == 404, path
