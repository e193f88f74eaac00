"""Every error is a problem in the reader's language, whatever went wrong."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.api.calls import Calls, is_problem


def test_a_wrong_address_is_a_problem(calls: Calls) -> None:
    assert is_problem(calls.nobody.get("no/such/thing"), 404, "no-such-path")
    assert is_problem(calls.nobody.get("/api/v9/items"), 404, "no-such-path")


def test_a_wrong_method_names_those_that_are_right(calls: Calls) -> None:
    answer = calls.nobody.ask("PUT", "items", {})
    assert is_problem(answer, 405, "method") and answer.headers["Allow"] == "GET"


def test_the_reader_chooses_the_language(calls: Calls) -> None:
    zh = calls.nobody.get("matters").json()
    en = calls.nobody.get("matters", headers={"Accept-Language": "en-GB,en;q=0.9"}).json()
    asked = calls.nobody.get("matters?lang=en").json()
    assert (
        zh["detail"] == "请先登录，再办这件事。"
        and en["detail"] == asked["detail"] == "Please sign in first, then go on."
    )


def test_a_401_says_how_to_sign_in(calls: Calls) -> None:
    assert calls.nobody.get("matters").headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("raw", "media", "status", "code"),
    [
        (b"{not json", "application/json", 400, "not-json"),
        (b'{"text": "\\ud800"}', "application/json", 400, "not-json"),
        (b'{"text": NaN}', "application/json", 400, "not-json"),
        (b'{"item": "a\\u0000b", "point": "HW-1"}', "application/json", 422, "nul"),
        (b"item=HZ-078", "application/x-www-form-urlencoded", 415, "media-type"),
        (b"<item/>", "text/xml", 415, "media-type"),
        (b"[1, 2]", "application/json", 422, ""),
        (b'"HZ-078"', "application/json", 422, ""),
        (b"[" * 100_000, "application/json", 400, "not-json"),
        (b'{"a":"' + b"x" * 2_200_000 + b'"}', "application/json", 413, "too-large"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_taken(calls: Calls, raw: bytes, media: str, status: int, code: str) -> None:
    answer = calls.resident.post("matters", raw, headers={"Content-Type": media})
    assert is_problem(answer, status, code)


def test_faults_point_into_the_body_that_was_sent(calls: Calls) -> None:
    sent = {"item": "HZ-078", "point": "HW-1", "data": {"reason": "lost"}}
    answer = calls.resident.post("matters", sent)
    assert is_problem(answer, 422, "invalid")
    assert all(error["pointer"].startswith("/data/") for error in answer.json()["errors"])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"itm": "HZ-078"}, "/itm"), ({"point": 7}, "/point"), ({"parties": [{"nam": "x"}]}, "/parties/0/nam"),
     ({"item": "HZ-999"}, "/item"), ({"point": "nowhere"}, "/point"), ({"item": ""}, "/item")],
)  # fmt: skip
def test_each_wrong_key_is_named(calls: Calls, change: dict[str, Any], pointer: str) -> None:
    answer = calls.clerk.post("matters", {"item": "HZ-078", "point": "HW-1", "data": {}} | change)
    assert is_problem(answer, 422) and pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_a_wrong_query_names_its_parameter(calls: Calls) -> None:
    answer = calls.resident.get("matters?page=0")
    assert is_problem(answer, 422) and answer.json()["errors"][0]["parameter"] == "page"


def test_a_purpose_that_is_missing_comes_with_the_choices(calls: Calls) -> None:
    made = calls.opened()
    answer = calls.approver.get(f"matters/{made['id']}")
    assert is_problem(answer, 403, "purpose")
    chosen = answer.json()["choices"][0]["value"]
    assert calls.approver.get(f"matters/{made['id']}?purpose={chosen}").status_code == 200


def test_something_broken_is_a_problem_without_its_innards(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.kernel import lists

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret innards")

    monkeypatch.setattr(lists, "my_matters", broken)
    answer = calls.resident.get("matters?mine")
    assert is_problem(answer, 500, "broken") and "secret" not in answer.content.decode()


def test_a_database_that_restarts_is_a_503_to_try_again(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from doorstep.kernel import lists

    def gone(*_: object, **__: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(lists, "my_matters", gone)
    answer = calls.resident.get("matters?mine")
    assert is_problem(answer, 503, "recovering") and answer.headers["Retry-After"]


@pytest.mark.parametrize(
    "path", ["items/%00", "items?q=%00", "matters/%00", "matters?party=%00", "papers/%00.pdf"]
)
def test_a_nul_in_an_address_finds_nothing(calls: Calls, path: str) -> None:
    assert is_problem(calls.resident.get(path), 404)


def test_a_wrong_password_does_not_say_whether_the_login_exists(calls: Calls) -> None:
    known = calls.nobody.post("session", {"login": calls.cast["partner"].login, "password": "wrong"}, key="")
    unknown = calls.nobody.post("session", {"login": secrets.token_hex(8), "password": "wrong"}, key="")
    assert is_problem(known, 401, "wrong-password") and known.json() == unknown.json()


def test_five_failures_lock_the_login(calls: Calls) -> None:
    sent = {"login": secrets.token_hex(8), "password": "wrong"}
    answers = [calls.nobody.post("session", sent, key="") for _ in range(6)]
    assert is_problem(answers[4], 401) and is_problem(answers[5], 429, "locked")
