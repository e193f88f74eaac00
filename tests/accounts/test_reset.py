"""A colleague's password is set anew by two persons of two powers, and by nobody alone (F01, decision 0083)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from doorstep.rulebook.words import Refused
from tests.cast import Cast
from tests.journeys.visit import Visit

NEW = "bamboo river lantern 7"


@pytest.fixture
def lost(cast: Cast, above: psycopg.Connection[Any]) -> Iterator[str]:
    """The login of an officer who forgot the password; afterwards nothing of it is left."""
    login, keep = (
        "other_station",
        "select c.account_id, c.salt, c.proof from trust.credential c where c.login = %s",
    )
    before = above.execute(keep, [login]).fetchone()
    assert before
    yield login
    above.execute("update trust.credential set salt = %s, proof = %s where account_id = %s",
                  [before[1], before[2], before[0]])  # fmt: skip
    above.execute("delete from trust.failure")
    above.execute("delete from trust.password_code")
    above.execute("delete from password_reset")
    above.execute("update trust.session set revoked_at = null where account_id = %s", [before[0]])


def asked(cast: Cast, login: str, by: str = "sysadmin") -> UUID:
    from doorstep.domains.accounts import reset

    made = uuid4()
    with cast.enter(by):
        reset.ask(login, "本人到办公室，看过工作证", made)
        reset.ask(login, "本人到办公室，看过工作证", made)
    return made


def typed(login: str, code: str) -> dict[str, str]:
    return {"login": login, "code": code, "password": NEW, "again": NEW}


def said(cast: Cast, by: str, do: Any) -> str:
    with pytest.raises(Refused) as no, cast.enter(by):
        do()
    return no.value.code


def test_two_persons_two_powers_one_code_once(cast: Cast, lost: str) -> None:
    from doorstep.domains.accounts import reset
    from doorstep.kernel import trust

    one = asked(cast, lost)
    assert said(cast, "sysadmin", lambda: reset.ask(lost, "又来", uuid4())) == "open"
    assert said(cast, "sysadmin", lambda: reset.agree(one)) == "same"
    assert said(cast, "auditor", lambda: reset.agree(one)) == "no-right"
    assert said(cast, "approver", lambda: reset.agree(one)) == "no-right"
    with cast.enter("secadmin"):
        told = reset.agree(one)
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", told["code"]) and told["login"] == lost
    assert said(cast, "secadmin", lambda: reset.agree(one)) == "over"
    assert Visit(cast[lost].token).get("/start").url.startswith("/login"), "open sessions have ended"
    with pytest.raises(Refused):
        trust.sign_in(lost, cast[lost].password)
    page = Visit("").get("/accounts/code")
    assert page.status == 200
    wrong = Visit("").post("/accounts/code", typed(lost, "aaaa-bbbb-cccc-dddd"))
    assert wrong.status == 401 and "aaaa-bbbb-cccc-dddd" in wrong.html
    done = Visit("").post("/accounts/code", typed(lost.upper(), told["code"].replace("-", " ")))
    assert done.status == 200 and "密码换好了" in done.text and cast["sysadmin"].name in done.text
    assert trust.sign_in(lost, NEW)
    again = Visit("").post("/accounts/code", typed(lost, told["code"]))
    assert again.status == 401
    with cast.enter("auditor") as viewer:
        (line,) = [one for one in reset.listed(viewer) if one.login == lost]
    assert (
        line.state == "used"
        and line.asked.zh == cast["sysadmin"].name
        and line.agreed.zh == cast["secadmin"].name
    )  # type: ignore[union-attr]


def test_five_wrong_codes_lock_and_a_code_that_is_old_opens_nothing(
    cast: Cast, lost: str, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.accounts import reset

    one = asked(cast, lost)
    with cast.enter("secadmin"):
        told = reset.agree(one)
    for _ in range(5):
        assert Visit("").post("/accounts/code", typed(lost, "wrong")).status == 401
    assert Visit("").post("/accounts/code", typed(lost, told["code"])).status == 429
    above.execute("delete from trust.failure")
    right = typed(lost, told["code"])
    assert Visit("").post("/accounts/code", right).status == 401, "five tries end the code itself"
    above.execute("update trust.password_code set tries = 0")
    above.execute("update password_reset set until = now() - interval '1 minute'")
    assert Visit("").post("/accounts/code", right).status == 401


@pytest.mark.parametrize(
    ("target", "first", "second"),
    [
        ("sysadmin", "secadmin", "auditor"),
        ("secadmin", "auditor", "sysadmin"),
        ("auditor", "sysadmin", "secadmin"),
    ],
)
def test_an_account_of_the_three_takes_the_two_others(
    cast: Cast, lost: str, target: str, first: str, second: str
) -> None:
    from doorstep.domains.accounts import reset

    assert said(cast, target, lambda: reset.ask(target, "自己", uuid4())) == "own"
    one = asked(cast, target, first)
    assert said(cast, target, lambda: reset.agree(one)) == "own"
    with cast.enter(second) as viewer:
        assert next(row for row in reset.listed(viewer) if row.id == one).may
        reset.drop(one)
    assert said(cast, second, lambda: reset.agree(one)) == "over"


@pytest.mark.parametrize(
    ("by", "login", "why", "code"),
    [
        ("secadmin", "clerk", "来了", "no-right"),
        ("auditor", "clerk", "来了", "no-right"),
        ("approver", "clerk", "来了", "no-right"),
        ("sysadmin", "resident", "来了", "nobody"),
        ("sysadmin", "nobody-at-all", "来了", "nobody"),
        ("sysadmin", "clerk", " ", "no-why"),
    ],
)
def test_nobody_asks_alone_for_what_is_not_theirs(
    cast: Cast, lost: str, by: str, login: str, why: str, code: str
) -> None:
    from doorstep.domains.accounts import reset

    assert said(cast, by, lambda: reset.ask(login, why, uuid4())) == code


def test_it_goes_by_page_and_the_code_is_shown_once(cast: Cast, lost: str) -> None:
    page = Visit(cast["sysadmin"].token).get("/accounts/resets")
    request = re.search(r'name="request_id" value="([^"]+)"', page.html)
    assert page.status == 200 and request
    sent = Visit(cast["sysadmin"].token).post(
        "/accounts/resets", {"do": "ask", "login": lost, "why": "看过工作证", "request_id": request[1]}
    )
    assert sent.url.endswith("did=asked")
    second = Visit(cast["secadmin"].token).get("/accounts/resets")
    found = re.search(r'name="reset" value="([^"]+)"', second.html)
    assert found and "看过工作证" in second.text
    told = Visit(cast["secadmin"].token).post("/accounts/resets", {"do": "agree", "reset": found[1]})
    assert told.status == 200 and "data-slip" in told.html
    again = Visit(cast["secadmin"].token).get("/accounts/resets")
    assert "data-slip" not in again.html and "码已给出" in again.text
    for role in ("resident", "approver", "chief", "kiosk"):
        assert Visit(cast[role].token).get("/accounts/resets").status == 403
