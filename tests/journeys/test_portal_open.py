"""What anybody may see: find, guide, counters, the check of a paper; and signing in."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.journeys.visit import Visit

OPEN = ["/", "/find", "/points", "/item/HZ-078", "/item/HZ-106", "/v", "/login"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", OPEN)
def test_every_open_page_stands_in_both_languages(cast: Cast, path: str, lang: str) -> None:
    page = Visit(lang=lang).get(path)
    assert page.status == 200 and page.name
    assert f'<html lang="{"zh-Hans" if lang == "zh" else "en"}"' in page.html


@pytest.mark.parametrize(
    ("said", "code"), [("身份证丢了", "HZ-074"), ("lost my id", "HZ-074"), ("房子租出去", "HZ-106")]
)
def test_A01_everyday_words_find_the_service(cast: Cast, said: str, code: str) -> None:
    assert f'data-item="{code}"' in Visit().get(f"/find/hits?q={said}").html


def test_what_is_not_offered_is_said_plainly(cast: Cast) -> None:
    assert "没听明白" in Visit().get("/find/hits?q=zzzz").text


def test_the_fee_is_shown_from_the_pack(cast: Cast) -> None:
    assert "¥10.00" in Visit().get("/item/HZ-078").text


def test_an_unknown_service_is_not_found(cast: Cast) -> None:
    assert Visit().get("/item/XX-999").status == 404


def test_an_address_of_nothing_asks_nobody_to_sign_in_who_has(cast: Cast) -> None:
    for role, own in (("resident", cast["resident"].name), ("clerk", "回工作台")):
        page = Visit(cast[role].token).get("/no/such/page")
        assert page.status == 404 and 'href="/login' not in page.html and own in page.text
    assert 'href="/login' in Visit().get("/no/such/page").html


def test_a_code_that_we_did_not_print_is_said_to_be_none_of_ours(cast: Cast) -> None:
    page = Visit().get("/v/never-printed")
    assert page.status == 404 and "没有发过这个码" in page.text


def test_a_wrong_password_says_so_and_keeps_the_account(cast: Cast) -> None:
    page = Visit().post("/login", {"login": "neighbour", "password": "no"})
    assert page.status == 401 and page.form("/login")["login"] == "neighbour"


def test_signing_in_leads_back_but_never_to_a_stranger(cast: Cast) -> None:
    who = {"login": cast["neighbour"].login, "password": cast["neighbour"].password}
    assert Visit().post("/login", who | {"next": "/mine"}).name == "mine"
    assert Visit().post("/login", who | {"next": "//evil.example/"}).url == "/"


def test_signing_out_ends_the_session_in_the_database(cast: Cast) -> None:
    from doorstep.kernel import trust

    token = trust.sign_in(cast["neighbour"].login, cast["neighbour"].password)
    visit = Visit(token)
    assert visit.get("/mine").name == "mine"
    visit.post("/logout", {})
    assert Visit(token).get("/mine").name == "login"


def test_pages_are_kept_by_nobody_and_run_nothing_of_others(cast: Cast) -> None:
    headers = Visit().get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_larger_letters_and_language_are_remembered(cast: Cast) -> None:
    visit = Visit()
    visit.get("/?mode=elder&lang=en")
    assert 'data-mode="elder"' in visit.get("/points").html and "At a counter" in visit.get("/points").text
