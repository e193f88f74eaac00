"""axe finds nothing: every page that can be opened, by everybody who may, in both languages.

A page is looked at with everything unfolded. The same page of another person, or in English, is built alike: in English each
address is looked at once, for the first who may open it, unless HYPOTHESIS_PROFILE=long.

The pages come from the table of routes. A new one with a part nobody gave an example for fails here, so it cannot be
forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.journeys.examples import Examples, Guest, make_examples
from tests.running import ROOT, Doorstep

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  const places = (nodes) => nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ');
  return found.violations.map((one) => one.id + ': ' + one.help + ' <- ' + places(one.nodes));
}"""
UNFOLD = """() => {
  const back = document.querySelector('.decide [value=return]');
  document.querySelectorAll('main details:not([open])').forEach((one) => { one.open = true; });
  if (back) back.click();
}"""
"""What a page shows only when asked: the reasons for a return, and everything that is folded."""
LANGUAGES = ("zh", "en")
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


@dataclass
class Tour:
    """One browser for all, and what was seen so far."""

    browser: Any
    examples: Examples
    seen: set[str] = field(default_factory=set)
    in_english: set[str] = field(default_factory=set)
    pages: int = 0
    opened: int = 0

    def faults_of(self, guest: Guest, routes: list[dict[str, Any]]) -> list[str]:
        """Everything wrong with the pages this person may open."""
        context = self.browser.new_context(base_url=self.examples.url, viewport={"width": 390, "height": 844})
        context.route(re.compile(r"\.(woff2?|png|jpe?g)$"), lambda route: route.abort())
        if guest.token:
            context.add_cookies(
                [{"name": "doorstep_session", "value": guest.token, "url": self.examples.url}]
            )
        page = context.new_page()
        faults: list[str] = []
        for route in routes:
            for address in self.examples.addresses(guest, route):
                for lang in self._languages(route["path"]):
                    faults += self._look(page, guest, address, lang)
        context.close()
        return faults

    def _languages(self, path: str) -> tuple[str, ...]:
        told = LANGUAGES if LONG or path not in self.in_english else LANGUAGES[:1]
        self.in_english.add(path)
        return told

    def _look(self, page: Any, guest: Guest, address: str, lang: str) -> list[str]:
        where = f"{guest.role} {lang} {address}"
        asked = address + ("&" if "?" in address else "?") + f"lang={lang}"
        first = page.request.get(asked, timeout=20_000)
        self.opened += 1
        if first.status >= 400 and address not in self.examples.missing:
            return [f"{where}: {first.status}"]
        if "text/html" not in first.headers.get("content-type", ""):
            return []
        html = first.text()
        skeleton = _skeleton(html, guest.names)
        if "<html" not in html or skeleton in self.seen:
            return []  # a fragment is looked at inside its page; the same page was looked at for somebody else
        self.seen.add(skeleton)
        self.pages += 1
        page.goto(asked, wait_until="load", timeout=20_000)
        page.evaluate(AXE.read_text())
        page.evaluate(UNFOLD)
        return [f"{where}: {told}" for told in page.evaluate(RUN)]


def _skeleton(html: str, names: tuple[str, ...]) -> str:
    """A page without what differs from person to person: who is signed in, numbers, ids and tokens. Other words stay."""
    bare = re.sub(
        r'(name="csrfmiddlewaretoken" value|name="request_id" value|content|value)="[^"]{20,}"', "", html
    )
    for name in names:
        bare = bare.replace(name, "·")
    bare = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "0", bare)
    return hashlib.sha256(bare.encode()).hexdigest()


@pytest.fixture(scope="module")
def routes(live_town: Doorstep) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.routes"],
        env=live_town.environment | {"DOORSTEP_DB_ROLE": "app"}, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return [r for r in found if "GET" in r["methods"]]


@pytest.fixture(scope="module")
def tour(live_town: Doorstep) -> Iterator[Tour]:
    if not AXE.exists():
        pytest.skip("axe-core is not installed; run make setup")
    from playwright.sync_api import sync_playwright

    from tests.journeys.examples import chromium

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield Tour(browser, make_examples(live_town))
        browser.close()


def test_every_part_of_an_address_has_an_example(tour: Tour, routes: list[dict[str, Any]]) -> None:
    parts = {part for route in routes for part in re.findall(r"<[^>]+>", route["path"])}
    assert sorted(parts - tour.examples.known_parts()) == []


def test_axe_finds_nothing_on_any_page_for_anybody_in_any_language(
    tour: Tour, routes: list[dict[str, Any]]
) -> None:
    faults: list[str] = []
    for guest in tour.examples.guests:
        faults += tour.faults_of(guest, routes)
    assert not faults, f"{len(faults)} on {tour.pages} pages:\n" + "\n".join(faults)
    assert tour.pages >= 2 * len(LANGUAGES) * 5, f"only {tour.pages} pages of {tour.opened} addresses"
