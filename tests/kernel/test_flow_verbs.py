"""The constructs of a flow through the verbs: branches with units of their own, messages, added steps, the stopwatch."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role

T = {"zh": "步骤", "en": "Step"}
FLOW: dict[str, Any] = {
    "steps": [
        {"id": "intake", "kind": "task", "by": "received", "title": T},
        {"id": "ask", "kind": "call", "title": T, "connector": "health.card", "limit": "1 hour", "tries": 2,
         "fallback": {"by": "competent"}},
        {"id": "departments", "kind": "each", "title": T, "of": {"AL-LJ-LX": T, "AL-YX-DK": T}, "steps": [
            {"id": "review", "kind": "review", "by": "branch", "title": T, "limit": "1 workday"}]},
        {"id": "issue", "kind": "task", "by": "competent", "title": T},
    ],
    "adhoc": [{"step": {"id": "expert", "kind": "task", "by": "competent", "title": T, "pauses": True,
                        "extends": "2 workday"}}],
}  # fmt: skip


@pytest.fixture
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The temporary card, with a flow of branches."""
    from doorstep.kernel.models import PackVersion
    from doorstep.rulebook import clock, pack

    usual = pack.current("HZ-078")
    raw = copy.deepcopy(dict(usual.raw)) | {"flow": FLOW, "gives": []}
    made = pack.add_version(pack.Pack.of(raw, usual.library).content)
    for _ in as_role("migrator", Place.from_env()):
        PackVersion.objects.get_or_create(
            hash=made.hash, defaults={"code": made.code, "content": made.content, "at": clock.now()}
        )
    monkeypatch.setattr("doorstep.rulebook.pack.current", lambda *_: made)
    yield


@pytest.fixture
def taken(cast: Cast, offered: None) -> UUID:
    """Applied for and taken in: the connector is being asked."""
    matter_id = cast.apply().matter_id
    cast.act("clerk", matter_id, "intake")
    return matter_id


@pytest.fixture
def forked(cast: Cast, taken: UUID) -> UUID:
    """The connector has answered, as a worker would say it, and the branches are open."""
    for _ in as_role("worker", Place.from_env()):
        heard(taken, "ask", "done")
    return taken


@pytest.fixture
def forked_at_the_years_end(cast: Cast, offered: None) -> UUID:
    """The branches were opened on the last day of a year after which no calendar is published."""
    from doorstep.rulebook import clock

    with clock.clock_at(datetime.fromisoformat("2026-12-31T10:00+08:00")):
        matter_id = cast.apply().matter_id
        cast.act("clerk", matter_id, "intake")
        for _ in as_role("worker", Place.from_env()):
            heard(matter_id, "ask", "done")
    return matter_id


def heard(matter_id: UUID, step: str, said: str) -> None:
    from doorstep.kernel import matter
    from doorstep.kernel.trust import enter_system

    with enter_system(matter_id) as system:
        matter.hear(system, matter_id, step=step, said=said)


def rows(cast: Cast, role: str, matter_id: UUID) -> dict[str, bool]:
    """The open steps as this person sees them, and whether they are theirs."""
    from doorstep.kernel import read

    with cast.enter(role) as viewer:
        found = read.read_matter(viewer, matter_id, purpose="check_quality")
    return {step.name: step.mine for step in found.steps if step.closed_at is None}


def add(cast: Cast, role: str, matter_id: UUID, step: str, request_id: str = "") -> Any:
    from doorstep.kernel import matter

    with cast.enter(role) as viewer:
        return matter.add_step(viewer, matter_id, step=step, request_id=request_id or fresh())


def test_each_branch_is_the_step_of_its_own_unit_which_sees_the_matter_from_then_on(
    cast: Cast, forked: UUID
) -> None:
    from doorstep.rulebook.words import Refused

    assert rows(cast, "other_station", forked) == {"review@AL-LJ-LX": False, "review@AL-YX-DK": True}
    with pytest.raises(Refused, match="no-right"):
        cast.act("approver", forked, "review@AL-YX-DK", "approve")
    cast.act("other_station", forked, "review@AL-YX-DK", "approve")
    with pytest.raises(Refused, match="moved-on"):
        cast.act("other_station", forked, "review@AL-YX-DK", "approve")
    cast.act("approver", forked, "review@AL-LJ-LX", "approve")
    assert rows(cast, "approver", forked) == {"issue": True}


def test_what_waits_for_a_message_is_nobodys_and_no_button_closes_it(cast: Cast, taken: UUID) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    assert rows(cast, "approver", taken) == {"ask": False}
    with pytest.raises(Refused, match="no-right"):
        cast.act("approver", taken, "ask", "done")
    with cast.enter("approver") as viewer, pytest.raises(Refused, match="no-right"):
        matter.hear(viewer, taken, step="ask", said="done")


def test_a_connector_that_fails_twice_leaves_the_step_to_a_person(
    cast: Cast, taken: UUID, as_worker: None
) -> None:
    from doorstep.kernel.models import Step
    from doorstep.kernel.trust import enter_system
    from doorstep.rulebook.words import Refused

    heard(taken, "ask", "failed")
    heard(taken, "ask", "failed")
    with pytest.raises(Refused, match="closed_step"):
        heard(taken, "ask", "done")
    with enter_system(taken):
        told = Step.objects.filter(matter_id=taken).order_by("opened_at").values_list("name", "outcome")
        assert list(told)[1:] == [("ask", "failed"), ("ask", "gave_up"), ("hand:ask", None)]


def test_a_limit_that_passes_in_a_branch_is_said_once(cast: Cast, forked: UUID, as_worker: None) -> None:
    from doorstep.kernel import chore
    from doorstep.kernel.models import Matter
    from doorstep.kernel.trust import enter_system
    from doorstep.rulebook import clock

    with clock.clock_at(clock.now() + timedelta(days=20)):
        chore.mark_due()
        chore.mark_due()
    with enter_system(forked):
        state = Matter.objects.get(id=forked).flow
    assert sorted(state["late"]) == ["review@AL-LJ-LX", "review@AL-YX-DK"]


def test_a_step_is_added_by_whom_the_flow_names_and_only_once_for_one_request(
    cast: Cast, forked: UUID
) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match="no-right"):
        add(cast, "clerk", forked, "expert")
    with pytest.raises(Refused, match="no-such-step"):
        add(cast, "approver", forked, "issue")
    request_id = fresh()
    first = add(cast, "approver", forked, "expert", request_id)
    again = add(cast, "approver", forked, "expert", request_id)
    assert again.replayed and again.version == first.version
    with pytest.raises(Refused, match="not_now"):
        add(cast, "approver", forked, "expert")
    assert rows(cast, "approver", forked)["expert"]


def test_the_whole_stands_still_while_an_expert_has_it_and_an_extension_is_counted_on(
    cast: Cast, offered: None
) -> None:
    from doorstep.kernel import read
    from doorstep.rulebook import clock

    def due(matter_id: UUID) -> str:
        with cast.enter("approver") as viewer:
            found = read.read_matter(viewer, matter_id, purpose="check_quality")
        assert found.due_at is not None
        return found.due_at.astimezone(start.tzinfo).isoformat()[:16]

    start = datetime.fromisoformat("2026-11-16T10:00+08:00")
    with clock.clock_at(start):
        matter_id = cast.apply().matter_id
        cast.act("clerk", matter_id, "intake")
        assert due(matter_id) == "2026-11-17T17:30"
        add(cast, "approver", matter_id, "expert")
    with clock.clock_at(start + timedelta(days=3)):
        cast.act("approver", matter_id, "expert")
    # Tue 17 was the end; an extension of two working days: Thu 19; Tue, Wed and Thu stood still: Fri 20, Mon 23, Tue 24.
    assert due(matter_id) == "2026-11-24T17:30"


def test_a_provisional_due_time_is_counted_anew_when_the_calendar_lands(
    cast: Cast, forked_at_the_years_end: UUID, as_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.kernel import chore
    from doorstep.kernel.models import Matter, Step
    from doorstep.kernel.trust import enter_system
    from doorstep.rulebook import region

    matter_id = forked_at_the_years_end

    def due() -> set[tuple[str, bool]]:
        """Of the open steps and of the whole, which is promised within one working day too."""
        with enter_system(matter_id):
            found = [
                *Step.objects.filter(matter_id=matter_id, closed_at=None),
                Matter.objects.get(id=matter_id),
            ]
            return {(s.due_at.astimezone(zone).isoformat()[:16], s.provisional) for s in found if s.due_at}

    usual = region.calendar()
    zone = usual.zone
    assert due() == {("2027-01-01T17:30", True)}
    assert chore.recount() == 0
    landed = replace(usual, holidays=usual.holidays | {date(2027, 1, 1): "x"}, years=usual.years | {2027})
    for module in ("chore", "due"):
        monkeypatch.setattr(f"doorstep.kernel.{module}.calendar", lambda: landed)
    assert chore.recount() >= 1
    assert due() == {("2027-01-04T17:30", False)}
    assert chore.recount() == 0, "nothing is left to count anew"


def test_withdrawing_leaves_no_open_step_in_any_branch(cast: Cast, forked: UUID) -> None:
    from doorstep.kernel import matter

    add(cast, "approver", forked, "expert")
    with cast.enter("resident") as viewer:
        done = matter.withdraw(viewer, forked, request_id=fresh())
    assert done.state == "withdrawn"
    assert rows(cast, "approver", forked) == {}


def test_headers_replay_and_the_log_proves_a_matter_with_branches(
    cast: Cast, forked: UUID, as_worker: None
) -> None:
    from doorstep.kernel.proof import Proof, prove
    from doorstep.kernel.trust import enter_system

    proof = Proof()
    with enter_system(forked):
        prove(forked, proof)
    assert (proof.matters, proof.faults) == (1, [])


def test_who_reads_a_provisional_date_is_told_that_it_is_one(
    cast: Cast, forked_at_the_years_end: UUID
) -> None:
    from doorstep.kernel import read
    from doorstep.kernel.lists import my_matters
    from doorstep.rulebook import clock
    from doorstep.web.portal.picture import plate
    from doorstep.web.portal.rows import mine_row

    with cast.enter("resident") as viewer, clock.clock_at(datetime.fromisoformat("2026-12-31T11:00+08:00")):
        found = read.read_matter(viewer, forked_at_the_years_end)
        row = next(one for one in my_matters(viewer).rows if one.id == found.id)
        assert found.provisional and "暂定" in plate(found).note.zh
        assert "provisional" in mine_row(row).line_end.en
