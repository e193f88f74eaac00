"""Signing another person's matter: in the portal with script off, and at any window."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast
from tests.journeys.visit import Visit
from tests.kernel import parts
from tests.kernel.test_child import _part, open_steps, opened, part_of, seen


@pytest.fixture(autouse=True)
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.shelf(monkeypatch, parts.made(), parts.made(parts.PART))


@pytest.fixture
def parent(cast: Cast) -> UUID:
    return opened(cast)


@pytest.fixture
def signer(cast: Cast) -> Visit:
    return Visit(cast["neighbour"].token)


def test_the_signer_reads_all_of_it_and_signs(cast: Cast, parent: UUID, signer: Visit) -> None:
    child = part_of(cast, parent)
    assert f"/matter/{child}/sign" in signer.get("/mine").html
    assert f"/matter/{child}/sign" in signer.get(f"/matter/{child}").html
    page = signer.get(f"/matter/{child}/sign")
    assert page.name == "sign" and "橘园路 12 号 3-201" in page.text
    form = page.form("/sign") | {"outcome": "done", "/signer/mobile": "19900000009"}
    done = signer.post(f"/matter/{child}/sign", form)
    assert done.name == "matter" and 'data-state="granted"' in done.html
    assert open_steps(cast, parent) == ["look"]
    assert seen(cast, "neighbour", child).data["signer"]["mobile"] == "19900000009"


def test_neither_answer_chosen_or_a_bad_number_keeps_what_was_typed(
    cast: Cast, parent: UUID, signer: Visit
) -> None:
    child = part_of(cast, parent)
    form = signer.get(f"/matter/{child}/sign").form("/sign") | {"/signer/mobile": "12"}
    page = signer.post(f"/matter/{child}/sign", form)
    assert page.name == "sign" and "请选同意或者不同意" in page.text and 'value="12"' in page.html
    page = signer.post(f"/matter/{child}/sign", form | {"outcome": "done"})
    assert page.status == 422 and "#f-signer-mobile" in page.html
    assert open_steps(cast, parent) == ["signs"]


def test_a_field_that_is_to_be_signed_cannot_be_smuggled_in(cast: Cast, parent: UUID, signer: Visit) -> None:
    child = part_of(cast, parent)
    form = signer.get(f"/matter/{child}/sign").form("/sign") | {
        "outcome": "done",
        "/home/address": "别处 1 号 1 室",
    }
    signer.post(f"/matter/{child}/sign", form)
    assert seen(cast, "neighbour", child).data["home"]["address"] == "橘园路 12 号 3-201"


def test_the_first_applicant_is_told_the_number_to_pass_on(cast: Cast, parent: UUID) -> None:
    page = Visit(cast["resident"].token).get(f"/matter/{parent}")
    assert _part(cast, parent)[1] in page.text and "另一方签字" in page.text


def test_who_is_not_asked_to_sign_finds_no_such_page(cast: Cast, parent: UUID) -> None:
    resident = Visit(cast["resident"].token)
    assert resident.get(f"/matter/{part_of(cast, parent)}/sign").status == 404
    assert resident.get(f"/matter/{parent}/sign").name == "matter"


def _card(cast: Cast, parent: UUID, **changed: str) -> dict[str, Any]:
    other = cast.person("neighbour")
    return {
        "number": _part(cast, parent)[1],
        "name": other["name"],
        "id_no": other["id_no"],
        "do": "find",
    } | changed


def test_at_any_window_the_person_who_is_there_signs(cast: Cast, parent: UUID) -> None:
    window = Visit(cast["other_station"].token)
    form = window.get("/counter/sign").form("/counter/sign") | _card(cast, parent)
    page = window.post("/counter/sign", form)
    assert page.name == "counter_sign_answer" and "橘园路 12 号 3-201" in page.text
    done = window.post("/counter/sign", page.form("/counter/sign") | {"outcome": "refuse"})
    assert done.name == "counter_sign" and _part(cast, parent)[1] in done.text
    assert open_steps(cast, parent) == ["again"]


def test_number_and_card_of_two_people_open_nothing(cast: Cast, parent: UUID) -> None:
    window = Visit(cast["other_station"].token)
    start, mine = window.get("/counter/sign").form("/counter/sign"), cast.person("resident")
    page = window.post("/counter/sign", start | _card(cast, parent, id_no=mine["id_no"]))
    assert page.status == 404 and page.name == "counter_sign" and mine["id_no"] in page.html
    page = window.post("/counter/sign", start | _card(cast, parent, name="别人"))
    answer = window.post("/counter/sign", page.form("/counter/sign") | {"outcome": "done"})
    assert "不是这件事的当事人" in answer.text
    assert open_steps(cast, parent) == ["signs"]
