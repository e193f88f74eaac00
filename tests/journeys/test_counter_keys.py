"""A two-item visit by keys alone (A02), with the time that it takes a person by the keystroke-level model.

Model: 0.28 s a key, 1.1 s a click (there is none), three keys a Chinese character (two letters of pinyin and a choice),
and what the machine takes, measured. Nothing is read from a card and no document camera helps: everything is typed, and the
scan is picked by its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.browser import phone
from tests.journeys.counter import id_number
from tests.journeys.test_three_units import Streets
from tests.running import Doorstep

pytestmark = pytest.mark.browser
KEY, HANZI = 0.28, 3
BAR = 90.0


@dataclass
class Hands:
    """A clerk's hands on the keyboard: what they press, and how long the machine lets them wait."""

    page: Any
    keys: int = 0
    waited: float = 0.0

    def type(self, text: str) -> None:
        self.keys += sum(HANZI if ord(one) > 0x2E7F else 1 for one in text)
        self.page.keyboard.insert_text(text)

    def press(self, *names: str) -> None:
        for name in names:
            self.keys += 1 + name.count("+")
            self.page.keyboard.press(name)

    def go(self, name: str) -> None:
        """A key that leads to another page."""
        self.wait(lambda: self.press(name))

    def wait(self, do: Callable[[], None]) -> None:
        began = time.monotonic()
        with self.page.expect_navigation(timeout=30_000):
            do()
        self.page.wait_for_load_state()
        self.waited += time.monotonic() - began

    def ready(self, anchor: str) -> None:
        """What was typed is saved quietly; the bar then knows what is missing next. The time counts as waiting."""
        began = time.monotonic()
        self.page.wait_for_selector(f"a[data-key=f8][href='#{anchor}']", timeout=30_000)
        self.waited += time.monotonic() - began

    def at(self) -> str:
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.name || ''"))

    def choose(self, value: str) -> None:
        """Arrows in a list or a group, to the entry that is wanted."""
        for _ in range(60):
            if self.page.evaluate("document.activeElement.value") == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"{value} is not in the list at {self.at()}")


def test_A02_a_two_item_visit_takes_no_mouse_and_less_than_ninety_seconds(
    live_town: Doorstep, tmp_path: Path
) -> None:
    with phone(live_town.url, 1440, 900) as anybody:
        mine = Streets(live_town, anybody)["clerk"]
        mine.open("/counter/")
        hands = Hands(mine.page)
        _identify(hands)
        _let_home(hands)
        _card(hands)
        _papers(hands, mine.photo(tmp_path))
        hands.go("F8")
        mine.on("counter_receipt")
        assert mine.page.locator("[data-matter]").count() == 2
        seconds = hands.keys * KEY + hands.waited
        told = f"{hands.keys} keys, 0 clicks, machine {hands.waited:.1f} s, together {seconds:.1f} s"
        assert seconds <= BAR, told
        assert mine.noise == []


def _identify(hands: Hands) -> None:
    assert hands.at() == "name", "the focus stands where work begins"
    hands.type("柳如初")
    hands.press("Enter")
    hands.type(id_number())
    hands.press("Enter")
    hands.type("19900000555")
    hands.go("Enter")
    assert hands.at() == "add"


def _let_home(hands: Hands) -> None:
    hands.type("HZ-106")
    hands.go("Enter")
    assert hands.at() == "f-HZ-106-home-address"
    hands.type("柳溪街 20 号 1-101")
    hands.press("Enter")
    hands.choose("AL-LJ-LX")
    hands.press("Enter")
    hands.choose("owner")
    hands.press("Enter")
    for text in ("何晚晴", id_number(), "2026", "11", "1"):
        hands.type(text)
        hands.press("Enter")


def _card(hands: Hands) -> None:
    hands.press("F4")
    hands.type("HZ-078")
    hands.go("Enter")
    assert hands.at() == "f-HZ-078-household-address"
    hands.type("柳溪街 18 号 2-402")
    hands.press("Enter")
    for value in ("AL-LJ-LX", "lost", "HW-1"):
        hands.choose(value)
        hands.press("Enter")


def _papers(hands: Hands, scan: str) -> None:
    """F8 leads to each paper that is missing: a space ticks it, Enter opens the scan's dialogue."""
    for code in ("ID", "PRO"):
        hands.ready(f"paper-{code}")
        hands.press("F8")
        assert hands.at() == f"seen-{code}"
        hands.press("Space")
    hands.ready("paper-PHO")
    hands.press("F8")
    assert hands.at() == "paper-PHO-in"

    def pick() -> None:
        from playwright.sync_api import TimeoutError as NothingCame

        for again in range(
            3
        ):  # on a slow machine the list may be drawn anew just then; whoever sees nothing presses again
            try:
                with hands.page.expect_file_chooser(timeout=8_000) as chosen:
                    hands.press(*(("F8",) if again else ()), "Enter")
                break
            except NothingCame:
                assert again < 2, "no dialogue opened"
        hands.keys += len("photo.jpg") + 1  # the name in the system's dialogue, and Enter
        chosen.value.set_files(scan)

    hands.wait(pick)
