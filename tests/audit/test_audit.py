"""Every look has a purpose; one that nobody explained is shown as such to the person and stands on the auditor's list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.cast import Cast
from tests.journeys.visit import Visit


def _looks(cast: Cast, matter_id: Any) -> list[tuple[str, bool]]:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        return [(look.purpose.en, look.explained) for look in read.readers(viewer, matter_id)]


def _listed(cast: Cast, number: str) -> list[Any]:
    from doorstep.domains.audit import desk

    with cast.enter("auditor") as viewer:
        return [one for one in desk.unexplained(viewer) if one.number == number]


def test_F01_a_look_for_an_open_step_explains_itself(cast: Cast) -> None:
    from doorstep.kernel import read

    done = cast.apply()
    with cast.enter("clerk") as viewer:
        read.read_matter(viewer, done.matter_id)
    assert _looks(cast, done.matter_id) == [("working on your matter", True)]
    assert _listed(cast, done.number) == []


def test_F01_a_chosen_purpose_without_a_reason_is_flagged_to_the_person_and_the_auditor(cast: Cast) -> None:
    from doorstep.kernel import read

    done = cast.apply()
    with cast.enter("approver") as viewer:
        read.read_matter(viewer, done.matter_id, purpose="check_quality")
    assert _looks(cast, done.matter_id) == [("To check the quality of service", False)]
    found = _listed(cast, done.number)
    assert [(one.login, one.purpose.en) for one in found] == [("approver", "To check the quality of service")]


def test_F01_a_reason_in_words_explains_it(cast: Cast) -> None:
    from doorstep.kernel import read

    done = cast.apply()
    with cast.enter("approver") as viewer:
        read.read_matter(viewer, done.matter_id, purpose="answer_question", reason="来电问进度")
    assert _looks(cast, done.matter_id) == [("To answer the applicant's question", True)]
    assert _listed(cast, done.number) == []


def test_F01_a_file_seen_without_a_step_in_hand_is_no_step(cast: Cast) -> None:
    from doorstep.kernel import file
    from doorstep.kernel.models import File

    done = cast.apply()
    with cast.enter("approver") as viewer:
        photo = File.objects.filter(matter_id=done.matter_id, material="PHO").values_list("id", flat=True)[0]
        file.read_file(viewer, photo)
    assert _looks(cast, done.matter_id) == [("no reason given", False)]
    assert [one.what.en for one in _listed(cast, done.number)] == ["looked at a file"]


def test_F01_the_page_asks_why_and_shows_the_flag(cast: Cast) -> None:
    done = cast.apply()
    officer = Visit(cast["approver"].token)
    address = f"/counter/matter/{done.matter_id}"
    form = officer.get(address).form(address)
    assert officer.post(address, form | {"purpose": "check_quality"}).name == "staff_matter"
    assert "说不清原因" in Visit(cast["resident"].token).get(f"/matter/{done.matter_id}").text
    page = Visit(cast["auditor"].token).get("/audit/")
    assert page.status == 200 and done.number in page.html and "approver" in page.html


@pytest.mark.parametrize(
    "role", ["resident", "clerk", "approver", "supervisor", "chief", "sysadmin", "secadmin"]
)
def test_F01_nobody_else_reads_the_auditors_list(cast: Cast, role: str) -> None:
    from django.db import connection

    assert Visit(cast[role].token).get("/audit/").status == 403
    with cast.enter(role), connection.cursor() as cursor:
        cursor.execute("select count(*) from audit.unexplained('2020-01-01', 10)")
        assert cursor.fetchone() == (0,)


def test_F01_the_log_of_looks_only_grows(cast: Cast) -> None:
    from django.db import DatabaseError, connection, transaction

    with cast.enter("auditor"):
        for change in ("update access set detail = ''", "delete from access"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)


@pytest.fixture
def unlocked(above: psycopg.Connection[Any]) -> Iterator[None]:
    """Whoever is locked by a test can sign in again in the next."""
    yield
    above.execute("delete from trust.failure")


def test_who_keeps_the_accounts_safe_sees_who_is_locked_and_no_resident_by_name(
    cast: Cast, unlocked: None
) -> None:
    from doorstep.kernel import trust
    from doorstep.rulebook.words import Refused

    for login in (*["province"] * 5, *["neighbour"] * 2, "nobody-at-all"):
        with pytest.raises(Refused):
            trust.sign_in(login, "guessed")
    page = Visit(cast["secadmin"].token).get("/start")
    assert page.name == "audit_watch" and "province" in page.html and "锁住，15 分钟后自己开" in page.text
    assert cast["neighbour"].name not in page.html and ">neighbour<" not in page.html
    assert "信封密钥" in page.text
    assert re.search(r"没有的登录名 [1-9]\d* 个，共试 [1-9]\d* 次", page.text)


@pytest.mark.parametrize(
    "role", ["resident", "approver", "supervisor", "chief", "sysadmin", "auditor", "agent", "kiosk"]
)
def test_nobody_else_is_told_which_accounts_are_tried(cast: Cast, role: str) -> None:
    from django.db import connection

    assert Visit(cast[role].token).get("/audit/watch").status == 403
    with cast.enter(role), connection.cursor() as cursor:
        cursor.execute("select audit.watch()")
        assert cursor.fetchone() == (None,)
