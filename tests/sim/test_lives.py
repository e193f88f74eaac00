"""Lives of the demo town: every item on offer, the same chains from the same seed, whole and proved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast

if TYPE_CHECKING:
    from doorstep.sim.staff import Staff

LIVES = 40


@pytest.fixture(scope="module")
def staff(cast: Cast) -> Iterator[Staff]:
    """The town's people with their office open; few of them apply online, so that few accounts are made."""
    from doorstep.sim import staff as of
    from doorstep.sim import town
    from doorstep.sim.office import open_office

    usual, of.ACCOUNTS = of.ACCOUNTS, 6
    with open_office() as office:
        made = town.people(office)
        for number in range(of.ACCOUNTS):
            made.account(number)
        yield made
    of.ACCOUNTS = usual


@pytest.fixture(scope="module")
def lived(staff: Staff) -> list[UUID]:
    """The first lives, and some with every item in them."""
    from doorstep.sim import town

    return [made for number in range(LIVES) if (made := town.live(staff, number))]


def test_nearly_every_life_comes_to_something(staff: Staff, lived: list[UUID]) -> None:
    assert len(lived) >= LIVES * 0.9, staff.unlived


def test_lives_are_of_every_item_on_offer_and_end_in_every_way(
    staff: Staff, lived: list[UUID], above: Any
) -> None:
    from doorstep.rulebook import pack

    rows = above.execute("select item, state, channel from matter where id = any(%s)", [lived]).fetchall()
    assert len({item for item, _, _ in rows}) >= min(5, len(pack.listed()))
    assert {"open", "granted"} <= {state for _, state, _ in rows}
    assert {"online", "station"} <= {channel for _, _, channel in rows}


def test_every_chain_holds_and_replays_to_the_state(lived: list[UUID], above: Any) -> None:
    import orjson

    from doorstep.kernel import event, trust
    from doorstep.kernel.models import Event, Matter
    from doorstep.rulebook import flow
    from doorstep.rulebook.pack import version

    checked = 0
    for role in ("city_approver",):
        for matter_id in lived:
            with trust.enter(_token(role)):
                row = Matter.objects.filter(id=matter_id).first()
                if row is None:
                    continue
                key = trust.keys().unwrap(bytes(row.key or b""), row.id.bytes)
                assert event.verify(row.id, key) == []
                headers = [
                    orjson.loads(e.header) for e in Event.objects.filter(matter_id=row.id).order_by("seq")
                ]
                told = [
                    flow.Happening.from_codes(h) for header in headers for h in header.get("happened", ())
                ]
                assert flow.replay(version(bytes(row.pack)).flow, told) == flow.State.from_json(row.flow)
                checked += 1
    assert checked == len(lived)


def _token(login: str) -> str:
    from doorstep.kernel import trust

    made = next(one for one in trust.demo_fact("demo_people") if one["login"] == login)
    return trust.sign_in(login, made["password"])


def test_the_same_seed_and_day_give_the_same_chain_heads(
    staff: Staff, lived: list[UUID], database: Place
) -> None:
    """Lived twice, the first time taken back: no id, salt or moment comes from anywhere but seed and day."""
    began = time.time()

    def heads() -> dict[UUID, str]:
        from django.db import transaction

        from doorstep.kernel.models import Matter
        from doorstep.sim import town

        found: dict[UUID, str] = {}
        staff.tokens.clear()  # what is signed in here is taken back as well
        with transaction.atomic():
            for number in range(5000, 5012):
                made = town.live(staff, number)
                if made is not None:
                    with staff.enter("city_approver"):
                        found[made] = bytes(Matter.objects.get(id=made).head).hex()
            transaction.set_rollback(True)
        for kept in (database.data / "files" / "kept").rglob("*"):
            if kept.is_file() and kept.stat().st_mtime >= began:
                kept.unlink()
        return found

    first, again = heads(), heads()
    staff.tokens.clear()
    assert len(first) >= 10 and first == again


def test_nothing_is_lived_after_this_morning_but_answers_from_outside(lived: list[UUID], above: Any) -> None:
    from doorstep.sim import town

    row = above.execute("select max(at) from event where matter_id = any(%s)", [lived]).fetchone()
    assert row[0] < town.horizon()


@pytest.mark.parametrize(("login", "path"), [
    ("approver", "/counter/desk/"), ("other_station", "/counter/matters"), ("clerk2", "/counter/hand-out/"),
    ("clerk", "/counter/intake/"),
])  # fmt: skip
def test_work_waits_at_the_desks_of_the_cast(lived: list[UUID], login: str, path: str, staff: Staff) -> None:
    from tests.journeys.visit import Visit

    page = Visit(_token(login)).get(path)
    assert page.status == 200 and "data-matter" in page.html


def test_ids_are_drawn_for_lives_alone() -> None:
    """Only the sim may say where ids and salts come from; everywhere else they are chance."""
    from tests.house import tree

    named = [tree.name(p) for p in tree.under("doorstep", ".py") if "drawn_from" in p.read_text()]
    assert sorted(named) == ["doorstep/rulebook/ids.py", "doorstep/sim/life.py", "doorstep/sim/staff.py"]


def test_outside_a_demo_database_no_id_is_drawn(cast: Cast, monkeypatch: Any) -> None:
    from doorstep.sim import town

    monkeypatch.setattr(town.trust, "is_demo", lambda: False)
    with pytest.raises(RuntimeError, match="demo"):
        town.build(lambda _: None)
