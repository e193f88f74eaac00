"""A parent acts for a child whom the household register shows as theirs; nobody else does, and it ends at eighteen (A01)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from doorstep.rulebook.ids import check_character
from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.run.test_ask import standin


@pytest.fixture(autouse=True, scope="module")
def known(database: Any) -> None:
    """The kernel has been told who takes care of mandates."""
    from doorstep.domains.family.domain import DOMAIN
    from doorstep.kernel.plug import adopt

    adopt(DOMAIN)


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from standin(tmp_path_factory.mktemp("registers"))


@pytest.fixture(autouse=True)
def laid_down(cast: Cast) -> Iterator[None]:
    """What was entered here is laid down again: others look at the same people."""
    from doorstep.domains.family import mandate

    yield
    with cast.enter("resident") as viewer:
        for one in mandate.mine(viewer):
            if one.held and one.live and one.kind == "parent":
                mandate.end(viewer, one.id, request_id=fresh())


def child_of(cast: Cast, born: str = "20150520", *, known: bool = True) -> dict[str, str]:
    """A child registered where 云小满 is; one whose number ends in 0 is in no register."""
    place = cast.person("resident")["id_no"][:6]
    for order in range(int(fresh(), 16) % 900, 1000):
        body = f"{place}{born}{order:03d}"
        if (check_character(body) == "0") is not known:
            return {"name": "云知远", "id_no": body + check_character(body)}
    raise AssertionError("no number left")


def asks(cast: Cast, child: dict[str, str], who: str = "resident") -> UUID:
    from doorstep.kernel import matter

    me = cast.person(who)
    data = {"applicant": {"name": me["name"], "id_no": me["id_no"]}, "child": child, "consent": True}
    with cast.enter(who) as viewer:
        return matter.open_matter(
            viewer, item="ZN-001", point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id


def work(address: str) -> None:
    """As the worker does it."""
    from doorstep.domains.family.kin import enter_parents
    from doorstep.run.ask import Asker

    for _ in as_role("worker", Place.from_env()):
        Asker({"*": address}).tend(500)
        enter_parents()
        enter_parents()


def held(cast: Cast, who: str, child: dict[str, str]) -> list[Any]:
    from doorstep.domains.family import mandate

    with cast.enter(who) as viewer:
        return [one for one in mandate.mine(viewer) if one.held and one.other.id_no == child["id_no"]]


def state(cast: Cast, matter_id: UUID) -> tuple[str, list[str]]:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        view = read.read_matter(viewer, matter_id)
    return view.state, [step.name for step in view.open_steps]


def test_A01_the_register_shows_the_child_and_the_parent_acts_for_it_until_it_is_eighteen(
    cast: Cast, registers: str
) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook import clock

    child = child_of(cast)
    asked = asks(cast, child)
    assert held(cast, "resident", child) == []
    work(registers)
    assert state(cast, asked) == ("granted", [])
    (one,) = held(cast, "resident", child)
    assert (one.kind, one.live, one.at_window) == ("parent", True, False)
    assert one.until == datetime.fromisoformat("2033-05-20T00:00:00+08:00")
    data = cast.card("resident", applicant=child)
    with cast.enter("resident") as viewer:
        made = matter.open_matter(
            viewer,
            item="HZ-078",
            point="HW-1",
            channel="online",
            data=data,
            request_id=fresh(),
            on_behalf=one.id,
        )
    assert made.state == "open" and held(cast, "neighbour", child) == []
    with clock.clock_at(one.until + timedelta(seconds=1)):
        assert [one.live for one in held(cast, "resident", child)] == [False]
    work(registers)
    assert len(held(cast, "resident", child)) == 1, "entered once, however often the worker looks"


def test_A01_a_child_that_the_register_does_not_show_is_looked_at_by_an_officer(
    cast: Cast, registers: str
) -> None:
    child = child_of(cast, known=False)
    asked = asks(cast, child)
    work(registers)
    assert state(cast, asked) == ("open", ["check"]) and held(cast, "resident", child) == []


def test_A01_a_grown_child_and_another_name_give_nothing_and_break_nothing(
    cast: Cast, registers: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    grown = child_of(cast, "20080101")
    asked = asks(cast, grown)
    work(registers)
    assert state(cast, asked) == ("open", ["enter"]) and held(cast, "resident", grown) == []
    child = child_of(cast)
    asks(cast, child)
    work(registers)
    second = asks(cast, child | {"name": "云别名"})
    work(registers)
    assert state(cast, second) == ("open", ["enter"]) and len(held(cast, "resident", child)) == 1
    assert "of-age" in caplog.text and "name-differs" in caplog.text


def test_A01_no_role_writes_the_authority_of_a_parent_without_such_a_matter(
    cast: Cast, tmp_path: Path
) -> None:
    from django.db import ProgrammingError, connection, transaction

    from doorstep.kernel import trust

    with cast.enter("resident") as viewer:
        me = viewer.party_id
    other = cast.apply().matter_id
    order = """insert into mandate (id, kind, principal_id, agent_id, relation, items, branches, at, until, granted_by, proof)
        values (gen_random_uuid(), 'parent', gen_random_uuid(), %s, 'parent', '[]', '[1]', now(),
        now() + interval '1 day', %s, 'x')"""
    with (
        cast.enter("resident") as viewer,
        pytest.raises(ProgrammingError, match="row-level"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(order, [me, viewer.account_id])
    for _ in as_role("worker", Place.from_env()):
        with (
            trust.enter_system(other) as system,
            pytest.raises(ProgrammingError, match="row-level"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(order, [me, system.account_id])
