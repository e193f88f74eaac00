"""My matter: where it is, what I can do, what I get, and that nobody else gets it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast
from tests.journeys.visit import Visit


@pytest.fixture
def opened(cast: Cast) -> Any:
    return cast.apply()


@pytest.fixture
def resident(cast: Cast) -> Visit:
    return Visit(cast["resident"].token)


def _return(cast: Cast, matter_id: Any) -> None:
    cast.act("clerk", matter_id, "intake")
    faults = [{"field": "/photo", "reason": "photo_unclear", "text": "左上角反光"}]
    cast.act("approver", matter_id, "review", "return", faults=faults)


def _grant(cast: Cast, matter_id: Any) -> None:
    cast.act("clerk", matter_id, "intake")
    cast.act("approver", matter_id, "review", "approve")
    cast.act("approver", matter_id, "issue")
    cast.act("clerk2", matter_id, "hand_out")


def test_F01_the_page_says_where_it_is_who_has_it_and_who_looked(
    cast: Cast, opened: Any, resident: Visit
) -> None:
    from doorstep.kernel import read

    with cast.enter("clerk") as viewer:
        read.read_matter(viewer, opened.matter_id)
    page = resident.get(f"/matter/{opened.matter_id}")
    assert page.name == "matter" and page.html.count("您在这里") >= 2
    assert "正在办理您的事" in page.text and cast["clerk"].name not in page.text


def test_before_acceptance_the_page_says_how_long_and_afterwards_which_day(
    cast: Cast, opened: Any, resident: Visit
) -> None:
    for address in (f"/matter/{opened.matter_id}", f"/matter/{opened.matter_id}/receipt", "/mine"):
        assert "受理后 1 个工作日" in resident.get(address).text, address
    cast.act("clerk", opened.matter_id, "intake")
    page = resident.get(f"/matter/{opened.matter_id}")
    assert "受理后" not in page.text and "最迟哪天办好" in page.text


def test_a_return_shows_every_fault_beside_its_question_and_is_mended(
    cast: Cast, opened: Any, resident: Visit
) -> None:
    _return(cast, opened.matter_id)
    returned = resident.get(f"/matter/{opened.matter_id}").text
    assert "左上角反光" in returned and "退回补正" in returned
    page = resident.get(f"/matter/{opened.matter_id}/correct")
    assert "左上角反光" in page.text
    assert (
        page.html.index('name="/photo')
        < page.html.index('<details class="fold"')
        < page.html.index('name="/reason"')
    )
    form = page.form("/correct") | {"/reason": "expired", "go": "next"}
    done = resident.post(f"/matter/{opened.matter_id}/correct", form)
    assert done.name == "matter" and 'data-state="open"' in done.html


def test_a_correction_with_a_fault_keeps_what_was_typed(cast: Cast, opened: Any, resident: Visit) -> None:
    _return(cast, opened.matter_id)
    form = resident.get(f"/matter/{opened.matter_id}/correct").form("/correct")
    page = resident.post(
        f"/matter/{opened.matter_id}/correct", form | {"/applicant/id_no": "12", "go": "next"}
    )
    assert page.status == 422 and page.form("/correct")["/applicant/id_no"] == "12"


def test_a_correction_that_names_somebody_else_is_refused_beside_the_question(
    cast: Cast, opened: Any, resident: Visit
) -> None:
    _return(cast, opened.matter_id)
    form = resident.get(f"/matter/{opened.matter_id}/correct").form("/correct")
    page = resident.post(
        f"/matter/{opened.matter_id}/correct", form | {"/applicant/name": "别人", "go": "next"}
    )
    assert page.status == 422 and "登记的是“云**”" in page.text


def test_an_old_page_is_told_that_something_changed(cast: Cast, opened: Any, resident: Visit) -> None:
    _return(cast, opened.matter_id)
    form = resident.get(f"/matter/{opened.matter_id}/correct").form("/correct")
    page = resident.post(f"/matter/{opened.matter_id}/correct", form | {"version": "1", "go": "next"})
    assert page.status == 409 and "您填的内容还在" in page.text


def test_withdrawing_is_asked_twice_and_then_ends_it(opened: Any, resident: Visit) -> None:
    ask = resident.get(f"/matter/{opened.matter_id}/withdraw")
    assert "真的不办了吗" in ask.text
    done = resident.post(f"/matter/{opened.matter_id}/withdraw", ask.form())
    assert "您撤回了" in done.text and 'data-state="withdrawn"' in done.html


def test_A22_a_result_is_rated_once(cast: Cast, opened: Any, resident: Visit) -> None:
    _grant(cast, opened.matter_id)
    page = resident.get(f"/matter/{opened.matter_id}")
    send = f"/ratings/matter/{opened.matter_id}"
    form = page.form(send)
    none = resident.post(send, form | {"text": "很快"})
    assert none.status == 422 and "很快" in none.html
    done = resident.post(send, form | {"level": "5"})
    assert "谢谢您" in done.text and "您评的是“非常满意”" in done.text and send not in done.html


def test_the_receipt_comes_as_pdf(opened: Any, resident: Visit) -> None:
    page = resident.get(f"/matter/{opened.matter_id}/receipt.pdf")
    assert page.status == 200 and page.headers["Content-Type"] == "application/pdf"


@pytest.mark.parametrize("role", ["neighbour", "other_station", "gone", "auditor"])
@pytest.mark.parametrize("tail", ["", "/receipt", "/receipt.pdf", "/correct", "/withdraw"])
def test_who_gets_nothing_by_any_page(cast: Cast, opened: Any, role: str, tail: str) -> None:
    page = Visit(cast[role].token).get(f"/matter/{opened.matter_id}{tail}")
    assert page.status in (403, 404) or page.name == "login"
    assert opened.number not in page.html and "临时居民身份证" not in page.html


@pytest.mark.parametrize("tail", ["/withdraw", "/correct"])
def test_who_gets_nothing_cannot_do_anything(cast: Cast, opened: Any, tail: str) -> None:
    page = Visit(cast["neighbour"].token).post(
        f"/matter/{opened.matter_id}{tail}", {"request_id": "x", "level": "1", "go": "next"}
    )
    assert page.status == 404


def test_a_file_of_mine_is_nobody_elses(cast: Cast, opened: Any, resident: Visit) -> None:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        file_id = read.read_matter(viewer, opened.matter_id).files[0].id
    assert resident.get(f"/file/{file_id}").status == 200
    assert Visit(cast["neighbour"].token).get(f"/file/{file_id}").status == 404
    assert Visit().get(f"/file/{file_id}").name == "login"
