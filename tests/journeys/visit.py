"""Somebody of the cast at our pages: with cookies, without script, in either language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any


@dataclass
class Page:
    """What came back: its text as people read it, and its forms as a browser would send them."""

    status: int
    url: str
    html: str
    headers: Any

    @property
    def text(self) -> str:
        body = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", self.html)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&nbsp;", " ")

    @property
    def name(self) -> str:
        found = re.search(r'data-page="([^"]*)"', self.html)
        return found[1] if found else ""

    def form(self, action: str = "") -> dict[str, str]:
        """Names and values of the first form that goes to ``action`` (any but a search, when empty)."""
        reader = _Forms()
        reader.feed(self.html)
        return next(
            fields for to, fields in reader.forms if (to.endswith(action) if action else to != "/find")
        )

    def form_with(self, name: str) -> dict[str, str]:
        """The first form that has this field."""
        reader = _Forms()
        reader.feed(self.html)
        return next(fields for _, fields in reader.forms if name in fields)


class _Forms(HTMLParser):
    """Reads forms: text, hidden, chosen boxes, text areas and lists."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._area = ""
        self._list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append((at.get("action", ""), {}))
        if not self.forms:
            return
        fields = self.forms[-1][1]
        if tag == "input" and at.get("name") and at.get("type") != "file":
            if at.get("type") not in ("radio", "checkbox") or "checked" in at:
                fields[at["name"]] = at.get("value", "")
        elif tag == "textarea":
            self._area = at["name"]
            fields[self._area] = ""
        elif tag == "select":
            self._list = at["name"]
            fields[self._list] = ""
        elif tag == "option" and "selected" in at:
            fields[self._list] = at.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area and self.forms:
            self.forms[-1][1][self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


class Visit:
    """One browser of one person."""

    def __init__(self, token: str = "", lang: str = "zh") -> None:
        from django.test import Client

        self.token = token
        self._client = Client(SERVER_NAME="localhost")
        self._client.cookies["doorstep_lang"] = lang
        if token:
            self._client.cookies["doorstep_session"] = token

    def get(self, path: str) -> Page:
        """Open a page, following where it leads."""
        return self._page(self._client.get(path, follow=True), path)

    def post(self, path: str, data: dict[str, Any], follow: bool = True) -> Page:
        """Send a form, following where it leads unless it leads away from us."""
        return self._page(self._client.post(path, data, follow=follow), path)

    @staticmethod
    def _page(response: Any, path: str) -> Page:
        chain = getattr(response, "redirect_chain", [])
        url = chain[-1][0] if chain else path
        kind = response.headers.get("Content-Type", "")
        html = response.content.decode() if "html" in kind else ""
        return Page(response.status_code, url, html, response.headers)
