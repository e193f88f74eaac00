"""Beside the way: more time is asked for and granted by somebody else; another unit is asked, and answers."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from doorstep.rulebook.words import Refused
from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.kernel.test_legs import taken_in

WHY = "原医院的档案在外地，要去函核实。"
START = datetime.fromisoformat("2026-03-02T10:00+08:00")
ASKED = "question@AL-YX-DK"


@pytest.fixture
def with_station(cast: Cast) -> UUID:
    """A date of birth to be put right: accepted on Monday 2 March 2026, now with the station of Liuxi."""
    from doorstep.rulebook import clock

    with clock.clock_at(START):
        return taken_in(cast)


def add(cast: Cast, role: str, matter_id: UUID, step: str, **more: Any) -> Any:
    from doorstep.kernel import matter
    from doorstep.rulebook import clock

    with clock.clock_at(START), cast.enter(role) as viewer:
        return matter.add_step(viewer, matter_id, step=step, request_id=fresh(), **more)


def answer(cast: Cast, role: str, matter_id: UUID, step: str, outcome: str = "done", **more: Any) -> Any:
    from doorstep.rulebook import clock

    with clock.clock_at(START):
        return cast.act(role, matter_id, step, outcome, **more)


def seen(cast: Cast, matter_id: UUID, role: str = "city_approver") -> Any:
    from doorstep.kernel.read import read_matter

    with cast.enter(role) as viewer:
        return read_matter(viewer, matter_id, purpose="check_quality")


def days(view: Any) -> tuple[str, str]:
    """When the station's leg and the whole are due."""
    leg = next(step.due_at for step in view.open_steps if step.name == "station")
    return tuple(f"{at.astimezone(START.tzinfo):%m-%d}" for at in (leg, view.due_at))  # type: ignore[return-value]


def test_more_time_that_another_person_grants_is_counted_on_for_leg_and_whole(
    cast: Cast, with_station: UUID
) -> None:
    assert days(seen(cast, with_station)) == ("03-05", "03-23")
    add(cast, "approver", with_station, "longer", reason=WHY, days=4)
    assert days(seen(cast, with_station)) == ("03-05", "03-23"), "asking moves nothing"
    answer(cast, "city_approver", with_station, "longer", "approve")
    view = seen(cast, with_station)
    assert (days(view), view.state) == (("03-11", "03-27"), "open")
    told = [(e.kind, e.longer) for e in view.events if e.longer]
    assert told == [("added", "4 workday"), ("acted", "4 workday")]


def test_the_applicant_is_told_of_more_time_with_its_reason(cast: Cast, with_station: UUID) -> None:
    from doorstep.kernel.models import Notice

    add(cast, "approver", with_station, "longer", reason=WHY, days=2)
    answer(cast, "city_approver", with_station, "longer", "approve")
    with cast.enter("resident") as viewer:
        told = Notice.objects.filter(party_id=viewer.party_id, matter_id=with_station)
        assert "longer" in told.values_list("template", flat=True)
    assert WHY in [e.body.get("reason") for e in seen(cast, with_station, "resident").events]


def test_more_time_that_is_not_granted_changes_nothing_but_the_log(cast: Cast, with_station: UUID) -> None:
    add(cast, "approver", with_station, "longer", reason=WHY, days=5)
    answer(cast, "city_approver", with_station, "longer", "refuse", reason="资料齐全，可以按期办。")
    view = seen(cast, with_station)
    assert (days(view), view.state, view.closed_at) == (("03-05", "03-23"), "open", None)
    assert view.reason == "", "nothing was refused to the applicant"


@pytest.mark.parametrize(
    ("more", "code"),
    [({"reason": WHY}, "days"), ({"reason": WHY, "days": 6}, "days"), ({"reason": WHY, "days": 0}, "days"),
     ({"reason": " ", "days": 3}, "reason")],
)  # fmt: skip
def test_more_time_is_asked_for_with_a_reason_and_within_what_the_item_allows(
    cast: Cast, with_station: UUID, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        add(cast, "approver", with_station, "longer", **more)
    assert refused.value.code == code


@pytest.mark.parametrize("role", ["clerk", "other_station", "resident"])
def test_who_does_not_hold_the_step_cannot_ask_for_more_time(
    cast: Cast, with_station: UUID, role: str
) -> None:
    with pytest.raises(Refused) as refused:
        add(cast, role, with_station, "longer", reason=WHY, days=3)
    assert refused.value.code in ("no-right", "not-found")


def test_nobody_grants_more_time_to_themselves(cast: Cast, with_station: UUID) -> None:
    answer(cast, "approver", with_station, "station")
    answer(cast, "county_approver", with_station, "county", "return", reason="inquire_more")
    add(cast, "approver", with_station, "longer", reason=WHY, days=3)
    with pytest.raises(Refused) as refused:
        answer(cast, "approver", with_station, "longer", "approve")
    assert refused.value.code == "no-right"


def test_another_unit_is_asked_answers_and_the_way_goes_on_beside_it(cast: Cast, with_station: UUID) -> None:
    from doorstep.kernel.lists import work_list

    with pytest.raises(Refused):
        seen(cast, with_station, "other_station")
    add(cast, "approver", with_station, ASKED, reason="这个人在您辖区登记过吗？")
    with cast.enter("other_station") as viewer:
        assert with_station in {row.id for row in work_list(viewer, by="branch").rows}
    view = seen(cast, with_station, "other_station")
    step = next(one for one in view.open_steps if one.name == ASKED)
    assert step.mine and f"{step.due_at.astimezone(START.tzinfo):%m-%d}" == "03-05"
    with pytest.raises(Refused, match="reason"):
        answer(cast, "other_station", with_station, ASKED)
    answer(cast, "other_station", with_station, ASKED, reason="登记过，1990 年迁出。")
    view = seen(cast, with_station)
    assert [one.name for one in view.open_steps] == ["station"]
    assert days(view) == ("03-05", "03-23"), "no limit stands still for a question"
    assert "登记过，1990 年迁出。" in [e.body.get("reason") for e in view.events]


def test_who_was_asked_sees_the_matter_no_longer_after_the_answer(cast: Cast, with_station: UUID) -> None:
    add(cast, "approver", with_station, ASKED, reason="这个人在您辖区登记过吗？")
    assert seen(cast, with_station, "other_station").id == with_station
    answer(cast, "other_station", with_station, ASKED, reason="登记过。")
    time.sleep(2.5)  # the share outlives the answer by two seconds
    with pytest.raises(Refused, match="not-found"):
        seen(cast, with_station, "other_station")


def test_what_units_ask_each_other_is_not_shown_to_the_applicant(cast: Cast, with_station: UUID) -> None:
    add(cast, "approver", with_station, ASKED, reason="这个人在您辖区登记过吗？")
    view = seen(cast, with_station, "resident")
    assert [e.body for e in view.events if e.kind == "added"] == [{}]


@pytest.mark.parametrize(
    ("token", "reason", "code"),
    [("question", "在吗？", "no-unit"), ("question@AL-LJ-LX", "在吗？", "same-unit"), ("question@XX", "在吗？", "no-unit"),
     (ASKED, "", "reason")],
)  # fmt: skip
def test_a_question_goes_to_another_unit_that_there_is(
    cast: Cast, with_station: UUID, token: str, reason: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        add(cast, "approver", with_station, token, reason=reason)
    assert refused.value.code == code


def test_several_units_are_asked_at_once_each_once_and_the_log_proves_it(
    cast: Cast, with_station: UUID, as_worker: None
) -> None:
    from doorstep.kernel.proof import Proof, prove
    from doorstep.kernel.trust import enter_system

    add(cast, "approver", with_station, ASKED, reason="在吗？")
    add(cast, "approver", with_station, "question@AL-LJ-HW", reason="在吗？")
    with pytest.raises(Refused, match="not_now"):
        add(cast, "approver", with_station, ASKED, reason="在吗？")
    answer(cast, "other_station", with_station, ASKED, reason="在。")
    proof = Proof()
    with enter_system(with_station):
        prove(with_station, proof)
    assert proof.faults == []


def test_a_question_that_nobody_answers_lapses_and_holds_nothing_up(cast: Cast, with_station: UUID) -> None:
    from doorstep.kernel import matter
    from doorstep.kernel.trust import enter_system
    from doorstep.rulebook import clock

    add(cast, "approver", with_station, ASKED, reason="在吗？")
    for _ in as_role("worker", Place.from_env()):
        with (
            clock.clock_at(datetime.fromisoformat("2026-03-06T09:00+08:00")),
            enter_system(with_station) as one,
        ):
            matter.mark_late(one, with_station, ASKED)
    assert [one.name for one in seen(cast, with_station).open_steps] == ["station"]


@pytest.mark.parametrize(("role", "unit"), [("other_station", "AL-YX-DK"), ("department", "AL-HEALTH")])
def test_rights_11_who_is_asked_sees_the_question_and_what_it_shows_and_no_more(
    cast: Cast, with_station: UUID, role: str, unit: str
) -> None:
    from doorstep.kernel import file
    from doorstep.kernel.models import EventBody, File, Paper
    from doorstep.kernel.read import read_matter

    whole = seen(cast, with_station, "approver")
    shown, hidden = whole.files[0].id, cast.upload("approver", "BIR")
    with cast.enter("approver") as viewer:
        file.attach(viewer, [hidden], with_station)
    token = f"question@{unit}"
    add(
        cast,
        "approver",
        with_station,
        token,
        reason="这张证明是你们开的吗？",
        shows=["/birth/right_day", str(shown)],
    )
    with cast.enter(role) as viewer:
        view = read_matter(viewer, with_station)
        assert view.data == {"birth": {"right_day": "1990-04-07"}}
        assert (
            [one.id for one in view.files] == [shown]
            and not view.applicant.id_no
            and "*" in view.applicant.name
        )
        assert {one.name for one in view.steps} == {token} and [e.kind for e in view.events] == ["added"]
        assert not (view.papers or view.parties or view.ties or view.place or view.addable or view.stops)
        assert set(File.objects.filter(matter_id=with_station).values_list("id", flat=True)) == {shown}
        assert EventBody.objects.filter(matter_id=with_station).count() == 1
        assert not Paper.objects.filter(matter_id=with_station).exists()
        assert file.read_file(viewer, shown)
        with pytest.raises(Refused, match="not-found"):
            file.read_file(viewer, hidden)
    assert seen(cast, with_station, "approver").shown is None


def test_only_what_the_matter_holds_can_be_shown_to_who_is_asked(cast: Cast, with_station: UUID) -> None:
    for what in ("/birth/nothing", "云小满"):
        with pytest.raises(Refused, match="shows"):
            add(cast, "approver", with_station, ASKED, reason="登记过吗？", shows=[what])


def _writes(cast: Cast, matter_id: UUID) -> dict[str, Any]:
    """What an officer whose roles hold these rights does with a matter that is the own unit's."""
    from doorstep.kernel import matter, ties
    from doorstep.kernel.party import Person

    more, neighbour = {"request_id": fresh()}, Person(**_neighbour(cast))
    return {
        "note": lambda one: matter.note(one, matter_id, text="看过了。", **more),
        "involve": lambda one: ties.add_party(
            one, matter_id, role="witness", described="一位邻居", person=None, **more
        ),
        "involve_known": lambda one: ties.add_party(one, matter_id, role="witness", person=neighbour, **more),
        "share": lambda one: matter.share(
            one, matter_id, unit="AL-LJ-HW", role="leg", reason="一起看", **more
        ),
    }


def _neighbour(cast: Cast) -> dict[str, str]:
    who = cast.person("neighbour")
    return {"name": who["name"], "id_no": who["id_no"]}


@pytest.mark.parametrize("verb", ["note", "involve", "involve_known", "share"])
def test_rights_11_who_is_asked_answers_and_writes_nothing_else(
    cast: Cast, with_station: UUID, verb: str
) -> None:
    add(cast, "approver", with_station, ASKED, reason="登记过吗？")
    does = _writes(cast, with_station)[verb]
    with cast.enter("other_station") as viewer, pytest.raises(Refused) as refused:
        does(replace(viewer, rights=(*viewer.rights, "share:*:unit:personal")))
    assert refused.value.code == "no-right"
    answer(cast, "other_station", with_station, ASKED, reason="登记过，1990 年迁出。")
    assert {e.kind for e in seen(cast, with_station).events} >= {"added", "acted"}


@pytest.mark.parametrize(
    "sql",
    [
        "insert into involved (id, matter_id, role, at) values (gen_random_uuid(), %(m)s, 'witness', now())",
        "insert into share (id, matter_id, unit_id, role, tier, at, reason, opened_at, state) "
        "values (gen_random_uuid(), %(m)s, %(unit)s, 'leg', 1, now(), '', now(), 'open')",
        "insert into file (id, account_id, matter_id, material, state) values (gen_random_uuid(), %(me)s, %(m)s, '', 'new')",
    ],
    ids=["involved", "share", "file"],
)
def test_rights_11_what_runs_sql_in_the_name_of_who_is_asked_writes_nothing_else(
    cast: Cast, with_station: UUID, sql: str
) -> None:
    from django.db import ProgrammingError

    from doorstep.kernel.row import run

    add(cast, "approver", with_station, ASKED, reason="登记过吗？")
    with (
        cast.enter("other_station") as viewer,
        pytest.raises(ProgrammingError, match="row-level security"),
    ):
        named = {"me": viewer.account_id, "unit": viewer.unit_id, "m": with_station}
        with_values = [named[one] for one in re.findall(r"%\((\w+)\)s", sql)]
        run(re.sub(r"%\(\w+\)s", "%s", sql), *with_values)


def test_rights_11_the_database_takes_no_event_of_who_is_asked_but_the_answer(
    cast: Cast, with_station: UUID
) -> None:
    from doorstep.kernel.row import fetch

    add(cast, "approver", with_station, ASKED, reason="登记过吗？")
    told = [("noted", "{}"), ("involved", "{}"), ("acted", '{"step": "station"}'), ("heard", '{"from": "x"}')]
    may = "select trust.may_tell(%s, %s, %s)"
    with cast.enter("other_station"):
        assert [fetch(may, with_station, *one)[0][0] for one in told] == [False] * 4
        assert fetch(may, with_station, "acted", f'{{"step": "{ASKED}"}}') == [(True,)]
    with cast.enter("approver"):
        assert [fetch(may, with_station, *one)[0][0] for one in told] == [True] * 4
