"""Somebody at the pages of a running town: real HTTP with cookies and forms, no script and no browser."""

from __future__ import annotations

import http.client
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.journeys.visit import Page


@dataclass
class Sitting:
    """One person's browser. ``token`` is a session's; pages are Chinese."""

    url: str
    token: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Page:
        """Open a page, following where it leads inside the town."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: dict[str, Any], files: dict[str, bytes] | None = None) -> Page:
        """Send a form and follow. Without a token of its own it gets that of the cookie."""
        told = {"csrfmiddlewaretoken": self.cookies.get("doorstep_csrf", "")} | form
        if files is None:
            body = urlencode(told, doseq=True).encode()
            return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        line = uuid.uuid4().hex
        parts = [_part(line, f'name="{name}"', str(value).encode()) for name, value in told.items()]
        parts += [
            _part(line, f'name="{name}"; filename="scan.jpg"', content, "Content-Type: image/jpeg\r\n")
            for name, content in files.items()
        ]
        kind = {"Content-Type": f"multipart/form-data; boundary={line}"}
        return self._ask("POST", path, b"".join(parts) + f"--{line}--\r\n".encode(), kind)

    def file(self, path: str) -> bytes:
        """The bytes of what lies there. Asserts that it is shown."""
        status, _, raw = self._send("GET", path, None, {})
        assert status == 200, f"{path}: {status}"
        return raw

    def _ask(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> Page:
        for _ in range(6):
            status, headers, raw = self._send(method, path, body, more)
            there = urlsplit(headers.get("Location") or "")
            if status not in (301, 302, 303) or (there.netloc and there.netloc != urlsplit(self.url).netloc):
                return Page(status, headers.get("Location") or path, raw.decode(errors="replace"), headers)
            method, path, body, more = "GET", there._replace(scheme="", netloc="").geturl(), None, {}
        raise AssertionError(f"{path} leads round and round")

    def _send(
        self, method: str, path: str, body: bytes | None, more: dict[str, str]
    ) -> tuple[int, Any, bytes]:
        link = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        kept = {"doorstep_lang": "zh", **self.cookies, "doorstep_session": self.token}
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in kept.items()), "Origin": self.url, **more}
        try:
            link.request(method, path.partition("#")[0], body, headers)
            answer = link.getresponse()
            raw = answer.read()
        finally:
            link.close()
        for one in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = one.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value
        return answer.status, answer.headers, raw


def _part(line: str, named: str, content: bytes, more: str = "") -> bytes:
    head = f"--{line}\r\nContent-Disposition: form-data; {named}\r\n{more}\r\n"
    return head.encode() + content + b"\r\n"


def told(page: Page, pattern: str) -> str:
    """What a page says at a pattern. Asserts that it does."""
    found = re.search(pattern, page.html)
    assert found, f"{pattern} is not on {page.url} ({page.status}): {page.text[:400]}"
    return found[1]
