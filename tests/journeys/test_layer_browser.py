"""An officer of the district at a real browser: shortens a promise, sees what would change, publishes it, and takes it back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.journeys.browser import Phone, phone
from tests.running import Doorstep

pytestmark = pytest.mark.browser
LAYER = "/studio/layers/AL-LJ"


@pytest.fixture
def officer(live_town: Doorstep) -> Iterator[Phone]:
    with phone(live_town.url, 1440, 900) as desk:
        people = json.loads((live_town.data / "demo.json").read_text())
        me = next(one for one in people if one["role"] == "supervisor")
        desk.open(f"/login?next={LAYER}")
        desk.page.fill("#login", me["login"])
        desk.page.fill("#password", me["password"])
        desk.page.click("form.narrow [data-verb=login]")
        desk.on("studio-layer")
        yield desk


def test_E01_a_county_officer_shortens_a_promise_publishes_it_and_rolls_it_back(officer: Phone) -> None:
    page = officer.page
    assert _promise(officer) == "1 个工作日"
    officer.open(LAYER)
    page.click("details:has(a[href$='/set/HZ-078']) > summary")
    page.click(f"a[href='{LAYER}/set/HZ-078']")
    officer.on("studio-layer-set")
    page.click(f"a[href='{LAYER}/set/HZ-078/set:limits/promise']")
    page.fill("#n", "4")
    page.select_option("#per", "workhour")
    page.fill("#why_zh", "区里新添了制证机")
    page.fill("#why_en", "The district has a new machine")
    page.click("[data-verb=layer_try]")
    page.wait_for_selector(".st-changes ins")
    assert "1 个工作日" in page.inner_text(".st-changes") and officer.overflow() == 0
    assert page.input_value("#why_zh") == "区里新添了制证机"
    page.click("[data-verb=layer_save]")
    officer.on("studio-layer")
    assert _promise(officer) == "1 个工作日", "saved is not in force"
    officer.open(LAYER)
    page.click(f"a[href='{LAYER}/publish']")
    officer.on("studio-layer-publish")
    page.fill("#why", "新机器到了")
    page.click("[data-verb=layer_publish]")
    officer.on("studio-layer")
    assert _promise(officer) == "4 个工作小时"
    officer.open(LAYER)
    page.click("[data-verb=layer_back] >> nth=-1")
    officer.on("studio-layer-publish")
    page.fill("#why", "机器坏了")
    page.click("[data-verb=layer_publish]")
    officer.on("studio-layer")
    assert "收回第" in page.inner_text("main") and _promise(officer) == "1 个工作日"
    assert officer.noise == []


def _promise(officer: Phone) -> str:
    """What a resident reads on the item's page for a station of the district."""
    officer.open("/item/HZ-078?point=LX-1")
    text = officer.page.inner_text("main")
    return next(one for one in ("4 个工作小时", "1 个工作日") if one in text)
