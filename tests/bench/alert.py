"""From a call to the alert on every telephone: a running town, three crews' telephones on live lines of their own, by the API.

    python -m tests.bench.alert [calls]

A telephone does what its page does: it listens to the stream, asks for its calls when it hears something, and has the alert when
what it asked for has come. Times count from the answer to the sending. At the last call one telephone is cut off and nobody
presses: how long until the operator has it that somebody else must go, who is advised, and that this one is alerted.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import http.cookiejar
import json
import re
import socket
import statistics
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.people import API, sign_in
from tests.running import Doorstep, quiet_port

CREWS = ("officer", "other_station", "supervisor")
"""Three of the cast that may ride in a duty unit, each of another unit of the force."""
BAR_S = 1.0
MINE = "/command/calls/mine?part=1"


class Desk:
    """A session of somebody at the API and the pages."""

    def __init__(self, town: Doorstep, role: str) -> None:
        logins = {one["role"]: one for one in json.loads((town.data / "demo.json").read_text())}
        self.role, self._url = role, town.url
        self.token = sign_in(town.url, logins[role]["login"], logins[role]["password"])
        self._jar = http.cookiejar.CookieJar()
        self._pages = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._pages.addheaders = [("Accept-Language", "en")]

    def ask(self, path: str, body: Any = None, key: str = "") -> Any:
        """GET, or POST with a key of its own."""
        asked = urllib.request.Request(
            self._url + API + path, headers={"Authorization": f"Bearer {self.token}"}
        )
        if body is not None:
            asked.data = json.dumps(body).encode()
            asked.add_header("Content-Type", "application/json")
            asked.add_header("Idempotency-Key", key or str(uuid.uuid4()))
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return json.load(answer)

    def page(self, path: str, form: dict[str, str] | None = None) -> str:
        """A page as a browser gets it, or a form of it sent."""
        data = urllib.parse.urlencode(form).encode() if form else None
        asked = urllib.request.Request(self._url + path, data=data)
        given = "; ".join(f"{one.name}={one.value}" for one in self._jar)
        asked.add_header("Cookie", f"doorstep_session={self.token}; {given}")
        asked.add_header("Referer", self._url + path)
        with self._pages.open(asked, timeout=20) as answer:
            return str(answer.read().decode())

    def press(self, path: str, **form: str) -> str:
        """Sends a form with the mark of the page against forgery."""
        mark = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page(path))
        return self.page(path, {"csrfmiddlewaretoken": mark[1] if mark else "", **form})

    def call(self, words: str = "听到门锁被撬", **more: Any) -> str:
        """A call is taken."""
        body = {
            "kind": "XJ-001",
            "said": {"words": words, "place": "柳溪街 18 号"},
            "lon": 118.041,
            "lat": 36.799,
        }
        return str(self.ask("/calls", body | more)["id"])

    def send(self, call: str, units: list[int], key: str = "") -> None:
        self.ask(f"/calls/{call}/send", {"units": units, "why": "test"}, key)

    def end(self, call: str) -> None:
        """Everybody is called back, and it is closed."""
        with contextlib.suppress(OSError):
            self.ask(f"/calls/{call}/recall", {"why": "test"})
        self.ask(f"/calls/{call}/close", {"result": "test"})

    def one(self, call: str) -> Any:
        return next(one for one in self.ask("/calls")["calls"] if one["id"] == call)


@dataclass
class Phone:
    """The telephone of a crew: when it had which call, and in what order calls came."""

    desk: Desk
    town: Doorstep
    unit: int = 0
    had: dict[str, float] = field(default_factory=dict)
    line: socket.socket | None = None
    _said: threading.Condition = field(default_factory=threading.Condition)
    _heard: threading.Event = field(default_factory=threading.Event)
    _off: threading.Event = field(default_factory=threading.Event)

    def on(self) -> Phone:
        """Signs on if need be, and opens its line."""
        if "data-start" not in self.desk.page("/command/duty"):
            choice = re.search(
                r'<option value="(\d+)"|name="unit" value="(\d+)"', self.desk.page("/command/duty")
            )
            assert choice, f"no unit to sign on to for {self.desk.role}"
            self.desk.press(
                "/command/duty", do="on", unit=choice[1] or choice[2], request_id=uuid.uuid4().hex
            )
        found = re.search(r'name="unit" value="(\d+)"', self.desk.page("/command/duty"))
        assert found, f"{self.desk.role} is on no duty"
        self.unit = int(found[1])
        self.listen()
        return self

    def listen(self) -> None:
        self._off.clear()
        opened = threading.Event()
        threading.Thread(target=self._listen, args=(opened,), daemon=True).start()
        threading.Thread(target=self._look, daemon=True).start()
        assert opened.wait(20), "no line"

    def cut(self) -> None:
        """The line breaks, and the telephone asks for nothing any more."""
        self._off.set()
        self._heard.set()
        if self.line:
            with contextlib.suppress(OSError):
                self.line.shutdown(socket.SHUT_RDWR)

    def wait(self, call: str, seconds: float) -> float | None:
        """When it had this call; None if it did not come in time."""
        with self._said:
            self._said.wait_for(lambda: call in self.had, seconds)
            return self.had.get(call)

    def _listen(self, opened: threading.Event) -> None:
        """As a browser does: a line that breaks is opened again after two seconds, and then the page asks at once."""
        while not self._off.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
                port = json.loads((self.town.data / "running.json").read_text())["stream_port"]
                asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                asking.request("GET", "/stream", headers={"Cookie": f"doorstep_session={self.desk.token}"})
                self.line = asking.sock
                answer = asking.getresponse()
                if answer.status == 200:
                    opened.set()
                    self._heard.set()
                    for raw in iter(answer.readline, b""):
                        if raw.startswith(b"event: matter"):
                            self._heard.set()
                        if self._off.is_set():
                            break
            self._off.wait(2)

    def _look(self) -> None:
        while not self._off.is_set():
            self._heard.wait(10)
            self._heard.clear()
            if self._off.is_set():
                return
            try:
                found = re.findall(r'data-matter="([0-9a-f-]+)"', html.unescape(self.desk.page(MINE)))
            except OSError:
                self._off.wait(0.5)
                self._heard.set()
                continue
            with self._said:
                now = time.monotonic()
                for one in found:
                    self.had.setdefault(one, now)
                self._said.notify_all()


def crews(town: Doorstep) -> list[Phone]:
    """Three telephones on duty, their lines open."""
    return [Phone(Desk(town, role), town).on() for role in CREWS]


def alerted(desk: Desk, phones: list[Phone]) -> tuple[str, float, list[float | None]]:
    """One call for all of them: its id, seconds from the taking to the answer to the sending, seconds from there to each alert."""
    began = time.monotonic()
    call = desk.call()
    desk.send(call, [phone.unit for phone in phones])
    sent = time.monotonic()
    heard = [phone.wait(call, 10) for phone in phones]
    return call, sent - began, [None if at is None else at - sent for at in heard]


def replaced(desk: Desk, phones: list[Phone], patience: float = 120) -> dict[str, Any]:
    """One telephone is cut off and silent: when somebody else has to go, who is advised, and when that one has the alert."""
    silent, *others = phones
    silent.cut()
    call = desk.call()
    began = time.monotonic()
    desk.send(call, [silent.unit])
    while not desk.one(call)["waits"]:
        assert time.monotonic() - began < patience, "nobody noticed the silence"
        time.sleep(0.2)
    noticed = time.monotonic() - began
    page = desk.page("/command/dispatch")
    forms = [part for part in page.split("<form")[1:] if call in part.partition("</form>")[0]]
    units = [int(one) for one in re.findall(r'name="unit" value="(\d+)"', forms[0] if forms else "")]
    chosen = next((phone for phone in others if phone.unit in units), others[0])
    desk.send(call, [chosen.unit])
    sent = time.monotonic()
    at = chosen.wait(call, 10)
    stands = desk.one(call)
    return {
        "noticed_s": round(noticed, 2), "advised": units, "silent": silent.unit, "sent": chosen.unit,
        "alerted_s": None if at is None else round(at - sent, 3),
        "late": {str(one["unit"]): one["late"] for one in stands["sent"]}, "silent_heard": call in silent.had,
    }  # fmt: skip


def main(calls: int) -> int:
    """Measures, writes one JSON object; 1 if an alert took longer than the bar or did not come."""
    town = Doorstep(
        "demo", env={"DOORSTEP_DURABLE": "1", "DOORSTEP_WEB_WORKERS": "", "DOORSTEP_PORT": quiet_port()}
    )
    try:
        town.start(300)
        desk, phones = Desk(town, "dispatcher"), crews(town)
        last, took = [], []
        for _ in range(calls):
            call, took_s, waits = alerted(desk, phones)
            took.append(took_s)
            last.append(max(10.0 if one is None else one for one in waits))
            desk.end(call)
        told: dict[str, Any] = {
            "calls": calls, "telephones": len(phones), "take_and_send_s": round(statistics.median(took), 3),
            "last_of_three_s": _spread(last), "from_the_first_key_s": _spread([a + b for a, b in zip(last, took, strict=True)]),
            "silence": replaced(desk, phones),
        }  # fmt: skip
    finally:
        town.remove()
    told["pass"] = told["last_of_three_s"]["max"] <= BAR_S
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return int(not told["pass"])


def _spread(found: list[float]) -> dict[str, float]:
    ordered = sorted(found)
    at = {"p50": ordered[len(ordered) // 2], "p99": ordered[int(len(ordered) * 0.99)], "max": ordered[-1]}
    return {name: round(value, 3) for name, value in at.items()}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 60))
