"""Running matters under an older version: a page says which could move, which not and why, and moves them, each on record."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from doorstep.rulebook import pack
from tests.cast import Cast, fresh
from tests.journeys.visit import Page, Visit
from tests.studio.test_publish import DUKOU, UNITS, _edit, _faults, _pinned, _publish, region

__all__ = ["region"]


@pytest.fixture
def two(cast: Cast, region: Path) -> tuple[UUID, UUID]:
    """Two cards at Dukou, one before its review and one behind it; then the step behind the review gets another name."""
    early, late = cast.apply(household=DUKOU).matter_id, cast.apply(household=DUKOU).matter_id
    for one in (early, late):
        cast.act("clerk", one, "intake")
    cast.act("other_station", late, "review", "approve")
    _edit(region, "yunting", "id: photo_check", "id: second_look")
    _edit(region, "yunting", "step: photo_check", "step: second_look")
    _publish(region)
    return early, late


def number(above: psycopg.Connection[object], matter_id: UUID) -> str:
    row = above.execute("select number from matter where id = %s", [matter_id]).fetchone()
    assert row
    return str(row[0])  # type: ignore[index]


def move(visit: Visit, page: Page, **fields: str) -> Page:
    return visit.post("/counter/versions", page.form("/versions") | {"request_id": fresh()} | fields)


def test_E01_the_page_says_which_could_move_and_which_not_and_why(
    cast: Cast, two: tuple[UUID, UUID], above: psycopg.Connection[object]
) -> None:
    page = Visit(cast["other_station"].token).get("/counter/versions?item=HZ-078")
    assert page.name == "versions" and all(number(above, one) in page.text for one in two)
    assert f'value="{two[0]}"' in page.html and f'value="{two[1]}"' not in page.html
    assert "制证前核对照片" in page.text and cast.person("resident")["name"] not in page.text
    english = Visit(cast["other_station"].token, "en").get("/counter/versions?item=HZ-078").text
    assert "Stays as it is" in english and "Photograph checked" in english


def test_E01_all_that_fit_are_moved_each_with_an_event_and_the_others_stay(
    cast: Cast, two: tuple[UUID, UUID], above: psycopg.Connection[object]
) -> None:
    early, late = two
    was = _pinned(above, late)
    visit = Visit(cast["other_station"].token)
    page = visit.get("/counter/versions?item=HZ-078")
    assert move(visit, page, which="all", reason=" ").status == 422
    assert _pinned(above, early) != pack.current("HZ-078", UNITS["AL-YX"]).hash
    page = move(visit, page, which="all", reason="新版本更清楚")
    assert "件换好了" in page.text
    assert _pinned(above, early) == pack.current("HZ-078", UNITS["AL-YX"]).hash
    assert _pinned(above, late) == was and _faults(early) == []


@pytest.mark.parametrize("role", ["clerk", "resident", "chief", "approver"])
def test_whose_units_do_not_have_it_finds_nothing_to_move(
    cast: Cast, two: tuple[UUID, UUID], above: psycopg.Connection[object], role: str
) -> None:
    page = Visit(cast[role].token).get("/counter/versions?item=HZ-078")
    assert page.status == 403 if role != "approver" else number(above, two[0]) not in page.text


def test_E01_all_of_them_are_listed_page_by_page(
    cast: Cast, two: tuple[UUID, UUID], above: psycopg.Connection[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.counter import versions

    monkeypatch.setattr(versions, "PAGE", 1)
    visit, numbers = Visit(cast["other_station"].token), [number(above, one) for one in two]
    first = visit.get("/counter/versions?item=HZ-078")
    count = re.search(r"共 (\d+) 页", first.text)
    assert count and int(count[1]) >= 2
    pages = [visit.get(f"/counter/versions?item=HZ-078&page={at}") for at in range(1, int(count[1]) + 1)]
    assert [len(re.findall(r"<tr data-matter", one.html)) for one in pages] == [1] * len(pages)
    assert sorted(one for page in pages for one in numbers if one in page.text) == sorted(numbers)
    assert visit.get("/counter/versions?item=HZ-078&page=999").text == pages[-1].text
    at = next(n for n, one in enumerate(pages, 1) if numbers[0] in one.text)
    moved = move(visit, pages[at - 1], which="all", reason="新版本更清楚")
    assert (
        "1 件换好了" in moved.text and _pinned(above, two[0]) == pack.current("HZ-078", UNITS["AL-YX"]).hash
    )
