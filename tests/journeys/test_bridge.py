"""The window with the devices of its table: a card read, pulled out, typed instead; a slip printed; a rating on the pad."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.chaos.people import sign_in
from tests.journeys.browser import Phone, phone
from tests.journeys.examples import _WAY, Hand, home_region, person_of
from tests.running import Doorstep

pytestmark = [pytest.mark.browser, pytest.mark.standin, pytest.mark.wheel]
READ = "[data-device=card]"
SAYS = "[data-device-says]"


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


def test_a_card_is_read_pulled_out_and_typed_instead(clerk: Phone, hands: Hands) -> None:
    page = clerk.page
    clerk.open("/counter/")
    page.wait_for_selector(f"{READ}:visible")
    page.click(READ)
    page.get_by_text("请看是不是本人").wait_for()
    assert (page.input_value("#name"), page.input_value("#id_no")) == ("宋知意", "990103198805214023")
    assert clerk.faults() == []

    hands.do(lay="1")  # somebody else's card changes nothing of what stands there
    page.click(READ)
    page.get_by_text("不是同一个人").wait_for()
    assert page.input_value("#name") == "宋知意"

    hands.do(card="half")
    clerk.open("/counter/")
    page.click(READ)
    page.get_by_text("读卡器只传来一半").wait_for()
    hands.do(card="pulled")
    page.click(READ)
    page.get_by_text("读卡器没有连上。请照着证件输入。").wait_for()
    assert page.evaluate("document.activeElement.id") == "name" and page.input_value("#id_no") == ""
    hands.do(card="down")
    page.wait_for_selector(READ, state="hidden")
    page.keyboard.type("何晚晴")
    page.fill("#id_no", "990101199003071288")
    page.keyboard.press("F2")
    page.wait_for_selector(".who-name")
    assert page.inner_text(".who-name") == "何晚晴" and clerk.noise == []
    hands.do(card="", lay="0")


def test_a_card_that_comes_late_is_not_read_for_the_next_person(clerk: Phone, hands: Hands) -> None:
    page = clerk.page
    hands.do(lay="")
    clerk.open("/counter/")
    page.click(READ)
    page.get_by_text("请把证件放上读卡器").wait_for()
    page.keyboard.press("F9") if page.locator("[data-key=f9]").count() else clerk.open("/counter/")
    page.wait_for_selector(f"{READ}:visible")
    hands.do(lay="1")
    page.wait_for_timeout(500)
    assert (page.input_value("#name"), page.input_value("#id_no")) == ("", "")
    page.click(READ)  # the reader is not held up by the one who left
    page.get_by_text("请看是不是本人").wait_for()
    assert page.input_value("#id_no") == "990102199511060047"
    hands.do(lay="0")


def test_a_program_that_took_the_bridge_s_port_is_told_nothing(clerk: Phone, hands: Hands) -> None:
    page, asked = clerk.page, []
    bridge = page.get_attribute("#devices", "data-url")
    hello = {"version": 1, "session": "0" * 32, "proof": "0" * 64}

    def impostor(route: Any) -> None:
        asked.append(route.request.url.removeprefix(bridge))
        heads = {"Access-Control-Allow-Origin": clerk.url, "Access-Control-Allow-Headers": "content-type"}
        route.fulfill(status=200, headers=heads, json=hello)

    page.route(f"{bridge}/**", impostor)
    clerk.open("/counter/")
    page.wait_for_timeout(400)
    page.unroute(f"{bridge}/**")
    assert set(asked) == {"/v1/hello"} and page.locator("[data-device]:visible").count() == 0


def test_without_a_bridge_the_window_is_what_it_was(clerk: Phone, hands: Hands) -> None:
    page = clerk.page
    bridge = page.get_attribute("#devices", "data-url")
    policy = {
        at: page.request.get(clerk.url + at).headers["content-security-policy"] for at in ("/counter/", "/")
    }
    assert bridge in policy["/counter/"] and bridge not in policy["/"]
    page.route(f"{bridge}/**", lambda route: route.abort())
    clerk.open("/counter/")
    page.wait_for_timeout(400)
    assert page.locator("[data-device]:visible").count() == 0 and page.locator(f"{SAYS}:visible").count() == 0
    page.unroute(f"{bridge}/**")


def test_a_visit_goes_by_card_camera_and_slip(clerk: Phone, hands: Hands) -> None:
    page = clerk.page
    clerk.open("/counter/")
    page.wait_for_selector(f"{READ}:visible")
    page.keyboard.press("Alt+c")
    page.get_by_text("请看是不是本人").wait_for()
    page.keyboard.press("F2")
    page.wait_for_selector(".who-name")
    page.fill("#add", "HZ-078")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name='HZ-078/household/address']")
    page.fill("[name='HZ-078/household/address']", "示范路 8 号 2-301")
    _choose(page, "HZ-078/household/station")
    _choose(page, "HZ-078/reason")
    _choose(page, "HZ-078/pick_up/point")
    page.click("#paper-PHO [data-device=camera]")
    page.wait_for_selector("#paper-PHO .scan img")
    page.click("[data-verb=open_matter]")
    clerk.on("counter_receipt")
    page.click("[data-device=printer]")
    page.get_by_text("打好了").wait_for()
    slip, number = hands.state()["slips"][-1], page.get_attribute("[data-matter]", "data-matter")
    assert "受理回执" in slip and "宋知意，您办的事我们收下了" in slip and number in slip
    assert re.search(rf"\[QR http\S+/ratings/with\?code=\w+(-\w+)*&number={number}\]", slip), slip
    hands.do(printer="ends")
    page.click("[data-device=printer]")
    page.get_by_text("小票打印机没有纸了。打出来的半张不要交给对方。请用普通打印机打印。").wait_for()
    assert page.locator("[data-print]:visible").count() == 1 and clerk.noise == []
    hands.do(printer="")


def _choose(page: Any, name: str) -> None:
    """The first of what is offered, be it a list or choices."""
    field = page.locator(f"[name='{name}']").first
    if field.evaluate("el => el.tagName") == "SELECT":
        field.select_option(index=1)
    else:
        field.check(force=True)


def a_card(town: Doorstep, tokens: dict[str, str], *way: tuple[str, str, str]) -> str:
    """A temporary card of the resident, brought as far as ``way`` goes."""
    region = home_region()
    units = {one["role"]: one.get("unit") for one in region["cast"]}
    point = next(p["code"] for p in region["points"] if p["unit"] == units["clerk"] and p["kind"] != "room")
    return Hand(town.url, tokens).card(person_of(town), units["approver"], point, *way)


def test_a_signature_on_the_pad_stays_with_what_was_handed_out(
    live_town: Doorstep, tokens: dict[str, str], clerk: Phone, hands: Hands
) -> None:
    matter, person, page = a_card(live_town, tokens, *_WAY[:3]), person_of(live_town), clerk.page
    clerk.open("/counter/results")
    page.fill("#name", person["name"])
    page.fill("#id_no", person["id_no"])
    page.click("[data-verb=find_results]")
    page.wait_for_selector("[data-device=sign]:visible")
    hands.do(sign="touch")
    page.click("[data-device=sign]")
    page.get_by_text("签字板没有等到。请在纸上签名。").wait_for(timeout=100_000)
    hands.do(sign="")
    page.click("[data-device=sign]")
    page.wait_for_selector("img.signed-as")
    assert page.is_checked("input[name=signed][value=pad]")
    page.check("input[name=person]")
    page.click("[data-verb=hand_out_all]")
    clerk.on("counter_results_slip")
    clerk.open(f"/counter/matter/{matter}?purpose=answer_question")
    page.get_by_text("签收的签名").first.wait_for()


def test_A22_a_rating_goes_in_from_the_pad_once_and_the_page_never_has_it(
    live_town: Doorstep, tokens: dict[str, str], clerk: Phone, hands: Hands
) -> None:
    matter = a_card(live_town, tokens, *_WAY)
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
