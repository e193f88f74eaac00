"""The approval desks by day: a queue narrowed by its address, whose a step is, hand-over, absence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.journeys.counter import Desk, hidden, open_desk

if TYPE_CHECKING:
    from doorstep.kernel.idempotency import Done

STEP = "review"


@pytest.fixture
def case(cast: Cast) -> Done:
    """A card from online, taken in by the clerk: it waits for the approver."""
    return cast.act("clerk", cast.apply().matter_id, "intake")


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return open_desk(cast["approver"].token)


def account(cast: Cast, role: str) -> UUID:
    with cast.enter(role) as viewer:
        return viewer.account_id


def give(cast: Cast, role: str, case: Done, to: str, **more: Any) -> Done:
    from doorstep.kernel.assign import assign

    whose = account(cast, to) if to else None
    with cast.enter(role) as viewer:
        return assign(viewer, case.matter_id, step=STEP, to=whose, request_id=fresh(), **more)


def listed(desk: Desk, case: Done, query: str) -> bool:
    return f'data-matter="{case.number}"' in desk.text(f"/counter/desk/?{query}")


def asked(desk: Desk, address: str) -> int:
    """How many statements a page takes."""
    from django.db import connection

    count = 0

    def note(execute: Any, *rest: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*rest)

    with connection.execute_wrapper(note):
        desk.text(address)
    return count


def test_the_queue_is_narrowed_by_its_address_which_stays_after_a_decision(
    cast: Cast, desk: Desk, case: Done
) -> None:
    for fits, other in (
        ("item=HZ-078", "item=HZ-001"), ("branch=household", "branch=traffic"), ("step=review", "step=issue"),
        ("whose=free", "whose=mine"), ("promised=1", "returned=1"), ("", "due=late"),
    ):  # fmt: skip
        assert listed(desk, case, fits) and not listed(desk, case, other), (fits, other)
    address = f"/counter/desk/{case.matter_id}?item=HZ-078&whose=free"
    page = desk.text(address)
    assert "&amp;" in page and f'action="/counter/desk/{case.matter_id}?whose=free&amp;item=HZ-078"' in page
    went = desk.post(address, outcome="approve", **hidden(page))["Location"]
    assert "whose=free&item=HZ-078" in went and case.number in went


def test_a_queue_takes_the_same_few_statements_however_long(cast: Cast, desk: Desk, case: Done) -> None:
    desk.text("/counter/desk/?whose=mine")
    before = asked(desk, "/counter/desk/?step=review")
    for _ in range(3):
        cast.act("clerk", cast.apply().matter_id, "intake")
    assert asked(desk, "/counter/desk/?step=review") == before <= 12


def test_what_came_back_is_found_as_returned_before(cast: Cast, desk: Desk, case: Done) -> None:
    faults = [{"field": "/photo", "reason": "photo_unclear", "text": ""}]
    cast.act("approver", case.matter_id, STEP, "return", faults=faults)
    assert not listed(desk, case, "returned=1")
    cast.act("resident", case.matter_id, f"correct:{STEP}", data=cast.card("resident"))
    assert listed(desk, case, "returned=1")


def test_a_step_is_taken_given_and_given_back(cast: Cast, desk: Desk, case: Done) -> None:
    address = f"/counter/desk/{case.matter_id}"
    form = {"step": STEP, "to": str(account(cast, "approver")), "request_id": fresh()}
    assert desk.post(f"{address}/give", **form)["Location"] == address
    assert listed(desk, case, "whose=mine")
    give(cast, "approver", case, "approver2", reason="我下午开会")
    colleague = open_desk(cast["approver2"].token)
    assert listed(colleague, case, "whose=mine") and not listed(desk, case, "whose=mine")
    assert cast["approver2"].name in desk.text(address), "a colleague sees whose it is, and may still decide"
    give(cast, "approver2", case, "")
    assert listed(desk, case, "whose=free")


@pytest.mark.parametrize(
    ("role", "to"), [("approver", "clerk"), ("approver", "other_station"), ("clerk", "approver")]
)
def test_a_step_goes_only_to_who_may_do_it_and_by_who_has_it(
    cast: Cast, case: Done, role: str, to: str
) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused, match=r"no-colleague|no-right"):
        give(cast, role, case, to)


def test_a_supervisor_gives_it_to_somebody_else(cast: Cast, desk: Desk, case: Done) -> None:
    give(cast, "supervisor", case, "approver2", reason="许听澜手里太多")
    assert listed(open_desk(cast["approver2"].token), case, "whose=mine")


def test_who_is_away_is_stood_in_for_until_the_day_after(cast: Cast, case: Done) -> None:
    from doorstep.domains.counter.absence import today
    from doorstep.rulebook import clock

    give(cast, "approver", case, "approver")
    desk, colleague = open_desk(cast["approver"].token), open_desk(cast["approver2"].token)
    day = today()
    form = {"do": "away", "substitute": str(account(cast, "approver2")), "first": day.isoformat(),
            "last": (day + timedelta(days=2)).isoformat(), "request_id": fresh()}  # fmt: skip
    assert not listed(colleague, case, "whose=mine")
    for _ in range(2):  # the same press twice is told once
        assert desk.post("/counter/mine", **form).status_code == 302
    page = colleague.text("/counter/desk/?whose=mine")
    assert case.number in page and "替许听澜" in page
    assert (
        colleague.text("/counter/mine").count("提前结束") == 0 == desk.text("/counter/mine").count("没有在办")
    )
    back = form | {"substitute": str(account(cast, "approver")), "request_id": fresh()}
    assert colleague.post("/counter/mine", **back).status_code == 409, "who stands in cannot be away"
    with clock.clock_at(clock.now() + timedelta(days=3)):
        assert not listed(colleague, case, "whose=mine")
    with cast.enter("approver") as viewer:
        from doorstep.kernel.row import run

        run("update desk_absence set ended_at = now() where account_id = %s", viewer.account_id)
    assert not listed(colleague, case, "whose=mine")


def test_everything_one_holds_goes_to_a_colleague_at_once(cast: Cast, desk: Desk, case: Done) -> None:
    more = cast.act("clerk", cast.apply().matter_id, "intake")
    for one in (case, more):
        give(cast, "approver", one, "approver")
    form = {"do": "hand_all", "to": str(account(cast, "approver2")), "request_id": fresh()}
    assert desk.post("/counter/mine", **form, reason="").status_code == 422
    assert desk.post("/counter/mine", **form, reason="调去别的岗位").status_code == 302
    colleague = open_desk(cast["approver2"].token)
    assert all(listed(colleague, one, "whose=mine") for one in (case, more))
    assert not listed(desk, case, "whose=mine")
    stranger = open_desk(cast["other_station"].token)
    assert cast["approver2"].name not in stranger.text("/counter/mine"), "another station learns no names"


def test_a_supervisor_sees_what_waits_with_whom_and_gives_it_to_another(cast: Cast, case: Done) -> None:
    from doorstep.rulebook import clock

    give(cast, "approver", case, "approver")
    chief = open_desk(cast["supervisor"].token)
    page = chief.text("/counter/load?unit=AL-LJ-LX")
    assert 'data-page="counter_load"' in page and cast["approver"].name in page and "超期" in page
    whose = f"which=all&who={account(cast, 'approver')}"
    assert case.number in chief.text(f"/counter/oversee?{whose}")
    with clock.clock_at(clock.now() + timedelta(days=5)):
        assert "bars-late" in chief.text("/counter/load?unit=AL-LJ-LX")
    form = {"pick": f"{case.matter_id}|{STEP}", "request_id": fresh()}
    assert chief.post(f"/counter/oversee?{whose}", **form, to="").status_code == 422
    assert chief.post(f"/counter/oversee?{whose}", **form, to=str(account(cast, "clerk"))).status_code == 422
    assert (
        chief.post(f"/counter/oversee?{whose}", **form, to=str(account(cast, "approver2"))).status_code == 302
    )
    assert case.number not in chief.text(f"/counter/oversee?{whose}")
    assert listed(open_desk(cast["approver2"].token), case, "whose=mine")


def test_the_figures_of_a_desk_are_few_statements_and_for_supervisors_alone(cast: Cast, case: Done) -> None:
    from doorstep.kernel.row import fetch

    chief = open_desk(cast["supervisor"].token)
    before = asked(chief, "/counter/load")
    cast.act("clerk", cast.apply().matter_id, "intake")
    assert asked(chief, "/counter/load") == before <= 8
    counted = "select unit_id from trust.desk_load(now(), now()) union all select unit_id from trust.desk_returns('-infinity')"
    for role, some in (
        ("supervisor", True),
        ("chief", True),
        ("approver", False),
        ("auditor", False),
        ("resident", False),
    ):
        with cast.enter(role):
            assert bool(fetch(counted)) is some, role
    with cast.enter("chief"):
        assert {who for (who,) in fetch("select account_id from trust.desk_load(now(), now())")} == {None}
    with cast.enter("supervisor"):
        from doorstep.kernel.org import below, town

        mine = set(below(town().by_code["AL-LJ"].id))
        assert {unit for (unit,) in fetch(counted)} <= mine


def test_all_faults_at_once_each_at_its_place_and_a_later_one_says_why_only_now(
    cast: Cast, desk: Desk, case: Done
) -> None:
    address, resident = f"/counter/desk/{case.matter_id}", open_desk(cast["resident"].token)
    codes = [one for one in _reasons(cast) if one != "photo_unclear"]
    form = {
        "outcome": "return",
        "fault": ["photo_unclear"],
        "at:photo_unclear": ["/photo", "/household/address"],
    }
    assert desk.post(address, **form, **hidden(desk.text(address))).status_code == 302
    page = resident.text(f"/matter/{case.matter_id}/correct")
    assert 'id="f-photo-e"' in page and 'id="f-household-address-e"' in page, "each fault stands at its place"
    cast.act("resident", case.matter_id, f"correct:{STEP}", data=cast.card("resident"))
    again = {"outcome": "return", "fault": ["photo_unclear", codes[0]], "at:photo_unclear": ["/photo"]}
    refused = desk.post(address, **again, **hidden(desk.text(address)), late="")
    assert (
        refused.status_code == 422
        and "为什么" in refused.content.decode()
        and 'name="late"' in refused.content.decode()
    )
    why = "新交的照片里才看出来"
    assert desk.post(address, **again, **hidden(desk.text(address)), late=why).status_code == 302
    assert why in resident.text(f"/matter/{case.matter_id}/correct")


def _reasons(cast: Cast) -> list[str]:
    from doorstep.rulebook import pack

    return list(pack.current("HZ-078").reasons["return"])


def test_a_drawn_decision_is_looked_at_by_another_who_is_not_told_who_decided(
    cast: Cast, case: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.counter import sampling
    from doorstep.kernel.row import fetch
    from doorstep.rulebook.ids import uuid7
    from doorstep.rulebook.region import region

    share = sum(sampling.drawn(uuid7(), STEP, "refuse") for _ in range(2000))
    assert 300 < share < 500, "a fifth of what is refused is drawn"
    monkeypatch.setitem(region().second_look, "approve", 100)
    cast.act("approver", case.matter_id, STEP, "approve")
    with cast.enter("approver"):
        assert fetch("select 1 from desk_sample") == [], "who decided does not learn that it was drawn"
    assert open_desk(cast["approver"].token).get("/counter/samples").status_code == 403
    chief = open_desk(cast["supervisor"].token)
    page = chief.text("/counter/samples")
    assert case.number in page and cast["approver"].name not in page
    with cast.enter("supervisor"):
        ((sample,),) = fetch("select id from desk_sample where matter_id = %s", case.matter_id)
    form = {"sample": str(sample), "request_id": fresh()}
    assert chief.post("/counter/samples", **form, result="").status_code == 422
    assert [chief.post("/counter/samples", **form, result="agree").status_code for _ in range(2)] == [
        302,
        302,
    ]
    assert f'data-matter="{case.number}"' not in chief.text("/counter/samples")
    late = form | {"request_id": fresh(), "result": "differs"}
    assert chief.post("/counter/samples", **late).status_code == 409, "it is found once"
