"""A desk to test with: Django's own client with the session of one of the cast."""

from __future__ import annotations

import io
import random
import re
from dataclasses import dataclass
from typing import Any

from PIL import Image

_COUNT = iter(range(100, 100_000))


@dataclass
class Desk:
    """One person at a browser. ``post`` takes the fields of a form; ``files`` are (name, bytes)."""

    client: Any

    def get(self, address: str) -> Any:
        return self.client.get(address)

    def text(self, address: str) -> str:
        return str(self.client.get(address).content.decode())

    def post(self, address: str, *, files: dict[str, tuple[str, bytes]] | None = None, **fields: Any) -> Any:
        from django.core.files.uploadedfile import SimpleUploadedFile

        sent = {name: SimpleUploadedFile(*one) for name, one in (files or {}).items()}
        return self.client.post(address, {**fields, **sent})


def open_desk(token: str) -> Desk:
    """A browser in which the owner of ``token`` is signed in; Chinese."""
    from django.test import Client

    from doorstep.web.routes import SESSION_COOKIE

    client = Client(headers={"accept-language": "zh", "host": "localhost"})
    client.cookies[SESSION_COOKIE] = token
    return Desk(client)


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 210, 220)).save(out, "JPEG")
    return out.getvalue()


SCAN = ("scan.jpg", _picture())


def told(page: str, pattern: str) -> str:
    """What a page says at a pattern."""
    found = re.search(pattern, page)
    assert found, f"{pattern} is not on the page"
    return found.group(1)


def hidden(page: str) -> dict[str, Any]:
    """The hidden fields of the form of a case."""
    names = ("request_id", "version", "step")
    return {name: told(page, rf'name="{name}" value="([^"]*)"') for name in names}


def id_number() -> str:
    """A sound identity number of division 99 that no other test uses."""
    from doorstep.rulebook.ids import check_character

    chance = random.Random(next(_COUNT))
    born = f"{chance.randint(1950, 2004)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"
    body = f"990102{born}{chance.randint(0, 999):03d}"
    return body + check_character(body)
