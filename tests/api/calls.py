"""The cast asking over HTTP, as a program would."""

from __future__ import annotations

import io
import json
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.cast import Cast

PEOPLE = (
    "resident",
    "neighbour",
    "clerk",
    "clerk2",
    "approver",
    "other_station",
    "supervisor",
    "auditor",
    "gone",
)


@dataclass(frozen=True)
class Caller:
    """One person with a token, or nobody in particular if it is empty."""

    role: str
    token: str = ""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send one request to /api/v1 (or to an absolute path). A POST carries a fresh Idempotency-Key; "" sends none."""
        from django.test import Client

        sent = {"Accept-Language": "zh", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if method == "POST" and key != "":
            sent["Idempotency-Key"] = key or fresh()
        media = sent.pop("Content-Type", "application/json")
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return Client(raise_request_exception=False, SERVER_NAME="localhost").generic(
            method, address, _bytes(body), content_type=media, headers=sent
        )

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("POST", path, {} if body is None else body, **more)

    def upload(self, content: bytes, media: str = "image/jpeg", **more: Any) -> Any:
        """Send a file as the bare body."""
        return self.post("files", content, headers={"Content-Type": media}, **more)


class Calls:
    """Everybody by role as an attribute, and one matter made or moved on in a line."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.people = {role: Caller(role, cast[role].token) for role in PEOPLE}
        self.people["nobody"] = Caller("nobody")

    def __getattr__(self, role: str) -> Caller:
        try:
            return self.people[role]
        except KeyError:
            raise AttributeError(role) from None

    def card(self, role: str = "resident", **changed: Any) -> dict[str, Any]:
        """The body of a sound application: taken at X, decided by Y, handed out at Z."""
        data = self.cast.card(role, **changed)
        body: dict[str, Any] = {"item": "HZ-078", "point": "HW-1", "hand_out": "HALL-1", "data": data}
        if role != "resident":
            body["parties"] = [{"role": "applicant", **data["applicant"]}]
            body["parties"][0]["phone"] = body["parties"][0].pop("mobile")
        return body

    def opened(self, role: str = "resident", **changed: Any) -> dict[str, Any]:
        """What the API acknowledged when this person opened a matter."""
        answer = self.people[role].post("matters", self.card(role, **changed))
        assert answer.status_code == 201, answer.content.decode()
        made: dict[str, Any] = answer.json()
        return made

    def act(self, role: str, matter: dict[str, Any], step: str, outcome: str = "done", **more: Any) -> Any:
        return self.people[role].post(
            f"matters/{matter['id']}/act", {"step": step, "outcome": outcome, **more}
        )

    def granted(self, *, handed_out: bool = True) -> dict[str, Any]:
        """A matter taken the whole way, its paper made."""
        made = self.opened()
        way = [("clerk", "intake", "done"), ("approver", "review", "approve"), ("approver", "issue", "done")]
        for role, step, outcome in [*way, *([("clerk2", "hand_out", "done")] if handed_out else [])]:
            answer = self.act(role, made, step, outcome)
            assert answer.status_code == 200, answer.content.decode()
        return made


def fresh() -> str:
    """A request id that nobody used."""
    return secrets.token_hex(8)


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()


def photo(tone: int = 200) -> bytes:
    """A small JPEG; another ``tone`` is another picture."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (60, 80), (tone, tone, tone)).save(out, "JPEG")
    return out.getvalue()


def is_problem(answer: Any, status: int, code: str = "") -> bool:
    """Is this a problem of RFC 9457 with this status and, if given, this code?"""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json", answer.headers["Content-Type"]
    assert {"type", "title", "status", "detail", "code", "errors"} <= set(body), body
    assert body["status"] == answer.status_code == status, (answer.status_code, body)
    assert not code or body["code"] == code, body
    assert all({"pointer", "detail"} <= set(error) for error in body["errors"])
    return True


def id_of(made: dict[str, Any]) -> UUID:
    return UUID(made["id"])
