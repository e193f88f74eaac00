"""One card through three units in a real browser, in Chinese: taken in at X, decided by Y, handed out at Z; its owner
watches on a phone, and nobody else learns that it exists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.browser import Phone, phone, window
from tests.journeys.examples import person_of
from tests.running import Doorstep

pytestmark = pytest.mark.browser
DESK = (1440, 900)
PHONE = (360, 760)


@dataclass
class Streets:
    """Everybody's windows, opened when they first come."""

    town: Doorstep
    first: Phone
    windows: dict[str, Phone] = field(default_factory=dict)

    def __getitem__(self, role: str) -> Phone:
        if role not in self.windows:
            one = _login(self.town, role)
            size = DESK if one["unit"] else PHONE
            mine = window(self.first.page.context.browser, self.town.url, *size)
            mine.open("/login")
            mine.page.fill("#login", one["login"])
            mine.page.fill("#password", one["password"])
            with mine.page.expect_navigation():
                mine.page.click("form.narrow [data-verb=login]")
            self.windows[role] = mine
        return self.windows[role]


def _login(town: Doorstep, role: str) -> dict[str, Any]:
    people = json.loads((town.data / "demo.json").read_text())
    found: dict[str, Any] = next(p for p in people if p["role"] == role)
    return found


@pytest.fixture(scope="module")
def people(live_town: Doorstep) -> Iterator[Streets]:
    with phone(live_town.url) as anybody:
        yield Streets(live_town, anybody)


@pytest.fixture(scope="module")
def taken(people: Streets, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The number of a card that the clerk of X took in for the resident, by keyboard where there is a key."""
    page, who = people["clerk"].page, person_of(people.town)
    people["clerk"].open("/counter/")
    page.fill("#who [name=name]", who["name"])
    page.fill("#who [name=id_no]", who["id_no"])
    with page.expect_navigation():
        page.keyboard.press("F2")
    with page.expect_navigation():
        page.click("[data-verb=add_item][data-item='HZ-078']")
    page.fill("[name='HZ-078/household/address']", "柳溪街 18 号 2 单元 402")
    page.select_option("[name='HZ-078/household/station']", "AL-LJ-LX")
    page.select_option("[name='HZ-078/reason']", "lost")
    page.select_option("[name='HZ-078/pick_up/point']", "HALL-1")
    page.set_input_files("[name='paper:PHO.file']", people["clerk"].photo(tmp_path_factory.mktemp("photo")))
    page.wait_for_selector("#win-list img, .scan img", timeout=30_000)
    with page.expect_navigation(timeout=30_000):
        page.keyboard.press("F8")
    people["clerk"].on("counter_receipt")
    return str(page.locator("[data-matter]").first.get_attribute("data-matter"))


def _decide(mine: Phone, queue: str, number: str, key: str) -> None:
    """Opens the case of this number from the queue and does what ``key`` says."""
    mine.open(queue)
    page = mine.page
    with page.expect_navigation():
        page.click(f"[data-matter='{number}'] a")
    if key:
        page.keyboard.press(key)
    for tick in page.locator("[name=confirm]").all():
        tick.check()
    with page.expect_navigation(timeout=30_000):
        page.keyboard.press("Control+Enter")


def test_A06_three_units_and_the_owner_sees_each_of_them(people: Streets, taken: str) -> None:
    _decide(people["approver"], "/counter/desk/", taken, "y")
    _decide(people["approver"], "/counter/desk/", taken, "")
    _decide(people["clerk2"], "/counter/hand-out/", taken, "")
    mine = people["resident"]
    mine.open("/mine")
    with mine.page.expect_navigation():
        mine.page.click(f"[data-matter='{taken}'] a, a:has([data-matter='{taken}'])")
    mine.on("matter")
    text = mine.page.inner_text("main")
    for unit in ("河湾派出所", "柳溪派出所", "市政务服务中心公安专区"):
        assert unit in text, f"{unit} is not on the way: {text}"
    paper = mine.page.locator("a[href^='/paper/']").first.get_attribute(
        "href", timeout=60_000
    )  # comes by itself
    assert mine.page.request.get(f"{mine.url}{paper}").body().startswith(b"%PDF")
    mine.page.locator("[name=level]").first.check()
    with mine.page.expect_navigation():
        mine.page.click("[data-verb=rate]")
    assert "谢谢" in mine.page.inner_text("main")
    assert mine.overflow() == 0 and mine.noise == []


@pytest.mark.parametrize("role", ["other_station", "supervisor", "chief", "neighbour"])
def test_nobody_else_learns_of_it(people: Streets, taken: str, role: str) -> None:
    resident, stranger = people["resident"], people[role]
    resident.open("/mine")
    address = resident.page.locator(f"[data-matter='{taken}'] a, a:has([data-matter='{taken}'])").first
    owned = str(address.get_attribute("href"))
    tries = [
        owned,
        f"{owned}/receipt.pdf",
        owned.replace("/matter/", "/counter/matter/"),
        f"/counter/search?q={taken}",
    ]
    for path in tries:
        if role == "supervisor" and path.startswith("/counter"):
            continue  # the district is above both stations: it may read, for a purpose it has to name
        answer = stranger.page.request.get(stranger.url + path)
        body = answer.text()
        assert "云小满" not in body and "柳溪街 18 号" not in body, path
        assert answer.status in (200, 403, 404) and f'data-matter="{taken}"' not in body, path


def test_A06_a_tenancy_is_entered_on_a_phone_and_done_at_once(people: Streets, tmp_path: Path) -> None:
    mine = people["resident"]
    page = mine.page
    mine.open("/item/HZ-106")
    page.click("[data-verb=start]")
    mine.on("apply")
    mine.save()
    page.fill("[name='/home/address']", "柳堤路 9 号 1 单元 301")
    page.select_option("[name='/home/station']", "AL-LJ-LX")
    page.locator("[name='/home/right']").first.check()
    for one in page.locator("input[type=file]").all():
        one.set_input_files(mine.photo(tmp_path))
    mine.save()
    page.fill("[name='/tenants/0/name']", "陆望舒")
    page.fill("[name='/tenants/0/id_no']", "990101199003071288")
    for part, value in (("y", "2026"), ("m", "11"), ("d", "1")):
        page.fill(f"[name='/tenants/0/from.{part}']", value)
    mine.save()
    mine.on("review")
    with page.expect_navigation():
        page.click("[data-verb=open_matter]")
    mine.on("receipt")
    page.click(".plate .btn-plate")
    mine.on("matter")
    assert page.locator("[data-state=closed], [data-state=granted]").count(), page.inner_text("main")
    assert mine.overflow() == 0 and mine.noise == []
