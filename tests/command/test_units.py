"""Duty units: the status clock, shifts, hand-overs, positions of duty only, and whether everyone is all right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from doorstep.domains.command.units import fixes, region, status
from doorstep.domains.command.units.fixes import Fix
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused
from doorstep.solve.duty import STATES
from tests.cast import Cast, fresh
from tests.journeys.visit import Visit

CAR, OTHER = 4, 16
"""Cars of the officer's station and of another one, which no other test uses."""


@pytest.fixture
def duty(cast: Cast) -> Any:
    from doorstep.domains.command.units import duty as verbs  # tables are not ready when tests are collected

    return verbs


def on(duty: Any, cast: Cast, role: str = "officer", car: int = CAR) -> None:
    with cast.enter(role) as viewer:
        duty.sign_on(viewer, car, fresh())


def states(above: psycopg.Connection[Any], car: int) -> list[str]:
    return [
        one
        for (one,) in above.execute("select state from duty_state where duty_unit_id = %s order by id", [car])
    ]


def test_the_clock_of_the_units_is_the_one_that_the_solver_counts_with() -> None:
    assert status.STATES == STATES and set(status.NAMES) == set(STATES)


def test_B02_whoever_presses_what_a_unit_is_never_where_the_clock_does_not_lead() -> None:
    for was in STATES:
        for new in STATES:
            for commanded in (False, True):
                ways = (status.COMMANDED if commanded else status.NEXT)[was]
                if new in ways and new != was:
                    status.check(was, new, commanded=commanded)
                    continue
                with pytest.raises(Refused) as no:
                    status.check(was, new, commanded=commanded)
                assert no.value.words.zh and no.value.words.en and no.value.status == 409
    assert all(status.AVAILABLE in reached(one) for one in STATES if one != status.OFF)
    assert reached(status.OFF) == {status.OFF}, "signing on alone ends it"


def reached(state: str) -> set[str]:
    """Where a crew can get from a state by pressing."""
    found, todo = {state}, [state]
    while todo:
        fresh_ones = status.NEXT[todo.pop()] - found
        found |= fresh_ones
        todo += fresh_ones
    return found


def test_the_demo_region_has_cars_foot_patrols_and_teams_and_others_have_none() -> None:
    told = region.told()
    kinds = [one["kind"] for one in told.units]
    assert kinds.count("car") >= 24 and kinds.count("foot") >= 4
    assert {"property-crime", "forensic", "traffic", "negotiation"} <= {one["team"] for one in told.units}
    assert all(one["home_lon"] is not None for one in told.units) and region.read({}).units == ()


def test_B02_a_shift_from_signing_on_to_signing_off(
    duty: Any, cast: Cast, above: psycopg.Connection[Any]
) -> None:
    request = fresh()
    with cast.enter("officer") as viewer:
        assert duty.sign_on(viewer, CAR, request).state == "available"
        assert duty.sign_on(viewer, CAR, request).replayed
        mine = duty.mine(viewer)
        assert mine and mine.id == CAR and mine.shift_to and mine.shift_to > clock.now()
        assert CAR in {one.id for one in duty.standing()}
        with pytest.raises(Refused, match="not-next"):
            duty.set_state(viewer, CAR, "finished", "", fresh())
        for state in ("moving", "there", "finished", "available"):
            duty.set_state(viewer, CAR, state, "", fresh())
        pressed = clock.now() + timedelta(hours=3)
        duty.set_state(viewer, CAR, "moving", "", fresh(), pressed_at=pressed)
        with pytest.raises(Refused, match="busy"):
            duty.sign_off(viewer, fresh())
        moved = duty.one(CAR)
        assert moved.state_at and moved.state_at < pressed, "a clock that runs ahead is not believed"
        for state in ("there", "finished"):
            duty.set_state(viewer, CAR, state, "", fresh())
        duty.sign_off(viewer, fresh())
        assert duty.mine(viewer) is None and CAR not in {one.id for one in duty.standing()}
    assert states(above, CAR)[-3:] == ["there", "finished", "off"]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        above.execute("update duty_state set state = 'there' where duty_unit_id = %s", [CAR])


def test_B02_a_shift_that_is_over_is_asked_about_and_signed_off_with_one_press(
    duty: Any, cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.units import overdue

    grace = region.told().grace
    on(duty, cast)
    above.execute("update duty_unit set shift_to = now() - interval '1 minute' where id = %s", [CAR])
    with cast.enter("officer") as viewer:
        mine, now = duty.mine(viewer), clock.now()
        assert mine and not overdue.crew_asked(mine, now) and overdue.crew_asked(mine, now + grace)
        assert overdue.centre_asked([mine], now + grace) == []
        assert overdue.centre_asked([mine], now + 2 * grace) == [mine]
        overdue.stay(viewer, CAR, fresh())
        stays = duty.mine(viewer)
        assert stays and not overdue.crew_asked(stays, now + grace), "another hour"
    with cast.enter("approver") as viewer, pytest.raises(Refused, match="no-right"):
        overdue.stay(viewer, CAR, fresh())
    above.execute("update duty_unit set shift_to = now() - interval '2 hours' where id = %s", [CAR])
    page = Visit(cast["officer"].token).get("/command/duty")
    assert "还在班吗" in page.text
    centre = Visit(cast["dispatcher"].token)
    told = centre.get("/command/units")
    assert f'data-overdue="{CAR}"' in told.html
    fields = {"do": "state", "unit": str(CAR), "state": "off", "why": overdue.WHY.zh, "request_id": fresh()}
    centre.post("/command/units", fields)
    with cast.enter("officer") as viewer:
        assert duty.mine(viewer) is None
    assert f'data-overdue="{CAR}"' not in centre.get("/command/units").html


def test_B02_another_stations_officer_sets_nothing_and_a_dispatcher_says_why(duty: Any, cast: Cast) -> None:
    on(duty, cast)
    for role in ("other_station", "resident"):
        with cast.enter(role) as viewer:
            assert CAR not in {one.id for one in duty.standing()}
            with pytest.raises(Refused, match="not-found"):
                duty.set_state(viewer, CAR, "broken", "x", fresh())
    with cast.enter("approver") as viewer, pytest.raises(Refused, match="no-right"):
        duty.set_state(viewer, CAR, "broken", "I am not of its crew", fresh())
    with cast.enter("dispatcher") as viewer:
        with pytest.raises(Refused, match="no-why"):
            duty.set_state(viewer, CAR, "broken", " ", fresh())
        assert duty.set_state(viewer, CAR, "broken", "爆胎", fresh()).state == "broken"
        assert duty.set_state(viewer, CAR, "available", "修好了", fresh()).state == "available"
    with cast.enter("officer") as viewer:
        duty.sign_off(viewer, fresh())


def test_B02_one_car_signed_on_over_the_radio(duty: Any, cast: Cast) -> None:
    with cast.enter("dispatcher") as viewer:
        assert duty.sign_on(viewer, OTHER, fresh(), crew=(), why="电台上班").state == "available"
        assert duty.set_state(viewer, OTHER, "off", "电台下班", fresh()).state == "off"
    with cast.enter("officer") as viewer, pytest.raises(Refused, match="not-found"):
        duty.sign_on(viewer, OTHER, fresh())


NOW = datetime(2031, 5, 6, 8, 0, tzinfo=UTC)
HERE = (118.041, 36.799)


def look(*told: Fix, last: Fix | None = None, sent_at: datetime | None = None) -> fixes.Looked:
    box = fixes.box_of([HERE])
    return fixes.look(told, now=NOW, sent_at=sent_at, last=last, box=box, fastest_kmh=250)


def ago(seconds: float, lon: float = HERE[0], lat: float = HERE[1], **more: Any) -> Fix:
    return Fix(NOW - timedelta(seconds=seconds), lon, lat, **more)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (ago(0, 0.0, 0.0), "nonsense"), (ago(0, 200.0), "nonsense"), (ago(0, float("nan")), "nonsense"),
        (ago(0, 123.0, 33.0), "outside"), (ago(-600), "future"), (ago(100_000), "old"),
        (ago(0, 118.06), "speed"), (Fix(datetime.min.replace(tzinfo=UTC), *HERE), "old"),
    ],
)  # fmt: skip
def test_B02_a_position_that_cannot_be_is_refused_with_its_reason(one: Fix, why: str) -> None:
    looked = look(ago(6), one, last=ago(7))
    assert [(n, code) for n, code in looked.refused] == [(1, why)] and len(looked.good) == 1
    assert fixes.REASONS[why].zh and fixes.REASONS[why].en


def test_B02_a_clock_that_runs_ahead_is_set_right_and_said() -> None:
    ahead = timedelta(seconds=340)
    looked = look(ago(-335, speed=900.0), sent_at=NOW + ahead)
    assert (
        looked.skew_s == 340
        and looked.good[0].at == NOW - timedelta(seconds=5)
        and looked.good[0].speed is None
    )


def places(seconds: int, n: int) -> list[Fix]:
    """One every ten seconds, the last so many seconds ago."""
    now = clock.now()
    return [Fix(now - timedelta(seconds=seconds + 10 * k), HERE[0] + k * 1e-4, HERE[1]) for k in range(n)]


def test_rights_14_positions_of_duty_only_kept_for_the_days_and_read_by_nobody_else(
    duty: Any, cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.units import feed

    def kept() -> int:
        found = above.execute("select count(*) from duty_position where duty_unit_id = %s", [CAR]).fetchone()
        return int(found[0]) if found else 0

    with cast.enter("officer") as viewer, pytest.raises(Refused, match="off-duty"):
        feed.report(viewer, None, places(0, 2))
    assert kept() == 0
    on(duty, cast)
    above.execute("update duty_unit set shift_from = shift_from - interval '1 hour' where id = %s", [CAR])
    with cast.enter("officer") as viewer:
        told = places(0, 5)
        assert feed.report(viewer, None, told).taken == 5
        again = feed.report(viewer, CAR, told)
        assert (again.taken, again.known) == (0, 5)
        late = [Fix(clock.now() - timedelta(minutes=30), *HERE)]
        assert feed.report(viewer, None, late).taken == 0, "a place from before does not move it back"
        mine = duty.mine(viewer)
        assert mine and mine.lon == HERE[0] and mine.position_at == told[0].at
        before_shift = [Fix(clock.now() - timedelta(hours=2), *HERE)]
        assert feed.report(viewer, None, before_shift).taken == 0
    assert 5 <= kept() <= 7
    for role in ("other_station", "approver"):
        with cast.enter(role) as viewer, pytest.raises(Refused, match="no-right"):
            feed.report(viewer, CAR, places(0, 1))
    with cast.enter("supervisor"):
        assert fetched("select count(*) from duty_position") == 0, (
            "a track is played back with a purpose and by two"
        )
    with cast.enter("officer") as viewer:
        assert fetched("select count(*) from duty_position") >= 5
        duty.sign_off(viewer, fresh())
        assert duty.one(CAR).lon is None, "off duty nobody knows where it is"


def fetched(sql: str) -> int:
    from doorstep.kernel.row import fetch

    return int(fetch(sql)[0][0])


def test_rights_14_the_chore_forgets_what_was_kept_for_the_days(
    cast: Cast, as_worker: None, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.units import feed

    row = "insert into duty_position (duty_unit_id, tick, at, lon, lat) values (999, %s, %s, 1, 1)"
    days = region.told().kept
    for n, at in enumerate(
        (clock.now() - days - timedelta(minutes=1), clock.now() - days + timedelta(minutes=1))
    ):
        above.execute(row, [n, at])
    assert feed.forget() >= 1
    left = above.execute("select tick from duty_position where duty_unit_id = 999").fetchall()
    assert left == [(1,)]
    above.execute("delete from duty_position where duty_unit_id = 999")


def test_B02_is_everyone_all_right_asked_answered_and_silence_said_to_be_late(
    duty: Any, cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.units import safety

    with cast.enter("dispatcher") as viewer:
        duty.sign_on(viewer, OTHER, fresh(), crew=(), why="电台")
    on(duty, cast)
    with cast.enter("officer") as viewer:
        for state in ("moving", "there"):
            duty.set_state(viewer, CAR, state, "", fresh())
        with pytest.raises(Refused, match="no-right"):
            safety.ask(viewer, CAR, fresh())
    request = fresh()
    with cast.enter("dispatcher") as viewer:
        asked = safety.ask(viewer, CAR, request)
        assert safety.ask(viewer, CAR, request).replayed
        with pytest.raises(Refused, match="asked"):
            safety.ask(viewer, CAR, fresh())
        with pytest.raises(Refused, match="not-found"):
            safety.ask(viewer, 9_999, fresh())
    with cast.enter("other_station") as viewer, pytest.raises(Refused, match="no-right"):
        safety.answer(viewer, asked.matter_id, "well", fresh())
    above.execute(
        "update safety_check set due_at = now() - interval '1 second' where id = %s", [asked.matter_id]
    )
    with cast.enter("dispatcher"):
        assert [one.late for one in safety.open_checks(CAR)] == [True]
    with cast.enter("officer") as viewer:
        assert [one.id for one in safety.open_checks(CAR)] == [asked.matter_id]
        safety.answer(viewer, asked.matter_id, "help", fresh())
    with cast.enter("dispatcher") as viewer:
        assert [one.answer for one in safety.open_checks(CAR)] == ["help"]
        with pytest.raises(Refused, match="answered"):
            safety.answer(viewer, asked.matter_id, "well", fresh())
        duty.set_state(viewer, OTHER, "off", "电台", fresh())
    with cast.enter("officer") as viewer:
        for state in ("finished", "off"):
            duty.set_state(viewer, CAR, state, "", fresh())


def test_B02_the_clock_asks_a_unit_that_is_out_for_long_and_notices_silence(
    duty: Any, cast: Cast, above: psycopg.Connection[Any], as_worker: None
) -> None:
    from doorstep.domains.command.units import safety

    at = "update duty_unit set state = 'there', state_at = now() - interval '21 minutes' where id = 15"
    above.execute(at)
    try:
        assert safety.watch() >= 1
        above.execute("update safety_check set due_at = now() where duty_unit_id = 15")
        safety.watch()
        found = above.execute(
            "select late_at is not null from safety_check where duty_unit_id = 15"
        ).fetchall()
        assert found == [(True,)], "asked once, and late once"
    finally:
        above.execute("update safety_check set answered_at = now(), answer = 'well' where duty_unit_id = 15")
        above.execute("update duty_unit set state = 'off' where id = 15")


def test_B02_a_shift_is_handed_over_by_text_and_both_confirm(duty: Any, cast: Cast) -> None:
    from doorstep.domains.command.units import notes

    on(duty, cast)
    with cast.enter("officer") as viewer:
        given = notes.tell(viewer, CAR, CAR, "油还有一半，右后门关不严。", fresh())
        with pytest.raises(Refused, match="own"):
            notes.take(viewer, given.matter_id, fresh())
        with pytest.raises(Refused, match="waits"):
            notes.tell(viewer, CAR, CAR, "再来一份", fresh())
    with cast.enter("other_station") as viewer:
        assert notes.notes(viewer, [CAR]) == []
        with pytest.raises(Refused, match="no-right"):
            notes.take(viewer, given.matter_id, fresh())
    with cast.enter("approver") as viewer:
        assert notes.notes(viewer, [CAR])[0].words == "油还有一半，右后门关不严。"
        notes.take(viewer, given.matter_id, fresh())
        mine = duty.mine(viewer)
        assert mine and mine.id == CAR and mine.state == "available"
    with cast.enter("officer") as viewer:
        assert duty.mine(viewer) is None
    with cast.enter("approver") as viewer:
        duty.sign_off(viewer, fresh())


def test_B02_my_unit_and_the_roster_by_page(duty: Any, cast: Cast) -> None:
    officer, desk = Visit(cast["officer"].token), Visit(cast["dispatcher"].token)
    assert Visit(cast["resident"].token).get("/command/duty").status == 403
    page = officer.get("/command/duty")
    assert "上班签到" in page.text and "HW-01" not in page.text
    request = {"request_id": fresh(), "do": "on", "unit": str(CAR)}
    assert "LX-02" in officer.post("/command/duty", page.form_with("unit") | request).text
    pressed = {"request_id": fresh(), "do": "state", "unit": str(CAR), "state": "finished", "pressed_at": "x"}
    refused = officer.post("/command/duty", officer.get("/command/duty").form_with("state") | pressed)
    assert refused.status == 409 and "不能直接到" in refused.text
    roster = desk.get(f"/command/units?unit={CAR}")
    assert 'data-unit="1"' in roster.html and "江守拙" not in roster.text.split("同车")[0]
    told = {"request_id": fresh(), "do": "state", "unit": str(CAR), "state": "off", "why": "换班"}
    assert desk.post("/command/units", roster.form_with("why") | told).status == 200
    with cast.enter("officer") as viewer:
        assert duty.mine(viewer) is None


def test_B02_nobody_takes_up_a_unit_that_is_not_theirs_or_for_what_is_no_call(cast: Cast) -> None:
    """At the functions themselves, whatever page or verb stands before them."""
    from doorstep.kernel.row import fetch

    card = cast.apply().matter_id
    for role, matter_id in (("approver", card), ("resident", card), ("clerk", card)):
        with cast.enter(role):
            told = fetch("select trust.duty_occupy(1, %s, '', 'assigned', now())", matter_id)
            assert told == [("no-right",)], role
            assert fetch("select trust.duty_release(1, %s, 'available', now())", matter_id) == [("no-right",)]


def test_B03_patrols_are_written_by_officers_alone(cast: Cast) -> None:
    from django.db import ProgrammingError

    from doorstep.kernel.row import run

    asked = """insert into patrol_plan (id, root, shift, since, until, state, asked_by, asked_at, why, input, job, tries)
      values (gen_random_uuid(), gen_random_uuid(), 'day', now(), now(), 'asked', %s, now(), '', '{}', '', 0)"""
    for role in ("resident", "kiosk"):
        with pytest.raises(ProgrammingError, match="row-level security"), cast.enter(role) as viewer:
            run(asked, viewer.account_id)
