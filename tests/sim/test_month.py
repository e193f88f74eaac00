"""The month of the demo town: every branch and channel, and all that happens at a desk besides, through the real verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from doorstep.rulebook import pack

if TYPE_CHECKING:
    from doorstep.sim.staff import Staff

FIRST = 20_000
"""Lives of this month have numbers from here on."""
_FAMILIES = ("visit:200", "visit:201", "visit:203")
"""Taken in by the second clerk of a station."""


@pytest.fixture(scope="module")
def month(staff: Staff) -> list[UUID]:
    """Some lives of each branch and channel, and some that come back to a window, pay in cash, or get a card on a blank."""
    from doorstep.sim import town
    from doorstep.sim.life import Life, Wish

    items = [*_one_of_each(), *("HZ-099",) * 4, *("HZ-072",) * 6, *("CR-001",) * 4, *("ZA-084",) * 4]
    made = []
    for number, item in enumerate(items, FIRST):
        made.append(Life(staff, staff.seed, number, town.horizon(), Wish(item=item)).live())
    return made


def _one_of_each() -> list[str]:
    """An item of each branch, and of each channel."""
    from doorstep.sim.life import usable

    found: dict[str, str] = {}
    for one in pack.listed():
        for told in usable(one):
            found.setdefault(f"branch:{one.branch}", one.code)
            found.setdefault(f"channel:{told['channel']}", one.code)
    return sorted(set(found.values()))


def test_the_month_has_every_branch(month: list[UUID], above: Any) -> None:
    items = {
        code for (code,) in above.execute("select distinct item from matter where id = any(%s)", [month])
    }
    assert {pack.current(code).branch for code in items} == {one.branch for one in pack.listed()}


def test_what_a_month_has_happens_at_desks_and_windows(staff: Staff, month: list[UUID], above: Any) -> None:
    """Every scene of the first minute can be played; what they leave is what pages show."""
    from doorstep.sim import scenes, town

    failed = []
    for name, scene in [
        *scenes.at_once(staff, town.horizon()),
        *list(scenes.later(staff, town.horizon()))[:4],
    ]:
        try:
            scene()
        except Exception as no:
            failed.append(f"{name}: {no!r}")
    assert failed == []
    counted = {
        "away": "select count(*) from desk_absence where ended_at is null",
        "offered": "select count(*) from visit_offer where ended_at is null",
        "mandates": "select count(*) from mandate where kind = 'given'",
        "children": "select count(*) from mandate where kind = 'parent'",
        "by an agent": "select count(*) from share where role = 'agent'",
        "paid": "select count(*) from payment where paid_at is not null",
        "drawers signed by two": "select count(*) from drawer where counted_at is not null and second_id is not null",
        "blanks used": "select count(*) from blank where state = 'used'",
        "shifts counted": "select count(*) from blank_shift where counted_at is not null",
        "bookings": "select count(*) from booking",
        "fees to go back": "select count(*) from refund where state in ('waiting', 'ordered')",
        "open and overdue": "select count(*) from step where closed_at is null and late_at is not null",
        "sheets of a shift": "select count(*) from blank_shift where counted_at is not null and second_id is null",
        "given to somebody": "select count(*) from step where account_id is not null and closed_at is null",
        "visits": "select count(*) from event where kind = 'noted'",
    }
    missing = [what for what, query in counted.items() if above.execute(query).fetchone()[0] == 0]
    assert missing == []
    kinds = """select count(distinct m.item), count(*) filter (where s.late_at is null) from step s
        join matter m on m.id = s.matter_id join unit u on u.id = s.unit_id where s.closed_at is null and u.code = any(%s)"""
    for code in {
        str(one["unit"]) for one in staff.place.cast if one["login"] in ("approver", "clerk", "clerk2")
    }:
        several, in_time = above.execute(kinds, [[code]]).fetchone()
        assert several >= 3 and in_time >= 2, code


def test_a_second_look_is_taken_by_a_supervisor(
    staff: Staff, month: list[UUID], above: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.counter import sampling
    from doorstep.sim import scenes, town
    from doorstep.sim.life import Life, Wish

    monkeypatch.setattr(sampling, "drawn", lambda *_: True)
    for number in range(FIRST + 300, FIRST + 306):
        Life(staff, staff.seed, number, town.horizon(), Wish(item="HZ-078")).live()
    waits = """select count(*) from desk_sample s join unit u on u.id = s.unit_id
        where result = '' and u.county is not null and at < %s - interval '6 days'"""
    before = above.execute(waits, [town.horizon()]).fetchone()[0]
    monkeypatch.setattr(scenes, "_LOOKED", 1)
    for _, scene in scenes.at_last(staff, town.horizon()):
        scene()
    assert before > 0 and above.execute(waits, [town.horizon()]).fetchone()[0] == 0


def test_what_was_late_first_is_still_done_and_nothing_of_its_course_is_lost(
    staff: Staff, above: Any
) -> None:
    """A step that ran out meanwhile was taken for done, and the course went on without it: an opinion was asked before its time."""
    from doorstep.sim import town
    from doorstep.sim.life import Life, Wish

    refused = []
    for place, item in enumerate(("JG-074", "ZA-064", "ZA-078", "ZH-012", "JD-004", "HZ-052")):
        for number in range(FIRST + 100 + place * 10, FIRST + 104 + place * 10):
            try:
                Life(staff, staff.seed, number, town.horizon(), Wish(item=item)).live()
            except Exception as no:
                refused.append(f"{item} {number}: {no!r}")
    assert refused == []


def test_the_scenes_have_the_same_chain_heads_each_time(staff: Staff, above: Any) -> None:
    from django.db import transaction

    from doorstep.kernel.models import Matter
    from doorstep.sim import scenes, town

    def heads() -> dict[UUID, str]:
        with transaction.atomic():
            with staff.enter("city_approver"):
                before = set(Matter.objects.values_list("id", flat=True))
            for name, scene in scenes.later(staff, town.horizon()):
                if name in _FAMILIES:
                    scene()
            with staff.enter("city_approver"):
                made = {one.id: bytes(one.head).hex() for one in Matter.objects.exclude(id__in=before)}
            transaction.set_rollback(True)
        return made

    staff.tokens.clear()
    first = heads()
    staff.tokens.clear()
    again = heads()
    staff.tokens.clear()
    assert len(first) >= 2 and first == again
