"""An item through our pages in a real browser: whoever brings it fills in its form with an example's answers, at the portal, a
window, an outlet or a kiosk; then each officer does theirs at the desk. What other systems answer is played beside the pages.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.journeys.browser import Phone

if TYPE_CHECKING:
    from doorstep.sim.staff import Staff
    from tests.regions.lived import Brought

_FILL = """(told) => { for (const el of document.querySelectorAll('main [name]')) {
  const value = told[el.name];
  if (value === undefined || el.type === 'hidden' || el.type === 'file' || el.tagName === 'BUTTON') continue;
  if (el.type === 'radio' || el.type === 'checkbox') el.checked = el.value === value;
  else el.value = value;
} }"""
_PATHS = {"received": "intake", "hand_out": "hand-out", "branch": "asked"}
_TURNS = 16


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Our pages over HTTP, in this process and on its database."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet)
    was, settings.PUBLIC_URL = settings.PUBLIC_URL, f"http://localhost:{server.server_port}"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser's driver has a loop of its own in this thread
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield settings.PUBLIC_URL
    finally:
        connections.close_all()  # within the driver's loop this thread has connections of its own
        settings.PUBLIC_URL = was
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
        server.shutdown()
        server.server_close()


@dataclass
class Browsed:
    """One item of one person: ``life`` has people and answers, ``page`` is the one browser that all of them use in turn."""

    page: Any
    url: str
    staff: Staff
    life: Brought
    photo: Path
    told: dict[str, str] = field(default_factory=dict)

    def sit(self, login: str) -> None:
        """Somebody else sits down."""
        with self.staff.enter(login):
            token = self.staff.tokens[login]
        self.page.context.clear_cookies()
        cookie = {"name": "doorstep_session", "value": token, "url": self.url}
        self.page.context.add_cookies([cookie])

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    @property
    def shown(self) -> str:
        return str(self.page.get_attribute("main", "data-page"))

    def press(self, selector: str) -> None:
        """Press what leads to another page."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def said(self) -> str:
        """What the page complains of."""
        return " ".join(self.page.inner_text("main").split())[:600]

    def sound(self) -> None:
        """Nothing is wrong with the page for those who do not see it, and nothing hangs out of it."""
        seen = Phone(self.url, self.page)
        assert (seen.faults(), seen.overflow()) == ([], 0)

    # ---- bringing it ----

    def bring(self) -> None:
        """From the first page to what says that it was received."""
        self.told = _typed(self.life)
        self.sit(self.life.login)
        channel = self.life.example["channel"]
        if channel == "online":
            self.open(f"/apply/{self.life.of.code}")
            self._pages()
        elif self.life.x.kind == "kiosk":
            self._at_kiosk()
        elif channel in ("agent", "partner"):
            self._at_outlet()
        else:
            self._at_window()

    def _pages(self) -> None:
        """The pages of the form, and sending it."""
        for _ in range(_TURNS):
            if self.shown != "apply":
                break
            self._fill()
            self.press(".form-do [data-verb=save_draft]")
        assert self.shown == "review", f"{self.shown}: {self.said()}"
        self.press("[data-verb=open_matter]")

    def _fill(self, prefix: str = "") -> None:
        """All that the page asks, files too; a row more where the answers have one."""
        while more := self._row_wanted():
            self.page.evaluate(_FILL, self.told)
            self.press(f"button[name=more][value='{more}']")
        for _ in range(_TURNS):
            self.page.evaluate(_FILL, self.told)
            files = [one for one in self.page.query_selector_all("main input[type=file][data-send-now]")
                     if prefix or one.get_attribute("data-send-now") in self.told]  # fmt: skip
            if not files:
                return
            with self.page.expect_navigation():
                files[0].set_input_files(str(self.photo))

    def _row_wanted(self) -> str:
        for button in self.page.query_selector_all("main button[name=more]"):
            pointer = str(button.get_attribute("value"))
            rows = {
                name[len(pointer) + 1 :].partition("/")[0]
                for name in self.told
                if name.startswith(pointer + "/")
            }
            there = self.page.evaluate(
                "p => new Set([...document.querySelectorAll('main [name]')].filter(e => e.name.startsWith(p + '/'))"
                ".map(e => e.name.slice(p.length + 1).split('/')[0])).size",
                pointer,
            )
            if len(rows) > there:
                return pointer
        return ""

    def _person(self) -> None:
        person = self.life.person
        self.page.fill("#name", person.name)
        self.page.fill("#id_no", person.id_no)

    def _at_kiosk(self) -> None:
        self.open("/outlets/kiosk")
        self.press(f"[data-item='{self.life.of.code}'] a")
        person = {"name": self.life.person.name, "id_no": self.life.person.id_no}
        with self.page.expect_navigation():  # as the bridge does it when a card was read
            self.page.evaluate(
                """(card) => { const form = document.getElementById('by-card');
                for (const [name, value] of Object.entries(card)) form.elements[name].value = value;
                form.elements.id_no.dispatchEvent(new Event('change', {bubbles: true})); }""",
                person,
            )
        self.sound()
        self._pages()
        assert self.shown == "kiosk_sent", self.said()
        self.sound()
        assert person["id_no"] not in self.page.content() and person["name"] not in self.page.content()

    def _at_outlet(self) -> None:
        self.open(f"/outlets/begin/{self.life.of.code}")
        self._person()
        self.page.check("input[name=agreed][value=sheet]")
        self.page.set_input_files("#proof", str(self.photo))
        self.sound()
        self.press("[data-verb=begin_errand]")
        self._pages()
        assert self.shown == "outlet_matter", self.said()
        self.sound()

    def _at_window(self) -> None:
        self.open("/counter/")
        if self.page.locator("select[name=point]").count():
            self.page.select_option("select[name=point]", self.life.x.code)
        self._person()
        self.press("[data-verb=identify]")
        self.page.fill("#add", self.life.of.code)
        self.press(".add-item [data-verb=add_item]")
        code = self.life.of.code
        self.told = {f"{code}{name}": value for name, value in self.told.items()}
        for _ in range(4):
            self.page.evaluate(
                "() => document.querySelectorAll('input[name^=\"seen:\"]').forEach(e => e.checked = true)"
            )
            self._fill("paper:")
            self.page.evaluate(
                "() => document.querySelectorAll('input[name^=\"seen:\"]').forEach(e => e.checked = !e.name.endsWith('ON-PAPER'))"
            )
            self.press("[data-verb=open_matter]")
            if self.page.url.endswith("/receipt"):
                return
        raise AssertionError(self.said())

    # ---- doing it ----

    def at_desk(
        self, login: str, matter_id: Any, step: Any, outcome: str, written: Mapping[str, Any]
    ) -> None:
        """An officer does one step at the desk where it waits."""
        from doorstep.web.questions import pairs_from

        self.sit(login)
        self.open(f"/counter/{_PATHS.get(step.by, 'desk')}/{matter_id}")
        choice = self.page.locator(f"input[name=outcome][value={outcome}][type=radio]")
        if choice.count():
            choice.check()
        told = _days(dict(pairs_from(dict(written))))
        self.page.evaluate(_FILL, told)
        self.page.evaluate(
            "() => document.querySelectorAll('input[name=confirm]').forEach(e => e.checked = true)"
        )
        self.press("#decide [data-verb=act]")


def _typed(life: Brought) -> dict[str, str]:
    """The answers as a form has them: each by its pointer, a day by its three boxes."""
    from doorstep.web.questions import pairs_from

    return _days(dict(pairs_from(life.data)))


def _days(told: dict[str, str]) -> dict[str, str]:
    found = dict(told)
    for name, value in told.items():
        parts = value.split("-")
        if len(parts) == 3 and [len(one) for one in parts] == [4, 2, 2]:
            found |= {f"{name}.{key}": str(int(one)) for key, one in zip("ymd", parts, strict=True)}
    return found
