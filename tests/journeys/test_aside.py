"""More time and questions to other units, as officers and the applicant meet them on their pages."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.journeys.visit import Page, Visit
from tests.kernel.test_legs import taken_in

WHY = "原医院的档案在外地，要去函核实。"
WHAT = "这个人 1990 年在您辖区登记过吗？"


@pytest.fixture
def with_station(cast: Cast) -> UUID:
    return taken_in(cast)


def send(visit: Visit, page: Page, matter_id: UUID, name: str, **fields: str) -> Page:
    path = f"/counter/matter/{matter_id}/{name}"
    return visit.post(path, page.form(f"/{name}") | {"request_id": fresh()} | fields)


def ask_longer(cast: Cast, matter_id: UUID, **fields: str) -> Page:
    station = Visit(cast["approver"].token)
    page = station.get(f"/counter/matter/{matter_id}/longer")
    assert page.name == "longer" and "5 个工作日" in page.text
    return send(station, page, matter_id, "longer", do="ask", **fields)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ("要不要多给时间？", "同意的话，最迟")),
        ("en", ("Should there be more time?", "If granted, due")),
    ],
)
def test_more_time_is_asked_for_by_one_and_granted_by_another_who_finds_it_in_the_queue(
    cast: Cast, with_station: UUID, lang: str, said: tuple[str, str]
) -> None:
    page = ask_longer(cast, with_station, days="4", reason=WHY)
    assert page.name == "staff_matter" and "申请交上去了" in page.text
    city = Visit(cast["city_approver"].token, lang)
    assert f"/counter/matter/{with_station}/longer" in city.get("/counter/desk/").html
    page = city.get(f"/counter/matter/{with_station}/longer")
    assert WHY in page.text and all(words in page.text for words in said)
    assert send(city, page, with_station, "longer", do="approve").name == "desk"
    mine = Visit(cast["resident"].token).get(f"/matter/{with_station}")
    assert "办理时间延长了 4 个工作日" in mine.text and WHY in mine.text


def test_what_is_wrong_with_a_request_is_said_and_what_was_typed_is_kept(
    cast: Cast, with_station: UUID
) -> None:
    page = ask_longer(cast, with_station, days="9", reason=WHY)
    assert page.status == 422 and WHY in page.text and "最多可以延长 5 个工作日" in page.text


def test_a_refused_request_is_not_told_to_the_applicant_and_stays_in_the_list(
    cast: Cast, with_station: UUID
) -> None:
    ask_longer(cast, with_station, days="2", reason=WHY)
    city = Visit(cast["city_approver"].token)
    page = city.get(f"/counter/matter/{with_station}/longer")
    send(city, page, with_station, "longer", do="refuse", reason="可以按期办。")
    again = Visit(cast["approver"].token).get(f"/counter/matter/{with_station}/longer")
    assert "以前申请过的" in again.text and "可以按期办。" in again.text
    assert WHY not in Visit(cast["resident"].token).get(f"/matter/{with_station}").text


def test_a_question_is_sent_found_in_the_other_units_queue_and_answered(
    cast: Cast, with_station: UUID
) -> None:
    station = Visit(cast["approver"].token)
    page = station.get(f"/counter/matter/{with_station}/question")
    page = send(station, page, with_station, "question", do="ask", unit="AL-YX-DK", reason=WHAT)
    assert "问题发出去了" in page.text and "等渡口派出所" in page.text
    other = Visit(cast["other_station"].token)
    assert f"/counter/matter/{with_station}/question" in other.get("/counter/asked/").html
    page = other.get(f"/counter/matter/{with_station}/question")
    assert WHAT in page.text
    assert send(other, page, with_station, "question", do="done", reason="登记过。").name == "asked"
    assert "登记过。" in station.get(f"/counter/matter/{with_station}/question").text
    mine = Visit(cast["resident"].token).get(f"/matter/{with_station}")
    assert WHAT not in mine.text and "登记过。" not in mine.text


@pytest.mark.parametrize("name", ["longer", "question"])
@pytest.mark.parametrize("role", ["other_station", "resident", "chief"])
def test_whom_the_matter_does_not_concern_finds_neither_page(
    cast: Cast, with_station: UUID, role: str, name: str
) -> None:
    page = Visit(cast[role].token).get(f"/counter/matter/{with_station}/{name}")
    assert page.status in (403, 404) and page.name not in ("longer", "question")


def test_rights_11_a_department_has_a_desk_answers_or_gives_back_and_reaches_nothing_else(
    cast: Cast, with_station: UUID
) -> None:
    station, health = Visit(cast["approver"].token), Visit(cast["department"].token)
    page = station.get(f"/counter/matter/{with_station}/question")
    assert 'name="shows" value="/birth/right_day"' in page.html
    send(
        station,
        page,
        with_station,
        "question",
        do="ask",
        unit="AL-HEALTH",
        reason=WHAT,
        shows="/birth/right_day",
    )
    assert "问我们的" in health.get("/start").text
    assert f"/counter/matter/{with_station}/question" in health.get("/counter/asked/").html
    page = health.get(f"/counter/matter/{with_station}/question")
    assert WHAT in page.text and "1990" in page.text and "对方给您看的" in page.text
    assert cast.person("resident")["id_no"] not in page.html
    assert health.get(f"/counter/matter/{with_station}").status == 403
    assert "请写明为什么答不了" in send(health, page, with_station, "question", do="cannot", reason="").text
    assert (
        send(health, page, with_station, "question", do="cannot", reason="这是妇幼保健院开的。").name
        == "asked"
    )
    told = station.get(f"/counter/matter/{with_station}/question").text
    assert "退回了" in told and "这是妇幼保健院开的。" in told
