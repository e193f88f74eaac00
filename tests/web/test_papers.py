"""Papers on pages: checked by a stranger, compared by name, taken home; and closed to whom they do not concern."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast
from tests.kernel.test_issue import work


@pytest.fixture(scope="module")
def issued(cast: Cast, database: Any) -> Any:
    done = cast.apply()
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "approve")
    cast.act("approver", done.matter_id, "issue")
    work(database)
    return done


def browser(cast: Cast, role: str | None = None, lang: str = "zh") -> Any:
    from django.test import Client

    client = Client(headers={"host": "localhost", "accept-language": lang})
    if role:
        client.cookies["doorstep_session"] = cast[role].token
    return client


@pytest.fixture
def address(cast: Cast, issued: Any) -> str:
    from doorstep.kernel import issue, read

    with cast.enter("resident") as viewer:
        return issue.check_url(viewer, read.read_matter(viewer, issued.matter_id).papers[0].id)


def test_a_stranger_sees_that_the_paper_is_genuine_and_no_person(cast: Cast, address: str) -> None:
    page = browser(cast).get(address)
    assert page.status_code == 200
    assert "是真的，有效" in page.text
    assert "云小满" not in page.text


def test_the_name_on_the_paper_is_compared_and_only_yes_or_no_told(cast: Cast, address: str) -> None:
    assert "写的就是“云小满”" in browser(cast).post(address, {"name": "云小满"}).text
    assert "不是写给“陆望舒”的" in browser(cast).post(address, {"name": "陆望舒"}).text
    assert "is not made out to Lu" in browser(cast, lang="en").post(address, {"name": "Lu"}).text


def test_a_code_of_nothing_compares_nothing(cast: Cast, issued: Any) -> None:
    page = browser(cast).post("/v/" + "0" * 22, {"name": "云小满"})
    assert page.status_code == 404
    assert "写的就是" not in page.text


@pytest.mark.parametrize("role", ["resident", "clerk"])
def test_a_receipt_can_be_taken_home_on_paper(cast: Cast, role: str) -> None:
    done = cast.apply()
    page = browser(cast, role).get(f"/matter/{done.matter_id}/receipt.pdf")
    assert page.headers["Content-Type"] == "application/pdf"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.content.startswith(b"%PDF-")


@pytest.mark.parametrize("role", ["neighbour", "other_station", None])
@pytest.mark.parametrize("name", ["receipt.pdf", "to-correct.pdf"])
def test_nobody_else_gets_a_receipt(cast: Cast, issued: Any, role: str | None, name: str) -> None:
    page = browser(cast, role).get(f"/matter/{issued.matter_id}/{name}")
    assert page.status_code in (302, 403, 404)
    assert b"%PDF" not in page.content


def test_a_list_of_corrections_exists_only_when_there_are_some(cast: Cast) -> None:
    done = cast.apply()
    client = browser(cast, "resident")
    assert client.get(f"/matter/{done.matter_id}/to-correct.pdf").status_code == 409
    cast.act("clerk", done.matter_id, "intake")
    faults = [{"field": "/photo", "reason": "photo_unclear", "text": ""}]
    cast.act("approver", done.matter_id, "review", "return", faults=faults)
    assert client.get(f"/matter/{done.matter_id}/to-correct.pdf").content.startswith(b"%PDF-")
