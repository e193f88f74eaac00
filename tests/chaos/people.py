"""Residents, clerks and approvers who go on whatever dies: they send again, with the same key, until they are answered."""

from __future__ import annotations

import http.client
import io
import json
import random
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from tests.chaos.ledger import Asked, Ledger

API = "/api/v1"
_GIVE_UP = 0.25
"""The share of people who, left without an answer, go away and never send it again."""


@dataclass(frozen=True)
class Cast:
    """Who is signed in, and the codes of the places they use."""

    tokens: dict[str, str]
    persons: dict[str, dict[str, Any]]
    taken_at: str
    decided_by: str
    handed_out_at: str


class Caller:
    """One person after another on one connection. ``stop`` ends the work at the next quiet moment."""

    def __init__(self, url: str, cast: Cast, ledger: Ledger, seed: int, stop: threading.Event) -> None:
        self._address = urlsplit(url).netloc
        self._cast, self._ledger, self._stop = cast, ledger, stop
        self._chance = random.Random(seed)
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Matters, one after the other, until told to stop."""
        while not self._stop.wait(0.02):
            if self._chance.random() < 0.3:
                self._let_home()
            else:
                self._temporary_card()

    def _temporary_card(self) -> None:
        """Photograph, application, intake, decision, making, handing out, rating: who does it decides the way."""
        resident = self._chance.choice(["resident", "neighbour"])
        photo = self._upload(resident, "PHO")
        if photo is None:
            return
        data = {
            "applicant": self._cast.persons[resident],
            "household": {"address": "橘园路 12 号", "station": self._cast.decided_by},
            "reason": "lost", "photo": photo, "pick_up": {"point": self._cast.handed_out_at},
        }  # fmt: skip
        matter = self._open(resident, "HZ-078", data)
        plan = [("clerk", "intake", "done"), ("approver", "review", "approve"), ("approver", "issue", "done"),
                ("clerk", "hand_out", "done")]  # fmt: skip
        for login, step, outcome in plan:
            if matter is None or not self._act(login, matter, step, outcome):
                return
        if matter:
            self._rate(resident, matter)

    def _let_home(self) -> None:
        """A landlord's own entry: registered at once, with a paper."""
        owner = self._chance.choice(["resident", "neighbour"])
        title = self._upload(owner, "PRO")
        if title is None:
            return
        tenant = {"name": "许念", "id_no": self._cast.persons["resident"]["id_no"], "from": "2026-03-01"}
        home = {"address": "柳溪街 3 号", "station": self._cast.decided_by, "right": "owner", "title": title}
        self._open(
            owner, "HZ-106", {"landlord": self._cast.persons[owner], "home": home, "tenants": [tenant]}
        )

    def _upload(self, login: str, material: str) -> str | None:
        one = self._new(login, "upload", f"/files?material={material}")
        answer = self._until_answered(one, picture(self._chance.randrange(10**6)), "image/jpeg")
        return str(answer["id"]) if answer else None

    def _open(self, login: str, item: str, data: dict[str, Any]) -> str | None:
        one = self._new(login, "open", "/matters")
        body = {"item": item, "point": self._cast.taken_at, "data": data}
        answer = self._until_answered(one, json.dumps(body).encode())
        return str(answer["id"]) if answer else None

    def _act(self, login: str, matter: str, step: str, outcome: str) -> bool:
        one = self._new(login, "act", f"/matters/{matter}/act", matter, step, outcome)
        return self._until_answered(one, json.dumps({"step": step, "outcome": outcome}).encode()) is not None

    def _rate(self, login: str, matter: str) -> None:
        one = self._new(login, "rate", f"/matters/{matter}/rating", matter)
        body = {"level": self._chance.randint(1, 5), "text": "谢谢"}
        self._until_answered(one, json.dumps(body).encode())

    def _new(
        self, login: str, verb: str, path: str, matter: str = "", step: str = "", outcome: str = ""
    ) -> Asked:
        key = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        return self._ledger.new(Asked(key, login, verb, path, matter, step, outcome))

    def _until_answered(
        self, one: Asked, body: bytes, media: str = "application/json"
    ) -> dict[str, Any] | None:
        """Sends, and sends again with the same key. None: gave up, or was refused."""
        bodies[one.key] = (body, media)
        while True:
            if self.send(one, body, media):
                return one.answer
            if one.told:
                return None
            if one.unanswered and self._chance.random() < _GIVE_UP:
                one.abandoned = True
                return None
            if self._stop.wait(0.1) and one.tries > 200:
                return None

    def send(self, one: Asked, body: bytes, media: str) -> bool:
        """Once. True if it was acknowledged; a refusal, which nothing here should meet, goes into ``told``."""
        self._ledger.begins(one)
        try:
            status, headers, raw = self._exchange(one, body, media)
        except (
            ConnectionRefusedError
        ):  # nobody there: not a byte was sent, so nobody wonders what became of it
            self._hang_up()
            self._stop.wait(0.2)
            return False
        except (OSError, http.client.HTTPException):
            self._hang_up()
            one.unanswered += 1
            return False
        finally:
            self._ledger.ends(one)
        one.status = status
        if status >= 500 or status == 425:
            one.unanswered += 1
            return False
        if status >= 400:
            one.told = f"{status} {raw[:300].decode(errors='replace')}"
            with self._ledger.lock:
                self._ledger.unexpected.append(
                    f"{one.verb} {one.step} {one.path} (try {one.tries}): {one.told}"
                )
            return False
        one.replayed = headers.get("Idempotent-Replay") == "true"
        one.answer = json.loads(raw)
        return True

    def _exchange(self, one: Asked, body: bytes, media: str) -> tuple[int, Any, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address, timeout=20)
        headers = {
            "Authorization": f"Bearer {self._cast.tokens[one.login]}", "Idempotency-Key": one.key,
            "Content-Type": media, "Accept-Language": "en",
        }  # fmt: skip
        self._connection.request("POST", API + one.path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def _hang_up(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


bodies: dict[str, tuple[bytes, str]] = {}
"""What was sent under each key, for those who come back later."""


def picture(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (160, 200), (number % 256, number // 256 % 256, 120)).save(out, "JPEG")
    return out.getvalue()


def sign_in(url: str, login: str, password: str) -> str:
    """A session's token, as a client of the API gets it."""
    until = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        try:
            body = json.dumps({"login": login, "password": password})
            connection.request("POST", f"{API}/session", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            raw = answer.read()
            if answer.status in (200, 201):
                return str(json.loads(raw)["token"])
            if time.monotonic() > until:
                raise AssertionError(f"{login} cannot sign in: {answer.status} {raw[:300]!r}")
        except OSError:
            if time.monotonic() > until:
                raise
        finally:
            connection.close()
        time.sleep(0.2)
