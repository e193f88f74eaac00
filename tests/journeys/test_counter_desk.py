"""The desk over HTTP: decide, two at once, hand out, hand over; and who gets nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import Cast, fresh
from tests.journeys.counter import Desk, hidden, open_desk

if TYPE_CHECKING:
    from doorstep.kernel.idempotency import Done


@pytest.fixture
def approver(cast: Cast) -> Desk:
    return open_desk(cast["approver"].token)


@pytest.fixture
def case(cast: Cast) -> Done:
    """A card from online, taken in by the clerk: it waits for the approver."""
    done = cast.apply()
    return cast.act("clerk", done.matter_id, "intake")


def test_A06_a_card_goes_from_the_clerk_over_the_desk_into_the_hand(cast: Cast, approver: Desk) -> None:
    done = cast.apply(pick_up={"point": "HW-1"})
    clerk = open_desk(cast["clerk"].token)
    for desk, path, outcome, ticks in (
        (clerk, "intake", "done", []),
        (approver, "desk", "approve", []),
        (approver, "desk", "done", []),
        (clerk, "hand-out", "done", ["person", "paper"]),
    ):
        address = f"/counter/{path}/{done.matter_id}"
        answer = desk.post(address, outcome=outcome, confirm=ticks, **hidden(desk.text(address)))
        assert answer.status_code == 302, path
    page = clerk.text(f"/counter/matter/{done.matter_id}?purpose=answer_question")
    assert 'data-state="granted"' in page or 'data-state="closed"' in page


def test_handing_out_wants_both_ticks(cast: Cast) -> None:
    done = cast.apply(pick_up={"point": "HW-1"})
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "approve")
    cast.act("approver", done.matter_id, "issue")
    clerk, address = open_desk(cast["clerk"].token), f"/counter/hand-out/{done.matter_id}"
    answer = clerk.post(address, outcome="done", confirm=["person"], **hidden(clerk.text(address)))
    assert answer.status_code == 422 and "两样都看过" in answer.content.decode()


def test_a_return_names_the_reason_and_the_field(cast: Cast, approver: Desk, case: Done) -> None:
    from doorstep.kernel.read import read_matter

    address = f"/counter/desk/{case.matter_id}"
    choice = {"outcome": "return", "fault": ["photo_unclear"], "at:photo_unclear": "/photo"}
    form = hidden(approver.text(address)) | choice | {"reason": "背景要白色"}
    preview = approver.post(f"{address}/letter", **form).content.decode()
    assert "照片不清楚" in preview and case.number in preview
    assert approver.post(address, **form).status_code == 302
    with cast.enter("resident") as viewer:
        view = read_matter(viewer, case.matter_id)
    assert (view.state, view.faults[0]["field"], view.reason) == ("returned", "/photo", "背景要白色")


def test_a_return_without_a_reason_keeps_what_was_typed(approver: Desk, case: Done) -> None:
    address = f"/counter/desk/{case.matter_id}"
    form = hidden(approver.text(address)) | {"outcome": "return", "reason": "这句话不能丢"}
    answer = approver.post(address, **form)
    assert answer.status_code == 422 and "这句话不能丢" in answer.content.decode()


def test_of_two_at_once_the_second_is_told_and_keeps_the_words(
    cast: Cast, approver: Desk, case: Done
) -> None:
    address = f"/counter/desk/{case.matter_id}"
    form = hidden(approver.text(address))
    colleague = open_desk(cast["approver"].token)
    faster = form | {"request_id": f"f-{case.number}", "outcome": "refuse", "why": "card_ready"}
    assert colleague.post(address, **faster).status_code == 302
    slower = approver.post(
        address, **form, outcome="return", fault=["photo_unclear"], reason="写了很久的理由"
    )
    page = slower.content.decode()
    assert slower.status_code == 409 and "同事刚刚办了这件" in page and "写了很久的理由" in page


def test_a_press_repeated_decides_once(approver: Desk, case: Done) -> None:
    address = f"/counter/desk/{case.matter_id}"
    form = hidden(approver.text(address)) | {"outcome": "approve"}
    assert [approver.post(address, **form).status_code for _ in range(2)] == [302, 302]


def test_a_forged_step_changes_nothing(cast: Cast, approver: Desk, case: Done) -> None:
    address = f"/counter/desk/{case.matter_id}"
    form = hidden(approver.text(address)) | {"outcome": "done", "step": "hand_out"}
    assert approver.post(address, **form).status_code in (403, 409, 422)
    assert 'data-state="open"' in approver.text(address)


def test_another_station_gets_nothing_by_list_page_search_or_file(cast: Cast, case: Done) -> None:
    from doorstep.kernel.read import read_matter

    stranger = open_desk(cast["other_station"].token)
    for address in ("/counter/desk/", "/counter/intake/", "/counter/hand-out/", "/counter/matters"):
        assert case.number not in stranger.text(address)
    for path in ("desk", "intake", "hand-out", "matter"):
        assert stranger.get(f"/counter/{path}/{case.matter_id}").status_code == 404
    assert "data-matter" not in stranger.text(f"/counter/search?q={case.number}")
    with cast.enter("approver") as viewer:
        file = read_matter(viewer, case.matter_id).files[0].id
    assert stranger.get(f"/counter/file/{file}").status_code == 404
    assert open_desk(cast["approver"].token).get(f"/counter/file/{file}").status_code == 200


@pytest.mark.parametrize("role", ["resident", "neighbour", "gone"])
def test_no_resident_and_nobody_who_left_comes_to_the_desk(cast: Cast, case: Done, role: str) -> None:
    for address in ("/counter/desk/", f"/counter/desk/{case.matter_id}", f"/counter/matter/{case.matter_id}"):
        answer = open_desk(cast[role].token).get(address)
        assert answer.status_code in (302, 403), address
        assert case.number not in answer.content.decode()


def test_a_matter_not_in_hand_asks_why_first(cast: Cast, case: Done) -> None:
    clerk, address = open_desk(cast["clerk"].token), f"/counter/matter/{case.matter_id}"
    asked = clerk.text(address)
    assert 'data-page="purpose"' in asked and "橘园路" not in asked
    assert "橘园路" in clerk.text(f"{address}?purpose=answer_question")


def test_search_finds_by_the_whole_number_alone(approver: Desk, case: Done) -> None:
    assert f'data-matter="{case.number}"' in approver.text(f"/counter/search?q={case.number}")
    assert "data-matter" not in approver.text(f"/counter/search?q={case.number[:12]}")


def test_a_remark_stays_with_the_matter(approver: Desk, case: Done) -> None:
    address = f"/counter/matter/{case.matter_id}"
    approver.post(f"{address}/note", text="打过电话，下午来", request_id=f"n-{case.number}")
    assert "打过电话，下午来" in approver.text(address)


def test_handing_over_wants_a_reason_and_moves_the_case(approver: Desk, case: Done) -> None:
    address = f"/counter/matter/{case.matter_id}/hand-over"
    form = {"unit": "AL-LJ-SQ", "request_id": f"o-{case.number}"}
    assert approver.post(address, **form, reason="").status_code == 422
    assert approver.post(address, **form, reason="户口迁到石桥了").status_code == 302
    assert case.number not in approver.text("/counter/desk/")


@pytest.mark.parametrize(("lang", "html"), [("zh", "zh-Hans"), ("en", "en")])
def test_the_pages_are_there_in_both_languages(cast: Cast, case: Done, lang: str, html: str) -> None:
    for role, address, page in (
        ("approver", f"/counter/desk/{case.matter_id}", "desk"),
        ("approver", "/counter/desk/", "desk"),
        ("approver", f"/counter/matter/{case.matter_id}", "staff_matter"),
        ("clerk", "/counter/", "window"),
        ("clerk", "/counter/intake/", "intake"),
        ("clerk", "/counter/hand-out/", "hand_out"),
        ("clerk", "/counter/matters", "unit_matters"),
    ):
        text = open_desk(cast[role].token).text(f"{address}?lang={lang}")
        assert f'data-page="{page}"' in text and f'<html lang="{html}"' in text, address


def test_everybody_starts_where_their_rights_are(cast: Cast) -> None:
    starts = {
        "clerk": "/counter/",
        "approver": "/counter/desk/",
        "officer": "/counter/matters",
        "chief": "/counter/oversee",
        "resident": "/",
    }
    for role, start in starts.items():
        assert open_desk(cast[role].token).get("/start")["Location"] == start


def test_a_post_without_a_desk_is_told_so(cast: Cast) -> None:
    from doorstep.kernel import trust
    from doorstep.sim.office import open_office

    login = f"new-{fresh()}"
    order = {"login": login, "password": "new-1234", "kind": "officer", "role": "officer", "rights": [],
             "name": ["新来的", "New"], "unit": 102, "assurance": 2}  # fmt: skip
    with open_office() as office:
        office.ask([{"make": order}])
    page = open_desk(trust.sign_in(login, "new-1234")).text("/start")
    assert 'data-page="start"' in page and "您的岗位目前没有要在这里办的事" in page


def test_every_desk_of_somebody_is_found_behind_the_name(cast: Cast) -> None:
    page = open_desk(cast["supervisor"].token).text("/start/all")
    for path in ("/counter/desk/", "/counter/oversee", "/counter/erasures", "/studio/"):
        assert f'href="{path}"' in page, path
    assert "/counter/erasures" not in open_desk(cast["clerk"].token).text("/start/all")
    assert open_desk(cast["resident"].token).get("/start/all").status_code in (302, 403)
