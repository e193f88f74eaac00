"""A resident with a phone, in Chinese, with a real browser: looks for it, applies, gets a receipt, sees her matter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.browser import Phone, phone
from tests.running import Doorstep

pytestmark = pytest.mark.browser
ROOMY = 30_000


@pytest.fixture
def resident(live_town: Doorstep) -> Iterator[Phone]:
    with phone(live_town.url) as mine:
        yield mine


@pytest.fixture(scope="module")
def visitor(live_town: Doorstep) -> Iterator[Phone]:
    with phone(live_town.url) as anybody:
        yield anybody


def _login(town: Doorstep) -> dict[str, Any]:
    people = json.loads((town.data / "demo.json").read_text())
    return next(p for p in people if p["role"] == "resident")


def test_A06_from_everyday_words_to_my_matter_on_a_phone(
    resident: Phone, live_town: Doorstep, tmp_path: Path
) -> None:
    page = resident.page
    resident.open("/")
    page.fill("#q", "急用身份证")
    page.click("#found [data-item] a")  # found while typing, without pressing the button
    page.click("[data-verb=start]")
    page.fill("#login", _login(live_town)["login"])
    page.fill("#password", _login(live_town)["password"])
    page.click("form.narrow [data-verb=login]")
    resident.on("apply")
    _fill_in(resident, tmp_path)
    resident.on("review")
    page.click("[data-verb=open_matter]")
    resident.on("receipt")
    assert re.search(r"受理号\s*\d{19}[0-9A-Z]", page.inner_text("main"))
    page.click(".plate .btn-plate")
    resident.on("matter")
    assert page.locator("text=您在这里").first.is_visible()
    assert resident.noise == []


def _fill_in(resident: Phone, tmp_path: Path) -> None:
    """Six pages; once with a slip, which is said and keeps what was typed."""
    page = resident.page
    page.fill("[name='/applicant/mobile']", "1990000")
    resident.save()
    assert page.locator("[data-faults]").evaluate("box => box === document.activeElement")
    assert page.input_value("[name='/applicant/mobile']") == "1990000"
    page.fill("[name='/applicant/mobile']", "19900000271")
    resident.save()
    page.fill("[name='/household/address']", "柳溪街 18 号 2 单元 402")
    page.select_option("[name='/household/station']", "AL-LJ-LX")
    resident.save()
    page.locator("[name='/reason']").first.check()
    resident.save()
    page.set_input_files("[name='/photo.file']", resident.photo(tmp_path))
    page.wait_for_selector(".sent-files", timeout=ROOMY)
    resident.save()
    page.select_option("[name='/pick_up/point']", "HW-1")
    resident.save()


@pytest.mark.parametrize("path", ["/", "/find", "/points", "/item/HZ-078", "/item/HZ-106", "/v", "/login"])
@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en&mode=elder", "?lang=zh&theme=night"])
def test_nothing_is_wider_than_a_phone_and_axe_finds_nothing(visitor: Phone, path: str, query: str) -> None:
    visitor.open(path + query)
    assert visitor.overflow() == 0
    assert visitor.faults() == []
