"""The window with the devices of its table: a rating on the pad."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from ruamel.yaml import YAML

from tests.chaos.people import sign_in
from tests.journeys.browser import Phone, phone
from tests.journeys.examples import _WAY, Hand, person_of
from tests.running import ROOT, Doorstep

pytestmark = [pytest.mark.browser, pytest.mark.standin, pytest.mark.wheel]


class Hands:
    """What people do at the stand-in devices."""

    def __init__(self, url: str) -> None:
        self.url = url

    def do(self, **told: str) -> None:
        with urllib.request.urlopen(self.url, urlencode(told).encode(), timeout=10):
            pass

    def state(self) -> Any:
        with urllib.request.urlopen(self.url + "/state", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def tokens(live_town: Doorstep) -> dict[str, str]:
    logins = json.loads((live_town.data / "demo.json").read_text())
    return {one["role"]: sign_in(live_town.url, one["login"], one["password"]) for one in logins}


@pytest.fixture(scope="module")
def clerk(live_town: Doorstep, tokens: dict[str, str]) -> Iterator[Phone]:
    with phone(live_town.url, 1440, 900) as desk:
        cookie = {"name": "doorstep_session", "value": tokens["clerk"], "url": live_town.url}
        desk.page.context.add_cookies([cookie])
        desk.page.set_default_timeout(20_000)
        yield desk


@pytest.fixture(scope="module")
def hands(clerk: Phone) -> Iterator[Hands]:
    """The stand-ins as the page names them; everything is well again afterwards."""
    clerk.open("/counter/devices")
    clerk.page.wait_for_selector("[data-bridge-device=card] [data-is=there]:visible")
    made = Hands(clerk.page.get_attribute("[data-bridge=paired] a.linked", "href"))
    yield made
    made.do(card="", printer="", rating="", lay="0", press="5", press2="0")


def test_A22_a_rating_goes_in_from_the_pad_once_and_the_page_never_has_it(
    live_town: Doorstep, tokens: dict[str, str], clerk: Phone, hands: Hands
) -> None:
    region = YAML(typ="safe").load(next((ROOT / "regions").glob("*/region.yaml")).read_text())
    units = {one["role"]: one.get("unit") for one in region["cast"]}
    point = next(p["code"] for p in region["points"] if p["unit"] == units["clerk"] and p["kind"] != "room")
    matter = Hand(live_town.url, tokens).card(person_of(live_town), units["approver"], point, *_WAY)
    hands.do(press="2", press2="1")  # two pads answer
    page, heard = clerk.page, []
    page.on("response", lambda answer: heard.append(answer) if "/v1/rating" in answer.url else None)
    clerk.open(f"/counter/matter/{matter}?purpose=answer_question")
    page.click("[data-device=rating]")
    page.get_by_text("窗口看不到").wait_for()
    assert [answer.json() for answer in heard] == [{"said": "taken"}]
    assert page.locator("[data-device=rating]:visible").count() == 0
    clerk.open(f"/counter/matter/{matter}?purpose=answer_question")
    page.click("[data-device=rating]")
    page.get_by_text("已经评过了").wait_for()
    assert re.search("谢谢|评过", str(hands.state()["shown"]))
