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


CREWS = ("officer", "approver", "other_station")


def _crew(desk: Any, town: Doorstep, role: str) -> Any:
    """A crew's telephone, signed on to a duty unit of its station that nobody rides in."""
    logins = {one["role"]: one for one in json.loads((town.data / "demo.json").read_text())}
    token = sign_in(town.url, logins[role]["login"], logins[role]["password"])
    phone = desk.browser.new_context(viewport={"width": 360, "height": 760}, locale="zh-CN")
    phone.add_cookies([{"name": "doorstep_session", "value": token, "url": town.url}])
    page = phone.new_page()
    page.goto(f"{town.url}/command/duty")
    if not page.query_selector(".duty-now"):
        page.click(".duty-choice li:not(:has(.meta)) button")
        page.wait_for_selector(".duty-now")
    return page


def test_B01_three_crews_are_alerted_at_once_and_follow_a_burglary_to_its_end(
    desk: Any, live_town: Doorstep
) -> None:
    phones = [_crew(desk, live_town, role) for role in CREWS]
    callsigns = [phone.inner_text(".duty-now h1") for phone in phones]
    page = desk.new_page()
    page.goto(f"{live_town.url}/command/calls/new")
    page.keyboard.press("Alt+w")
    page.keyboard.type("后院有人翻窗")
    page.keyboard.press("Alt+k")
    page.keyboard.type("rsdq")
    page.wait_for_selector("#t-kinds label:first-of-type:has-text('入室盗窃正在发生')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#t-ask [aria-current]")
    page.keyboard.press("F8")
    page.wait_for_selector("main[data-page=call]")
    for one in page.query_selector_all(".c-units input:checked"):
        one.uncheck()
    page.click("summary:has-text('别的警力')")
    for callsign in callsigns:
        page.check(f".c-units label:has(b:text-is('{callsign}')) input")
    page.fill("#why", "三组一起去")
    page.keyboard.press("F8")
    page.wait_for_selector("#live tbody tr:nth-child(3)")
    sent = {one.inner_text() for one in page.query_selector_all("#live tbody td:nth-child(2)")}
    assert len(sent) == 1, "the same minute on every row"

    for phone in phones:
        phone.goto(f"{live_town.url}/command/calls/mine")
        assert "后院有人翻窗" in phone.inner_text("main")
        for said in ("coming", "there"):
            phone.click(f".c-mine [data-verb={said}]")
            phone.wait_for_selector(".told")
        phone.fill(".c-mine textarea", "看过了，没有人")
        phone.click(".c-mine [data-verb=cleared]")
        phone.wait_for_selector(".nothing")
    page.wait_for_selector("#live tbody:not(:has(td:nth-child(6):text-is('–')))")
    page.goto(page.url.partition("?")[0])
    page.keyboard.press("Alt+r")
    page.keyboard.type("现场没有人，门窗已锁好")
    page.keyboard.press("Enter")
    page.wait_for_selector(".state-done:has-text('已结束')")
    log = page.inner_text(".trail")
    assert all(callsign in log for callsign in callsigns)
    assert [log.count(word) >= 3 for word in ("出发", "到场", "处置完")] == [True] * 3 and "结束" in log
    for phone in phones:
        phone.goto(f"{live_town.url}/command/duty")
        phone.click("[data-verb=duty_off]")
        phone.wait_for_selector(".duty-choice")
        phone.context.close()
