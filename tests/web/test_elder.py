"""Elder mode: remembered, fewer choices, and on each page a number to call and somebody to help."""

from __future__ import annotations

from typing import Any

from tests.cast import Cast


def test_A01_elder_mode_is_remembered_shows_less_and_offers_help_on_each_page(cast: Cast) -> None:
    from django.test import Client

    made: Any = Client(headers={"host": "localhost", "accept-language": "zh"})
    made.cookies["doorstep_session"] = cast["resident"].token
    plain = made.get("/").content.decode()
    assert "elder-help" not in plain
    large = made.get("/?mode=elder").content.decode()
    assert large.count("/find?occasion=") == 4 < plain.count("/find?occasion=")
    for address in (
        "/",
        "/item/HZ-078",
        "/find?q=身份证丢了",
        "/mine",
        "/family/",
        "/points",
        "/help",
        "/no-such-page",
    ):
        page = made.get(address).content.decode()
        assert 'data-mode="elder"' in page and 'href="tel:0990' in page and 'href="/help"' in page, address
    assert "elder-help" not in made.get("/?mode=plain").content.decode()
    assert "/family/give" in made.get("/help").content.decode()
