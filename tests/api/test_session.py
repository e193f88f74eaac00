"""Sessions by bearer token and by cookie; a cookie alone changes nothing."""

from __future__ import annotations

from typing import Any

from tests.api.calls import Calls, fresh, is_problem


def _browser(calls: Calls) -> tuple[Any, str]:
    """A browser in which the neighbour has just signed in, and its form token."""
    from django.test import Client

    browser = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    member = calls.cast["neighbour"]
    sent = {"login": member.login, "password": member.password}
    answer = browser.post("/api/v1/session", sent, content_type="application/json")
    assert answer.status_code == 201, answer.content
    cookie = browser.cookies["doorstep_session"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    return browser, answer.json()["csrf_token"]


def test_a_session_says_who_one_is(calls: Calls) -> None:
    me = calls.clerk.get("session").json()
    assert me["unit"]["code"] == "AL-LJ-HW" and me["kind"] == "officer" and "token" not in me


def test_a_browser_changes_something_only_with_its_form_token(calls: Calls) -> None:
    browser, form_token = _browser(calls)
    headers = {"Idempotency-Key": fresh()}
    body = {"item": "HZ-078"}
    bare = browser.post("/api/v1/drafts", body, content_type="application/json", headers=headers)
    assert is_problem(bare, 403, "form-token")
    headers["X-CSRFToken"] = form_token
    assert (
        browser.post("/api/v1/drafts", body, content_type="application/json", headers=headers).status_code
        == 201
    )


def test_another_site_cannot_write_with_the_cookie(calls: Calls) -> None:
    browser, form_token = _browser(calls)
    headers = {"Idempotency-Key": fresh(), "X-CSRFToken": form_token, "Origin": "https://elsewhere.example"}
    answer = browser.post(
        "/api/v1/drafts", {"item": "HZ-078"}, content_type="application/json", headers=headers
    )
    assert is_problem(answer, 403, "form-token")


def test_a_browser_reads_without_one(calls: Calls) -> None:
    browser, _ = _browser(calls)
    assert browser.get("/api/v1/matters?mine").status_code == 200


def test_a_stale_bearer_does_not_fall_back_to_the_cookie(calls: Calls) -> None:
    browser, _ = _browser(calls)
    answer = browser.get("/api/v1/matters", headers={"Authorization": "Bearer stale"})
    assert is_problem(answer, 401, "sign-in")
