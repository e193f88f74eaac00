"""A desk whose clerk has left, was signed out, or lost the connection: nothing typed is lost, and the next person sees nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos.people import sign_in
from tests.journeys.browser import Phone, phone
from tests.running import Doorstep

pytestmark = pytest.mark.browser
STREET = "[name='HZ-078/household/address']"


@pytest.fixture(scope="module")
def logins(live_town: Doorstep) -> dict[str, dict[str, str]]:
    return {one["role"]: one for one in json.loads((live_town.data / "demo.json").read_text())}


@pytest.fixture(scope="module")
def desk(live_town: Doorstep) -> Iterator[Phone]:
    with phone(live_town.url, 1440, 900) as found:
        found.page.set_default_timeout(20_000)
        yield found


def sit_down(desk: Phone, who: dict[str, str]) -> None:
    """Signed in here."""
    token = sign_in(desk.url, who["login"], who["password"])
    desk.page.context.add_cookies([{"name": "doorstep_session", "value": token, "url": desk.url}])


def begin(page: Any, desk: Phone) -> None:
    """A visit with one item and a street half typed."""
    desk.open("/counter/")
    page.fill("#name", "许念")
    page.fill("#id_no", "990101199003071288")
    page.keyboard.press("F2")
    page.wait_for_selector(".who-name")
    page.fill("#add", "HZ-078")
    page.keyboard.press("Enter")
    page.wait_for_selector(STREET)


def type_street(page: Any, text: str) -> None:
    page.fill(STREET, text)
    page.keyboard.press("Tab")


def test_A02_nothing_typed_is_lost_and_the_next_person_at_the_machine_sees_nothing(
    desk: Phone, logins: dict[str, dict[str, str]]
) -> None:
    page, context = desk.page, desk.page.context
    sit_down(desk, logins["clerk"])
    begin(page, desk)

    context.set_offline(True)  # the line is cut
    type_street(page, "断线时打的街")
    page.get_by_text("还没有存上").wait_for()
    context.set_offline(False)
    page.get_by_text("还没有存上").wait_for(state="hidden")
    page.reload()
    assert page.input_value(STREET) == "断线时打的街"

    context.clear_cookies(name="doorstep_session")  # the session has ended
    type_street(page, "到期以后打的街")
    page.get_by_text("登录到期了").wait_for()
    assert desk.faults() == []
    with context.expect_page() as opened:
        page.get_by_text("重新登录").click()
    again = opened.value
    again.fill("#login", logins["clerk"]["login"])
    assert page.get_by_text("登录到期了").is_visible(), "the page waits for whoever signs in"
    again.fill("#password", logins["clerk"]["password"])
    again.keyboard.press("Enter")
    page.get_by_text("登录到期了").wait_for(state="hidden")
    page.reload()
    assert page.input_value(STREET) == "到期以后打的街"

    again.click("[data-verb=logout]")  # in another tab of the machine
    page.wait_for_url(lambda url: "/counter/visit/" not in url)
    sit_down(desk, logins["clerk2"])
    again.goto(desk.url + "/counter/")
    for one in (page, again):
        one.go_back()
        one.wait_for_load_state()
        assert "到期以后打的街" not in one.content() and "许念" not in one.content()
    assert "许*" not in again.content()
    again.close()
