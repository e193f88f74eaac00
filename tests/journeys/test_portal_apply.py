"""A resident applies: one group a page, nothing typed is lost, sent once, and a receipt."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.cast import Cast
from tests.journeys.visit import Page, Visit

HOUSEHOLD = {"/household/address": "橘园路 12 号 3-201", "/household/station": "AL-LJ-LX"}


@pytest.fixture
def resident(cast: Cast) -> Visit:
    _drop_drafts(cast, "resident")
    return Visit(cast["resident"].token)


def _drop_drafts(cast: Cast, role: str) -> None:
    from doorstep.kernel import draft

    with cast.enter(role) as viewer:
        for one in draft.my_drafts(viewer):
            draft.drop_draft(viewer, one.id)


def picture(size: tuple[int, int] = (40, 56)) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, (240, 240, 250)).save(out, "JPEG")
    return SimpleUploadedFile("me.jpg", out.getvalue(), "image/jpeg")


def known(who: Visit) -> dict[str, str]:
    """The first page as it comes: filled with what is known about the person."""
    return who.get("/apply/HZ-078/who").form("/who")


def fill(who: Visit, page: str, answers: dict[str, Any], go: str = "next") -> Page:
    return who.post(f"/apply/HZ-078/{page}", {**answers, "go": go})


def up_to_review(who: Visit) -> Page:
    who.get("/apply/HZ-078")
    fill(who, "who", known(who))
    fill(who, "household", HOUSEHOLD)
    fill(who, "reason", {"/reason": "lost"})
    fill(who, "papers", {"/photo.file": picture()}, go="")
    sent = who.get("/apply/HZ-078/papers").form("/papers")
    fill(who, "papers", {"/photo": sent["/photo"]})
    return fill(who, "pick_up", {"/pick_up/point": "HALL-1"})


def test_A06_a_resident_applies_and_gets_a_receipt_with_a_number(resident: Visit) -> None:
    review = up_to_review(resident)
    assert review.name == "review" and "橘园路 12 号 3-201" in review.text
    receipt = resident.post("/send/HZ-078", review.form("/send/HZ-078"))
    assert receipt.name == "receipt" and "交上了" in receipt.text and "受理号" in receipt.text


def test_what_is_known_already_is_not_asked_again(resident: Visit) -> None:
    first = resident.get("/apply/HZ-078")
    assert first.form("/who")["/applicant/name"] == "云小满"


def test_a_fault_is_said_beside_the_field_and_everything_typed_stays(resident: Visit) -> None:
    resident.get("/apply/HZ-078")
    page = fill(resident, "who", {**known(resident), "/applicant/mobile": "1990000"})
    assert page.status == 422 and "手机号是 1 开头的 11 位数字" in page.text
    assert page.form("/who")["/applicant/mobile"] == "1990000"


@pytest.mark.parametrize("other", [{"/applicant/name": "别人"}, {"/applicant/id_no": "990101199003071288"}])
def test_who_is_not_the_person_signed_in_is_told_so_at_once_and_again_on_sending(
    resident: Visit, other: dict[str, str]
) -> None:
    up_to_review(resident)
    page = fill(resident, "who", {**known(resident), **other})
    assert page.status == 422 and "和您本人的登记不一致" in page.text
    review = resident.get("/send/HZ-078")
    sent = resident.post("/send/HZ-078", review.form("/send/HZ-078"))
    assert sent.status == 422 and "/apply/HZ-078/who#f-applicant" in sent.html


def test_a_half_filled_form_waits_on_any_device(resident: Visit, cast: Cast) -> None:
    resident.get("/apply/HZ-078")
    fill(resident, "who", known(resident))
    later = fill(resident, "household", {"/household/address": "橘园路 9"}, go="later")
    assert later.name == "mine" and "存好了" in later.text
    again = Visit(cast["resident"].token, "en").get("/apply/HZ-078")
    assert again.url.endswith("/household") and again.form("/household")["/household/address"] == "橘园路 9"


def test_the_review_names_what_is_missing_and_leads_there(resident: Visit) -> None:
    resident.get("/apply/HZ-078")
    review = resident.get("/send/HZ-078")
    assert '/apply/HZ-078/papers#f-photo"' in review.html


def test_a_file_of_the_wrong_kind_is_refused_in_words_and_the_rest_is_kept(resident: Visit) -> None:
    resident.get("/apply/HZ-078")
    page = fill(resident, "papers", {"/photo.file": SimpleUploadedFile("a.jpg", b"MZ" + b"\0" * 900)}, go="")
    assert page.status == 422 and "照片" in page.text
    assert resident.get("/apply/HZ-078/who").form("/who")["/applicant/name"] == "云小满"


def test_a_file_that_is_too_large_is_refused_in_words(resident: Visit) -> None:
    resident.get("/apply/HZ-078")
    large = SimpleUploadedFile("a.jpg", picture().read() + b"\0" * (21 * 2**20), "image/jpeg")
    page = fill(resident, "papers", {"/photo.file": large}, go="")
    assert page.status == 422 and "MB" in page.text


def test_sent_twice_is_one_matter(resident: Visit, cast: Cast) -> None:
    from doorstep.kernel import lists

    review = up_to_review(resident)
    with cast.enter("resident") as viewer:
        before = {one.id for one in lists.my_matters(viewer).rows}
    answers = [resident.post("/send/HZ-078", review.form("/send/HZ-078")) for _ in range(2)]
    assert answers[0].url == answers[1].url and answers[0].url.endswith("/receipt")
    with cast.enter("resident") as viewer:
        assert len({one.id for one in lists.my_matters(viewer).rows} - before) == 1


def test_what_was_changed_on_another_page_is_read_again_before_it_is_sent(resident: Visit) -> None:
    review = up_to_review(resident)
    fill(resident, "household", {**HOUSEHOLD, "/household/address": "橘园路 9"}, go="later")
    sent = resident.post("/send/HZ-078", review.form("/send/HZ-078"))
    assert sent.status == 409 and "在别的页面改过" in sent.text and "橘园路 9" in sent.text
    assert resident.post("/send/HZ-078", sent.form("/send/HZ-078")).name == "receipt"


def test_who_is_not_signed_in_is_asked_to_and_comes_back(database: object) -> None:
    page = Visit().get("/apply/HZ-078")
    assert page.name == "login" and page.form("/login")["next"] == "/apply/HZ-078"


def test_rows_of_a_group_are_added_and_taken_away(resident: Visit) -> None:
    resident.get("/apply/HZ-106")
    tenant = {"/tenants/0/name": "陆望舒", "/tenants/0/id_no": "990101199003071288"}
    day = {"/tenants/0/from.y": "2026", "/tenants/0/from.m": "11", "/tenants/0/from.d": "1"}
    more = resident.post("/apply/HZ-106/tenants", {**tenant, **day, "more": "/tenants"})
    assert "/tenants/1/name" in more.form("/tenants") and more.form("/tenants")["/tenants/0/from.m"] == "11"
    less = resident.post("/apply/HZ-106/tenants", {**more.form("/tenants"), "less": "/tenants/0"})
    assert less.form("/tenants")["/tenants/0/name"] == ""


def test_an_answer_that_calls_for_another_question_shows_it(resident: Visit) -> None:
    resident.get("/apply/HZ-106")
    home = {"/home/address": "柳溪街 18 号 402", "/home/station": "AL-LJ-LX", "/home/right": "sublet"}
    page = resident.post("/apply/HZ-106/home", {**home, "go": "next"})
    assert page.url.startswith("/apply/HZ-106/home") and "房屋租赁合同" in page.text
