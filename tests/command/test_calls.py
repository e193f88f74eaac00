"""Calls as the command centre takes them: everybody alerted at once, answers tracked, silence noticed, nobody sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.command.calls import Force, One, take


@pytest.fixture
def force(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Force]:
    """A car of the district, one of Liuxi, and the forensic team of Dukou; their telephones are those of the cast."""
    from doorstep.domains.command.calls import force as asked
    from doorstep.kernel.org import town

    ids = {code: town().by_code[code].id for code in ("AL-LJ", "AL-LJ-LX", "AL-YX-DK")}
    number = 900_000 + int(fresh()[:4], 16) * 10
    units = [
        One(number + 1, f"河{number}", ids["AL-LJ"]), One(number + 2, f"柳{number}", ids["AL-LJ-LX"]),
        One(number + 3, f"勘{number}", ids["AL-YX-DK"], "team", "forensic"),
    ]  # fmt: skip
    told = Force({one.id: one for one in units})
    with_phones = zip(("county_approver", "approver", "other_station"), units, strict=True)
    told.members = {cast[role].login: one.id for role, one in with_phones}
    monkeypatch.setattr(asked, "duty", told)
    monkeypatch.setattr(asked, "mine", told.mine)
    yield told


def _send(cast: Cast, call: UUID, units: Any, request_id: str = "", **more: Any) -> Any:
    from doorstep.domains.command.calls import send

    with cast.enter("dispatcher") as viewer:
        return send.send(viewer, call, units=list(units), request_id=request_id or fresh(), **more)


def _say(cast: Cast, role: str, call: UUID, outcome: str, text: str = "", request_id: str = "") -> Any:
    from doorstep.domains.command.calls import send

    with cast.enter(role) as viewer:
        return send.say(viewer, call, outcome=outcome, text=text, request_id=request_id or fresh())


def _sendings(cast: Cast, call: UUID) -> list[Any]:
    from doorstep.domains.command.calls.models import Sending

    with cast.enter("dispatcher"):
        return list(Sending.objects.filter(matter_id=call).order_by("duty_unit_id"))


def _refused(code: str, do: Any) -> None:
    from doorstep.rulebook.words import Refused

    with pytest.raises(Refused) as no:
        do()
    assert no.value.code == code


def _proved(*calls: UUID) -> list[str]:
    from doorstep.kernel import proof
    from doorstep.kernel.trust import enter_system

    found = proof.Proof()
    for one in calls:
        with enter_system(one):
            proof.prove(one, found)
    return found.faults


def test_B01_three_teams_are_alerted_in_the_same_second_and_followed_to_the_end(
    cast: Cast, force: Force, as_worker: None
) -> None:
    from doorstep.domains.command.calls import verbs

    call = take(cast)
    key = fresh()
    _send(cast, call, force.units, key)
    assert _send(cast, call, force.units, key).replayed
    assert _send(
        cast, call, force.units
    ).version  # pressed once more by another operator: nobody is alerted twice
    out = _sendings(cast, call)
    assert len(out) == 3 and len({one.alerted_at for one in out}) == 1
    assert {one.on_matter for one in force.units.values()} == {call}
    for role in ("county_approver", "approver", "other_station"):
        _say(cast, role, call, "coming")
        _say(cast, role, call, "there")
    with cast.enter("dispatcher") as viewer:
        _refused("call.teams_out", lambda: verbs.close(viewer, call, result="抓到了", request_id=fresh()))
    for role in ("county_approver", "approver", "other_station"):
        _say(cast, role, call, "cleared", "带回所里了")
    assert all(one.answered_at and one.there_at and one.finished_at for one in _sendings(cast, call))
    assert {one.on_matter for one in force.units.values()} == {None}
    with cast.enter("dispatcher") as viewer:
        assert verbs.close(viewer, call, result="抓到了", request_id=fresh()).state == "closed"
    assert _proved(call) == []


def test_B01_one_does_not_answer_and_one_breaks_down_and_both_are_put_before_the_operator(
    cast: Cast, force: Force, as_worker: None
) -> None:
    from doorstep.kernel import chore
    from doorstep.kernel.models import Matter
    from doorstep.rulebook import clock

    call = take(cast)
    one, two, _ = force.units
    _send(cast, call, [one, two])
    _say(cast, "approver", call, "coming")
    with clock.clock_at(clock.now() + timedelta(seconds=61)):
        while chore.mark_due():
            pass
        _say(cast, "approver", call, "cannot", "车抛锚了")
    with cast.enter("dispatcher"):
        waits = [name for name in Matter.objects.get(id=call).flow["open"] if name.startswith("next@")]
        late = [row.late_at for row in _rows(call)]
    assert len(waits) == 2 and late[0] and not late[1]
    assert [row.ended for row in _sendings(cast, call)] == ["", "cannot"]
    assert _proved(call) == []


def _rows(call: UUID) -> list[Any]:
    from doorstep.domains.command.calls.models import Sending

    return list(Sending.objects.filter(matter_id=call).order_by("duty_unit_id"))


def test_B01_nobody_answers_for_another_unit_by_any_door_and_nobody_but_the_centre_sends(
    cast: Cast, force: Force
) -> None:
    from doorstep.domains.command.calls import send, verbs

    call = take(cast)
    one, two, _ = force.units
    _send(cast, call, [two])
    _refused("not-found", lambda: _say(cast, "county_approver", call, "coming"))
    force.members[cast["approver"].login] = one  # of the same station, but not in that car
    branch = _sendings(cast, call)[0].branch
    _refused("no-right", lambda: cast.act("approver", call, f"answer@{branch}", "coming"))
    for role in ("approver", "clerk", "chief", "resident"):
        with cast.enter(role) as viewer:
            _refused("no-right", lambda: send.send(viewer, call, units=[one], request_id=fresh()))
            _refused("no-right", lambda: verbs.take(viewer, verbs.Report("XJ-001"), request_id=fresh()))
    other = take(cast)
    _refused("unit-busy", lambda: _send(cast, other, [two]))


def test_B01_two_operators_on_one_call_see_each_other_and_overwrite_nothing(cast: Cast, force: Force) -> None:
    from doorstep.domains.command.calls import verbs
    from doorstep.kernel.models import Matter

    call = take(cast, answers={"still_there": "yes"})
    with cast.enter("dispatcher") as viewer:
        seen = Matter.objects.get(id=call).version
        verbs.note(viewer, call, text="邻居说有两个人", request_id=fresh())
        report = verbs.Report("XJ-002", said={"place": "柳溪街 18 号"}, answers={"still_there": "no"})
        _refused("moved-on", lambda: verbs.amend(viewer, call, report, version=seen, request_id=fresh()))
        verbs.amend(viewer, call, report, version=seen + 1, request_id=fresh())
        row = verbs.CallPlace.objects.get(matter_id=call)
    assert (row.kind, row.level) == ("XJ-002", "routine")


def test_B01_a_surge_of_200_calls_under_one_parent_ends_with_it(
    cast: Cast, force: Force, as_worker: None
) -> None:
    from doorstep.domains.command.calls import reading, verbs

    parent = take(cast, "XJ-022")
    under = [take(cast, "XJ-019") for _ in range(200)]
    with cast.enter("dispatcher") as viewer:
        for one in under:
            verbs.link(viewer, one, parent=parent, request_id=fresh())
        listed = reading.open_calls(viewer)
        assert parent in {one.id for one in listed} and not {one.id for one in listed} & set(under)
        assert reading.under_each()[parent] == 200
        verbs.close(viewer, parent, result="水退了", request_id=fresh())
        assert verbs.CallPlace.objects.filter(parent_id=parent, state="closed").count() == len(under)
    assert _proved(parent, under[0]) == []


def test_B01_a_resident_a_deaf_person_and_a_sensor_report_and_see_how_far_help_is(
    cast: Cast, force: Force
) -> None:
    from doorstep.domains.command.calls import verbs

    report = verbs.Report(
        "XJ-020", by="sos", said={"silent": "yes", "words": "门外有人"}, lon=118.04, lat=36.8
    )
    with cast.enter("resident") as viewer:
        key = fresh()
        made = verbs.report_own(viewer, report, request_id=key)
        assert verbs.report_own(viewer, report, request_id=key).number == made.number
        assert viewer.account_id == verbs.CallPlace.objects.get(matter_id=made.matter_id).reported_by
    with cast.enter("neighbour"):
        assert not verbs.CallPlace.objects.filter(matter_id=made.matter_id).exists()
    with cast.enter("dispatcher"):
        row = verbs.CallPlace.objects.get(matter_id=made.matter_id)
        assert (row.silent, row.level, row.by_channel) == (True, "urgent", "sos")


def test_B01_a_device_reports_once_for_one_id_and_no_more_when_it_ended(cast: Cast, force: Force) -> None:
    from doorstep.domains.command.calls import devices, verbs
    from doorstep.kernel import trust
    from doorstep.rulebook import clock
    from doorstep.rulebook.ids import uuid7

    until = clock.now() + timedelta(days=30)
    with cast.enter("dispatcher") as viewer:
        device, token = devices.add(
            viewer, kind="sensor", name="安澜江水位", item="XJ-021", until=until, lon=118.01, lat=36.78
        )
    about = {"id": uuid7(), "words": "水位 4.2 米"}
    with trust.enter(None):
        first = verbs.report_by_device(devices.hashed(token), about)
    with trust.enter(None):
        assert verbs.report_by_device(devices.hashed(token), about)["number"] == first["number"]
        _refused("no-device", lambda: verbs.report_by_device(devices.hashed("other"), {"id": uuid7()}))
    with cast.enter("dispatcher") as viewer:
        assert verbs.CallPlace.objects.get(number=first["number"]).lon == 118.01
        devices.end(viewer, device)
    with trust.enter(None):
        _refused("no-device", lambda: verbs.report_by_device(devices.hashed(token), {"id": uuid7()}))


def test_B01_duplicates_flags_and_the_order_of_ringing_back_are_shown(cast: Cast, force: Force) -> None:
    from doorstep.domains.command.calls import reading
    from doorstep.rulebook import clock

    place = {"lon": 117.9 + int(fresh()[:3], 16) / 1e5, "lat": 36.7}
    first = _at(cast, "XJ-012", **place)
    second = _at(cast, "XJ-011", said={"ring_back": "yes", "threatened": "yes"}, **place)
    third = _at(cast, "XJ-012", said={"ring_back": "yes"}, **place)
    with cast.enter("dispatcher") as viewer:
        near = reading.near(viewer, place["lon"], place["lat"] + 0.001, but=third)
        assert {one.id for one in near} == {first, second} and all(
            100 < (one.metres or 0) < 125 for one in near
        )
        assert [
            one.id for one in reading.ring_order(reading.open_calls(viewer, ids=[first, second, third]))
        ] == [second, third]
        reading.set_flag(viewer, **place, words="院里有狗", until=clock.now() + timedelta(days=2))
        _refused("flag", lambda: reading.set_flag(viewer, **place, words="院里有狗", until=clock.now()))
        assert [one.words for one in reading.flags_at(viewer, **place)] == ["院里有狗"]
    with clock.clock_at(clock.now() + timedelta(days=3)), cast.enter("dispatcher") as viewer:
        assert reading.flags_at(viewer, **place) == []
    with cast.enter("resident") as viewer:
        assert reading.flags_at(viewer, **place) == []
        assert not verbs_table().objects.exists()


def verbs_table() -> Any:
    from doorstep.domains.command.calls.models import AddressFlag

    return AddressFlag


def _at(cast: Cast, kind: str, lon: float, lat: float, **more: Any) -> UUID:
    from doorstep.domains.command.calls import verbs

    report = verbs.Report(kind, said={"place": "渡口", **more.get("said", {})}, lon=lon, lat=lat)
    with cast.enter("dispatcher") as viewer:
        return verbs.take(viewer, report, request_id=fresh()).matter_id


def test_B01_open_calls_of_a_shift_are_given_by_one_operator_and_taken_by_another(
    cast: Cast, force: Force
) -> None:
    from django.db import connection
    from django.db.utils import ProgrammingError

    from doorstep.domains.command.calls import shift

    take(cast)
    with cast.enter("dispatcher") as viewer:
        given = shift.give(viewer)
        _refused("same-person", lambda: shift.accept(viewer, given))
        _refused("given", lambda: shift.give(viewer))
        with (
            pytest.raises(ProgrammingError),
            connection.cursor() as cursor,
        ):  # the database holds to two persons, too
            cursor.execute(
                "update call_shift set taken_by = given_by, taken_at = now() where id = %s", [given]
            )


@pytest.mark.parametrize(
    ("typed", "code"), [("rsdq", "XJ-001"), ("家暴", "XJ-007"), ("noise", "XJ-014"), ("jiujia", "XJ-013")]
)
def test_B01_a_kind_is_found_by_words_pinyin_or_initials(typed: str, code: str, cast: Cast) -> None:
    from doorstep.domains.command.calls import intake

    assert intake.matching(typed)[0].code == code


def test_B01_what_a_crew_presses_on_its_page_moves_its_call_and_one_out_of_order_is_replaced(
    cast: Cast,
) -> None:
    from doorstep.domains.command.units import duty

    with cast.enter("dispatcher") as viewer:
        one = next(unit for unit in duty.roster() if unit.state == "off" and unit.on_matter is None)
        duty.sign_on(viewer, one.id, fresh(), crew=(), why="电台签到")
    call = take(cast)
    _send(cast, call, [one.id])
    with cast.enter("dispatcher") as viewer:
        assert duty.one(one.id).on_matter == call
        duty.set_state(viewer, one.id, "moving", "电台报出发", fresh())
        assert duty.one(one.id).state == "moving"
        assert _rows(call)[0].answered_at
        duty.set_state(viewer, one.id, "broken", "抛锚", fresh())
        stands = duty.one(one.id)
        assert (stands.state, stands.on_matter, _rows(call)[0].ended) == ("broken", None, "cannot")
    _refused("no-duty-unit", lambda: _send(cast, take(cast), [one.id]))
