"""Finding a service without knowing its name: by what happened, by branch, by the way and the place one would come."""

from __future__ import annotations

import re

import pytest

from tests.cast import Cast
from tests.journeys.visit import Visit


def codes(page: str) -> set[str]:
    return set(re.findall(r'data-item="([^"]+)"', page))


def test_A01_everything_is_listed_by_branch_and_group(cast: Cast) -> None:
    from doorstep.rulebook import pack

    page = Visit().get("/find").html
    assert codes(page) == {one.code for one in pack.listed()}
    assert {one.branch for one in pack.listed()} == set(re.findall(r'find-branch" id="([^"]+)"', page))


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ("branch=traffic", lambda one: one.branch == "traffic"),
        ("channel=online", lambda one: "online" in one.channels),
        ("channel=kiosk&branch=traffic", lambda one: "kiosk" in one.channels and one.branch == "traffic"),
        ("channel=balloon", lambda one: True),
    ],
)
def test_A01_the_list_is_narrowed(cast: Cast, asked: str, fits: object) -> None:
    from doorstep.rulebook import pack

    assert codes(Visit().get(f"/find?{asked}").html) == {one.code for one in pack.listed() if fits(one)}  # type: ignore[operator]


def test_A01_a_place_lists_what_it_takes(cast: Cast) -> None:
    from doorstep.kernel.org import town
    from doorstep.rulebook import pack

    room = next(one for one in town().points.values() if one.kind == "room")
    found = codes(Visit().get(f"/find?point={room.code}").html)
    assert found and all(set(pack.current(code).channels) & set(room.channels) for code in found)
    assert "没有" in Visit().get("/find?point=NOWHERE").text


def test_every_occasion_leads_somewhere_and_begins_with_what_is_needed_first(cast: Cast) -> None:
    from doorstep.rulebook import pack
    from doorstep.web.icons import known
    from doorstep.web.occasions import occasions

    groups = {one.raw["group"]["zh"] for one in pack.listed()}
    for one in occasions():
        assert known(one.icon) or not known("home"), one.icon
        if one.groups and set(one.groups) <= groups:
            assert one.of(pack.listed()), one.id
    lost = next(one for one in occasions() if one.id == "lost")
    shown = re.findall(r'data-item="([^"]+)"', Visit().get("/find?occasion=lost").html)
    assert shown == [code for code in lost.items if code in {one.code for one in pack.listed()}]


def test_what_is_not_police_business_is_sent_on(cast: Cast) -> None:
    page = Visit().get("/find/hits?q=社保卡丢了")
    assert "人力资源和社会保障部门" in page.text and 'href="tel:12333"' in page.html


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_words_are_kept_and_never_run(cast: Cast, lang: str) -> None:
    page = Visit(lang=lang).get("/find?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert page.status == 200 and "<script>alert" not in page.html
