"""A phone or a desk with Chromium, driven by Playwright; axe where its package is installed."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Phone:
    """One browser window of one person."""

    url: str
    page: Any
    noise: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)
        self.page.wait_for_load_state()

    def on(self, name: str) -> None:
        """Wait for the page of this name. Fails if another one is shown."""
        self.page.wait_for_selector(f"main[data-page={name}]", timeout=30_000)

    def save(self) -> None:
        """Press the main button of a form and wait for what follows."""
        with self.page.expect_navigation(timeout=30_000):
            self.page.click(".form-do [data-verb=save_draft]")

    def overflow(self) -> int:
        """How many pixels of the page hang out at the side."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    def faults(self) -> list[str]:
        """What axe finds wrong with the page."""
        if not AXE.exists():
            pytest.skip("axe-core is not installed: run make setup")
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        return [f"{v['id']}: {v['nodes'][0]['target']}" for v in found["violations"]]

    @staticmethod
    def photo(folder: Path) -> str:
        out = io.BytesIO()
        Image.new("RGB", (480, 640), (240, 242, 246)).save(out, "JPEG")
        path = folder / "photo.jpg"
        path.write_bytes(out.getvalue())
        return str(path)


@contextmanager
def phone(url: str, width: int = 360, height: int = 760) -> Iterator[Phone]:
    """A window of the given size, speaking Chinese; skipped where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed: see make setup")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield window(browser, url, width, height)
        browser.close()


def window(browser: Any, url: str, width: int, height: int) -> Phone:
    """Another person's window of the same browser, with cookies of its own."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    page = context.new_page()
    mine = Phone(url, page)
    page.on("pageerror", lambda error: mine.noise.append(str(error)))
    page.on(
        "console",
        lambda message: mine.noise.append(message.text) if "Content Security" in message.text else None,
    )
    return mine
