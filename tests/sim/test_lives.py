"""Lives of the demo town: every item on offer, the same chains from the same seed, whole and proved."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast

if TYPE_CHECKING:
    from doorstep.sim.staff import Staff

LIVES = 40


@pytest.fixture(scope="module")
def lived(staff: Staff) -> list[UUID]:
    """The first lives, with every item in them."""
    from doorstep.sim import town

    return [made for number in range(LIVES) if (made := town.live(staff, number))]


def test_nearly_every_life_comes_to_something(staff: Staff, lived: list[UUID]) -> None:
    assert len(lived) >= LIVES * 0.9, staff.unlived


def test_lives_are_of_every_item_on_offer_and_end_in_every_way(
    staff: Staff, lived: list[UUID], above: Any
) -> None:
    from doorstep.rulebook import pack
    from doorstep.sim import town

    rows = above.execute("select item, state, channel from matter where id = any(%s)", [lived]).fetchall()
    offered = {one.code for one in pack.listed()}
    assert len({item for item, _, _ in rows} & offered) >= min(len(offered), LIVES - town.FIRST) - 1
    assert {"open", "granted"} <= {state for _, state, _ in rows}
    assert {"online", "station", "hall"} <= {channel for _, _, channel in rows}


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


def test_the_same_seed_and_day_give_the_same_chain_heads_in_whatever_order_writers_come(
    staff: Staff, lived: list[UUID], database: Place
) -> None:
    """Lived twice, taken back each time: no id, salt, number or moment comes from anywhere but seed and day. Only who gives times
    at a point gives them in the order of the numbers.
    """
    from doorstep.sim import town

    began, numbers = time.time(), range(5000, 5014)
    times = [number for number in numbers if town.gives_times(staff, number)]
    others = [number for number in numbers if number not in times]
    first = _heads(staff, numbers)
    for kept in (database.data / "files" / "kept").rglob("*"):
        if kept.is_file() and kept.stat().st_mtime >= began:
            kept.unlink()
    again = _heads(staff, [*reversed(others), *times])
    staff.tokens.clear()
    assert len(first) >= 13 and first == again


def _heads(staff: Staff, numbers: Iterable[int]) -> dict[UUID, str]:
    """The heads of what these lives brought about, parts and call-backs among them; nothing of it is left."""
    from django.db import transaction

    from doorstep.kernel.models import Matter
    from doorstep.sim import town

    staff.tokens.clear()  # what is signed in here is taken back as well
    with transaction.atomic():
        with staff.enter("city_approver"):
            before = set(Matter.objects.values_list("id", flat=True))
        for number in numbers:
            town.live(staff, number)
        with staff.enter("city_approver"):
            found = {one.id: bytes(one.head).hex() for one in Matter.objects.exclude(id__in=before)}
        transaction.set_rollback(True)
    return found


def test_what_the_town_has_prepared_outlives_a_rollback_and_is_planned_once(database: Place) -> None:
    """Half of the database's work was to plan the same statements again: psycopg forgets all of them whenever one was refused."""
    from doorstep.project.remembering import MOST, Remembering
    from doorstep.run.roles import dsn

    with Remembering.connect(**dsn("town", database)) as asking:  # type: ignore[arg-type]
        for number in range(200):
            asking.execute(f"select {number}", prepare=True)
        asking.execute("savepoint here")
        asking.execute("rollback to savepoint here")
        asking.rollback()
        kept = asking.execute("select count(*) from pg_prepared_statements").fetchone()
        plans = asking.execute("show plan_cache_mode").fetchone()
    assert kept == (200,) and MOST > 200
    assert plans == ("force_generic_plan",)


def test_what_a_life_waits_for_comes_at_its_hour(staff: Staff, above: Any) -> None:
    """Registers answer, another person signs, somebody pays and comes at a time that was booked."""
    lives = {
        item: [_lived_as(staff, number, item) for number in range(7000 + 20 * place, 7010 + 20 * place)]
        for place, item in enumerate(("JG-042", "CR-001", "HZ-047", "ZH-001"))
    }
    found = [one for ids in lives.values() for one in ids]
    signed = "select count(*) from tie t join matter m on m.id = t.other_id where t.kind = 'child' and m.state = 'granted'"
    counted = {
        "answers": "select count(*) from event where kind = 'heard' and matter_id = any(%s)",
        "signed": f"{signed} and t.matter_id = any(%s)",
        "paid": "select count(*) from payment where paid_at is not null and matter_id = any(%s)",
        "booked": "select count(*) from booking where matter_id = any(%s)",
    }  # fmt: skip
    for what, query in counted.items():
        assert above.execute(query, [found]).fetchone()[0] > 0, what
    late = above.execute(
        "select count(*) from step where matter_id = any(%s) and closed_at > due_at and late_at is null",
        [found],
    )
    assert late.fetchone()[0] == 0, "what was done too late was marked late first"


def _lived_as(staff: Staff, number: int, item: str) -> UUID:
    from doorstep.sim import town
    from doorstep.sim.life import Life, Wish

    return Life(staff, staff.seed, number, town.horizon(), Wish(item=item)).live()


def test_an_item_that_cannot_be_lived_is_named_and_another_is_lived_instead(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, above: Any
) -> None:
    from doorstep.sim import life, town

    real = life.answers.answers

    def broken(form: Any, example: Any, place: Any) -> Any:
        if "event" in example:
            raise KeyError("an example of no sense")
        return real(form, example, place)

    monkeypatch.setattr(life.answers, "answers", broken)
    monkeypatch.setattr(town, "wish", lambda *_: life.Wish(item="ZA-002"))
    made = [town.live(staff, number) for number in range(7100, 7103)]
    assert None not in made and "ZA-002 could not be lived: KeyError" in caplog.text
    items = above.execute("select item from matter where id = any(%s)", [made]).fetchall()
    assert len(items) == 3 and ("ZA-002",) not in items


def test_a_life_is_lived_whole_or_not_at_all_and_then_as_it_would_have_been(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, above: Any
) -> None:
    from doorstep.sim.way import Way

    def breaks(way: Way) -> None:
        raise RuntimeError("the power failed")

    count = "select count(*) from matter"
    before = above.execute(count).fetchone()
    with monkeypatch.context() as broken, pytest.raises(RuntimeError, match="power"):
        broken.setattr(Way, "go", breaks)
        _lived_as(staff, 7200, "HZ-078")
    assert above.execute(count).fetchone() == before
    made = _lived_as(staff, 7200, "HZ-078")
    assert _lived_as(staff, 7200, "HZ-078") == made, "after an interruption it is found as it is"


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


def test_it_is_said_once_how_many_were_lived_whoever_lived_them_and_each_is_lived_by_one() -> None:
    """Three processes take numbers from one pipe; the tally counts what came of them, and a life that came to nothing is none."""
    from doorstep.sim.writers import Tally, apart, drawn

    said: list[int] = []
    tally, (out, into) = Tally(150, said.append), os.pipe()

    def lived(number: int) -> None:
        os.write(into, number.to_bytes(4, "big"))
        if number % 10:
            tally.add()

    with drawn(range(200)) as free:
        beside = [apart(lived, free) for _ in range(2)]
        for number in free:
            lived(number)
            tally.look()
    assert [os.waitpid(pid, 0)[1] for pid in beside] == [0, 0]
    tally.look()
    tally.look(at_last=True)
    found = os.read(out, 4096)
    assert sorted(int.from_bytes(found[at : at + 4], "big") for at in range(0, 800, 4)) == list(range(200))
    assert len(said) == 1 and 150 <= said[0] <= 180
    few = Tally(5, said.append)
    few.add()
    few.look()
    few.look(at_last=True)
    assert said[1:] == [1], "fewer than were wanted: that many are told"


def test_while_the_month_is_still_being_lived_the_sign_in_page_says_so(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.web.portal import account
    from tests.journeys.visit import Visit

    assert "data-growing" not in Visit("").get("/login").html
    monkeypatch.setattr(account.trust, "demo_fact", lambda _: None)
    assert "data-growing" in Visit("").get("/login").html


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
