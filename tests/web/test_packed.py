"""Answers go out packed to whoever can unpack them, and mean the same."""

from __future__ import annotations

import gzip
import re

import pytest

pytestmark = pytest.mark.usefixtures("cast")


@pytest.mark.parametrize(
    "address", ["/find", "/static/doorstep/kit.css", "/api/v1/items", "/static/doorstep/emblem.svg"]
)
def test_A01_text_goes_out_packed_to_a_third_and_says_the_same(address: str) -> None:
    from django.test import Client

    def asked(**more: str) -> tuple[bytes, dict[str, str]]:
        answer = Client(headers={"host": "localhost", **more}).get(address)
        body = b"".join(answer) if answer.streaming else answer.content
        return body, dict(answer.headers)

    plain, head = asked()
    packed, told = asked(**{"accept-encoding": "gzip, br"})
    same = _bare(gzip.decompress(packed)) == _bare(
        plain
    )  # apart: megabytes that differ would be compared for minutes
    assert same and told["Content-Encoding"] == "gzip"
    assert len(packed) < (len(plain) // 3 if len(plain) > 1000 else 1000)
    assert (
        "Content-Encoding" not in head
        and "Accept-Encoding" in told["Vary"]
        and "Accept-Encoding" in head["Vary"]
    )
    assert told.get("Content-Length", str(len(packed))) == str(len(packed)) and "ETag" not in told
    assert told["Content-Security-Policy"] == head["Content-Security-Policy"]


def _bare(page: bytes) -> bytes:
    """Without what is new at each request."""
    return re.sub(rb'value="[^"]{20,}"', b"", page)
