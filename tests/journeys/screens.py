"""Pictures of every page for a person to look at: `python -m tests.journeys.screens [WORD …]` fills docs/screens.

Each page as each of those who may open it sees it, at 360, 768 and 1440 px; with words, only the pages whose name or
reader contains one of them. The pictures are not kept in the repository.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.journeys.examples import Examples, Guest, chromium, make_examples
from tests.running import ROOT, Doorstep

WIDTHS = (360, 768, 1440)
FOLDER = ROOT / "docs" / "screens"


def main(words: list[str]) -> None:
    """Starts a town of its own, signs everybody in and takes the pictures."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    town = Doorstep("demo")
    try:
        town.start(300)
        examples = make_examples(town)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for guest in examples.guests:
                for width in WIDTHS:
                    _pictures(browser, examples, guest, width, _routes(town), words)
            browser.close()
    finally:
        town.remove()


def _pictures(
    browser: Any, examples: Examples, guest: Guest, width: int, routes: list[dict[str, Any]], words: list[str]
) -> None:
    context = browser.new_context(
        base_url=examples.url, viewport={"width": width, "height": 800}, locale="zh-CN"
    )
    if guest.token:
        context.add_cookies([{"name": "doorstep_session", "value": guest.token, "url": examples.url}])
    page = context.new_page()
    for route in routes:
        name = f"{guest.role}-{route['name']}"
        theirs = guest.role in ("guest", "resident") or route["surface"] == "staff"
        if not theirs or (words and not any(word in name for word in words)):
            continue
        for count, address in enumerate(examples.addresses(guest, route)):
            answer = page.request.get(address)
            if (
                "<html" not in answer.text()[:400]
                if "html" in answer.headers.get("content-type", "")
                else True
            ):
                continue
            page.goto(address, wait_until="load")
            page.screenshot(path=FOLDER / f"{name}-{count}-{width}.png", full_page=True)
    context.close()


def _routes(town: Doorstep) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.routes"],
        env=town.environment | {"DOORSTEP_DB_ROLE": "app"}, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return [r for r in found if "GET" in r["methods"]]


if __name__ == "__main__":
    main(sys.argv[1:])
