"""The intake screen in a real browser: a burglary call with three teams, taken and sent for without the mouse, through a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos.people import sign_in
from tests.journeys.browser import ARGUMENTS
from tests.journeys.examples import chromium
from tests.running import Doorstep

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(live_town: Doorstep) -> Iterator[Any]:
    """The dispatcher's browser."""
    from playwright.sync_api import sync_playwright

    logins = {one["role"]: one for one in json.loads((live_town.data / "demo.json").read_text())}
    token = sign_in(live_town.url, logins["dispatcher"]["login"], logins["dispatcher"]["password"])
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        context.add_cookies([{"name": "doorstep_session", "value": token, "url": live_town.url}])
        context.set_default_timeout(20_000)
        yield context
        browser.close()


def test_B01_a_call_is_taken_by_keyboard_alone_through_a_crash_and_seen_by_another_operator(
    desk: Any, live_town: Doorstep
) -> None:
    page = desk.new_page()
    page.goto(f"{live_town.url}/command/calls/new")
    page.keyboard.type("19900000352")
    page.keyboard.press("Alt+l")
    page.keyboard.type("不存在的巷 7 号")
    page.keyboard.press("Alt+w")
    page.keyboard.type("听到门锁被撬")
    page.keyboard.press("Alt+k")
    page.keyboard.type("rsdq")
    page.wait_for_selector("#t-kinds label:first-of-type:has-text('入室盗窃正在发生')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#t-ask [aria-current]")
    page.keyboard.press("Alt+q")
    page.keyboard.press("2")
    page.wait_for_selector("#ask-still_there-no:checked")
    page.wait_for_selector("#t-ask li:nth-child(2)[aria-current]")
    page.close()  # the browser dies; nothing was sent

    again = desk.new_page()
    again.goto(f"{live_town.url}/command/calls/new")
    assert again.input_value("#words") == "听到门锁被撬" and again.is_checked("#ask-still_there-no")
    again.keyboard.press("F8")
    again.wait_for_selector("main[data-page=call]")
    address = again.url.partition("?")[0]

    other = desk.new_page()
    other.goto(address)
    other.keyboard.press("Alt+w")
    other.keyboard.type("邻居说有两个人")
    other.keyboard.press("Enter")
    other.wait_for_selector(".trail q:has-text('邻居说有两个人')")
    again.wait_for_selector(".trail q:has-text('邻居说有两个人')")  # by itself, within some seconds
    assert again.is_visible(".stale")
