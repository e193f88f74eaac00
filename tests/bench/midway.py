"""Somebody in the middle of something, made a moment before their page is measured: a code on the telephone, an errand at a kiosk,
a call to make. What nobody can be brought into by pages alone is not here; `tests.bench.pages` names it.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doorstep.rulebook import pack
from tests.chaos.people import picture
from tests.journeys.examples import Examples, Guest, Hand, person_of
from tests.journeys.sitting import Sitting
from tests.running import Doorstep

ITEM = "HZ-088"
_ME = {"name": "柳如初", "id_no": "990101199003071288"}


@dataclass
class Middle:
    """Addresses of one page as somebody has it open who is in the middle of something; the cookies of their browser beside."""

    addresses: tuple[str, ...]
    cookies: dict[str, str] = field(default_factory=dict)


@dataclass
class People:
    """Who can be brought into the middle of something in a running town."""

    town: Doorstep
    examples: Examples

    def of(self, route: str, guest: Guest) -> Middle | None:
        """How this person has this page open; None if nobody knows how, or they never have it."""
        make = WAYS.get((route, guest.role)) or (WAYS.get((route, "")) if guest.kind == "anonymous" else None)
        return make(self, guest) if make else None

    @property
    def hand(self) -> Hand:
        return Hand(self.town.url, {g.role: g.token for g in self.examples.guests if g.token})

    def sits(self, guest: Guest) -> Sitting:
        return Sitting(self.town.url, guest.token)

    def text_to(self, number: str) -> str:
        """The last text message that a telephone got."""
        told = json.loads((self.town.data / "running.json").read_text())["children"]["carrier"]
        port = re.search(r"--port\0(\d+)", Path(f"/proc/{told['pid']}/cmdline").read_text())
        until = time.monotonic() + 20
        while port and time.monotonic() < until:
            link = http.client.HTTPConnection(f"127.0.0.1:{port[1]}", timeout=10)
            link.request("GET", "/messages")
            found = [
                one["text"] for one in json.loads(link.getresponse().read()) if one["to"].endswith(number)
            ]
            if found:
                return str(found[0])
            time.sleep(0.3)
        raise AssertionError("no text message came")


def _account(way: str, far: bool) -> Callable[[People, Guest], Middle]:
    """With a code that was asked for, or one that was typed already (``far``)."""

    def begun(people: People, _guest: Guest) -> Middle:
        sits, number = Sitting(people.town.url, ""), f"199{secrets.randbelow(10**8):08d}"
        sits.get(f"/accounts/{way}")
        page = sits.post(f"/accounts/{way}", {**_ME, "phone": number})
        assert page.url.endswith(f"/accounts/{way}/code"), page.text[:300]
        if not far:
            return Middle((f"/accounts/{way}/code",), sits.cookies)
        code = re.search(r"\d{6}", people.text_to(number))
        page = sits.post(f"/accounts/{way}/code", {"code": code[0] if code else ""})
        assert page.url.endswith(f"/accounts/{way}/password"), page.text[:300]
        return Middle((f"/accounts/{way}/password",), sits.cookies)

    return begun


def _errand(people: People, guest: Guest, sent: bool, *, read: bool = False) -> str:
    """A form that is filled in for whoever is there, ``read`` to its end, or sent: the address it stands at."""
    sits, at_kiosk = people.sits(guest), guest.kind == "kiosk"
    there = f"/outlets/kiosk/begin/{ITEM}" if at_kiosk else f"/outlets/begin/{ITEM}"
    sits.get(there)
    page = sits.post(
        there, {**_ME, "agreed": "sheet", "go": "next"}, None if at_kiosk else {"/proof.file": picture(9)}
    )
    base = page.url.rpartition("/apply/")[0]
    assert base, page.text[:300]
    found = pack.current(ITEM)
    example = next(one for one in found.raw["examples"] if "faults" not in one["expect"])
    data = json.loads(json.dumps(example["data"], default=str).replace("example-station", "AL-LJ-LX"))
    data |= {"applicant": {**data["applicant"], **_ME}}
    pages = [one.id for one in found.form.pages(data)]
    if not sent:
        return f"{base}/apply/{ITEM}/{pages[0]}"
    for one in pages:
        sits.post(f"{base}/apply/{ITEM}/{one}", {"go": "next", **_pairs(data)})
    if read:
        return f"{base}/send/{ITEM}"
    last = sits.get(f"{base}/send/{ITEM}")
    done = sits.post(f"{base}/send/{ITEM}", last.form_with("request_id"))
    assert "/outlets/" in done.url and done.status == 200, done.text[:300]
    return done.url


def _pairs(data: Any, at: str = "") -> dict[str, Any]:
    """Answers as a form sends them: each by its pointer."""
    if not isinstance(data, dict):
        return {at: data}
    return {k: v for name, one in data.items() for k, v in _pairs(one, f"{at}/{name}").items()}


def _page(people: People, guest: Guest) -> Middle:
    return Middle((_errand(people, guest, sent=False),))


def _sent(people: People, guest: Guest) -> Middle:
    there = _errand(people, guest, sent=True)
    if guest.kind == "outlet":
        found = re.search(r"/outlets/matter/[0-9a-f-]{36}", there + people.sits(guest).get("/outlets/").html)
        there = found[0] if found else there
    return Middle((there,))


def _read(people: People, guest: Guest) -> Middle:
    return Middle((_errand(people, guest, sent=True, read=True),))


def _calls_back(people: People, guest: Guest) -> Middle:
    """Somebody was not content and may be rung up."""
    told = {"level": 1, "text": "没人说清楚缺什么", "may_call": True}
    resident = next(one for one in people.examples.guests if one.role == "resident")
    ended = resident.parts["<uuid:matter_id>"][3]
    people.hand.ask("resident", "POST", f"/matters/{ended}/rating", told)
    page = people.sits(guest).get("/ratings/board").html
    found = re.findall(r"/ratings/call/[0-9a-f-]{36}", page)
    assert found, "nobody is to be rung up by this person"
    return Middle(tuple(found[:3]))


def _ring(people: People, guest: Guest) -> Middle:
    sits = people.sits(guest)
    sits.get("/ratings/ring")
    page = sits.post("/ratings/ring", {})
    assert "/ratings/ring/" in page.url, page.text[:300]
    return Middle((page.url,))


def _time(people: People, guest: Guest) -> Middle:
    """A time is to be chosen, by the person or at the window for them."""
    person = person_of(people.town)
    person = {name: person[name] for name in ("name", "id_no")}
    made = people.hand.ask("resident", "POST", "/matters", {
        "item": "ZH-014", "point": "HW-1",
        "data": {"applicant": person, "booking": {"for_what": "card", "help": "no"}, "pick_up": {"point": "HW-1"}},
    })["id"]  # fmt: skip
    return Middle((f"/appointments/{'matter' if guest.kind == 'resident' else 'window'}/{made}",))


def _code(people: People, guest: Guest) -> Middle:
    """A fee is to be paid by the code on the clerk's screen."""
    owing = guest.parts["pay.window <uuid:matter_id>"][0]
    sits = people.sits(guest)
    sits.get(f"/payments/window/{owing}")
    sits.post(f"/payments/window/{owing}", {"do": "code"})
    return Middle((f"/payments/window/{owing}/code.svg",))


WAYS: dict[tuple[str, str], Callable[[People, Guest], Middle]] = {
    ("accounts.new.code", ""): _account("new", far=False),
    ("accounts.new.password", ""): _account("new", far=True),
    ("accounts.forgot.code", ""): _account("forgot", far=False),
    ("outlets.page", "agent"): _page,
    ("kiosk.page", "kiosk"): _page,
    ("outlets.matter", "agent"): _sent,
    ("kiosk.sent", "kiosk"): _sent,
    ("kiosk.send", "kiosk"): _read,
    ("ratings_call", "supervisor"): _calls_back,
    ("ratings_ring_one", "supervisor"): _ring,
    ("appointment", "resident"): _time,
    ("appointment.window", "clerk"): _time,
    ("pay.code", "clerk"): _code,
}
