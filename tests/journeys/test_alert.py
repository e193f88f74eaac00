"""A call and the telephones of those who are sent: each has it by itself, whoever was cut off catches up, silence is noticed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bench import alert
from tests.journeys.browser import ARGUMENTS
from tests.journeys.examples import chromium
from tests.running import Doorstep


@pytest.fixture(scope="module")
def desk(live_town: Doorstep) -> alert.Desk:
    return alert.Desk(live_town, "dispatcher")


@pytest.fixture(scope="module")
def phones(live_town: Doorstep) -> Iterator[list[alert.Phone]]:
    found = alert.crews(live_town)
    yield found
    for one in found:
        one.cut()


def test_B01_three_teams_have_the_alert_on_their_own_telephones_and_one_cut_off_catches_up(
    desk: alert.Desk, phones: list[alert.Phone]
) -> None:
    call, _, waits = alert.alerted(desk, phones)
    assert all(one is not None for one in waits), waits
    assert len({one.unit for one in phones}) == 3
    assert {(one["seen"], one["coming"]) for one in desk.one(call)["sent"]} == {(True, False)}
    desk.end(call)

    cut, *others = phones
    cut.cut()
    second = desk.call()
    key = str(uuid.uuid4())
    desk.send(second, [one.unit for one in phones], key)
    desk.send(second, [one.unit for one in phones], key)  # the same request once more
    assert all(one.wait(second, 10) for one in others) and second not in cut.had
    assert {one["unit"]: one["seen"] for one in desk.one(second)["sent"]} == {
        one.unit: one is not cut for one in phones
    }
    cut.listen()
    assert cut.wait(second, 10), "what was missed is asked for when the line is back"
    for one in phones:
        assert list(one.had)[-2:] == [call, second], "each once, in the order in which they were sent"
    desk.end(second)


@pytest.mark.browser
def test_B01_an_alert_shows_on_the_open_page_of_a_telephone_and_what_is_being_typed_stays(
    desk: alert.Desk, phones: list[alert.Phone], live_town: Doorstep
) -> None:
    from playwright.sync_api import sync_playwright

    crew = phones[0]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 360, "height": 780}, locale="zh-CN")
        context.add_cookies([{"name": "doorstep_session", "value": crew.desk.token, "url": live_town.url}])
        context.set_default_timeout(20_000)
        unit, mine = _opened(context, live_town, "/command/duty"), _opened(context, live_town, MINE)
        assert not unit.is_visible("text=有警情派给您")
        call = desk.call()
        desk.send(call, [crew.unit])
        mine.wait_for_selector(f'[data-matter="{call}"]')
        unit.wait_for_selector("text=有警情派给您")
        assert mine.title().startswith("●") and unit.title().startswith("●")
        mine.click("summary")
        mine.fill(f"#t-{call}", "前面封路")
        desk.ask(f"/calls/{call}/say", {"outcome": "coming", "unit": crew.unit})
        mine.wait_for_selector("button:has-text('到了')")
        assert mine.input_value(f"#t-{call}") == "前面封路"
        context.set_offline(True)
        desk.end(call)
        context.set_offline(False)
        mine.wait_for_selector(f'[data-matter="{call}"]', state="detached")
        unit.wait_for_selector("text=有警情派给您", state="hidden")
        browser.close()


MINE = "/command/calls/mine"


def _opened(context: Any, town: Doorstep, path: str) -> Any:
    page = context.new_page()
    with page.expect_response(lambda answer: answer.request.resource_type == "eventsource"):
        page.goto(town.url + path)
    return page
