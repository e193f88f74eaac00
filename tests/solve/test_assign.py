"""Who goes where: the best plan, its rules and its reasons."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.geo.router import ROUTED, StraightLine
from doorstep.solve.assign import REASONS, Answer, Reason, assign, nearest_first
from doorstep.solve.board import BARS
from doorstep.solve.duty import Incident, Need, Reserve, Rules, Times, Unit
from doorstep.solve.spoken import lasting, said
from tests.solve.duty_room import LEVELS, PLAIN, TARGETS, TURNING, Room, any_room, table

URGENT, ROUTINE = Incident("u", "urgent", 0.0), Incident("r", "routine", 0.0)
A, B = Unit("A"), Unit("B")


def sent(answer: Answer) -> dict[tuple[str, int], str | None]:
    return {(one.incident, one.need): one.unit for one in answer.choices}


def codes(answer: Answer, incident: str) -> set[str]:
    return {reason.code for one in answer.choices if one.incident == incident for reason in one.reasons}


def by_trying_everything(room: Room) -> tuple[list[bool], float]:
    """Which needs can be met, dearest first, and in how little weighted time: every plan there is, one after the other."""
    incidents, units, times, _ = room
    needs = [(row, number) for row, one in enumerate(incidents) for number in range(len(one.needs))]
    order = sorted(
        needs,
        key=lambda n: (
            LEVELS.index(incidents[n[0]].level), n[1],
            incidents[n[0]].since / TARGETS["", incidents[n[0]].level], incidents[n[0]].since, incidents[n[0]].id,
        ),
    )  # fmt: skip
    best: tuple[list[bool], float] | None = None
    for plan in product(range(-1, len(units)), repeat=len(order)):
        used = [u for u in plan if u >= 0]
        fits = [
            u < 0
            or (incidents[row].needs[k].skills <= units[u].skills and np.isfinite(times.seconds[row, u]))
            for (row, k), u in zip(order, plan, strict=True)
        ]
        if len(set(used)) < len(used) or not all(fits):
            continue
        cost = sum(
            times.seconds[row, u] * 60 / TARGETS["", incidents[row].level]
            for (row, _), u in zip(order, plan, strict=True) if u >= 0
        )  # fmt: skip
        found = [u >= 0 for u in plan], cost
        if best is None or (found[0], -cost) > (best[0], -best[1]):
            best = found
    assert best
    return best


@given(st.integers(0, 2**32))
def test_B02_no_plan_is_better_than_the_answer(seed: int) -> None:
    room = any_room(seed, most=4, plain=True)
    if len(room[1]) ** sum(len(one.needs) for one in room[0]) > 3_000:
        return
    met, cost = by_trying_everything(room)
    answer = assign(*room, now=0.0, explain=())
    assert [one.unit is not None for one in answer.choices] == met
    assert answer.weighted == pytest.approx(cost) == pytest.approx(answer.road)


@given(st.integers(0, 2**32))
def test_B02_at_each_decision_the_weighted_road_time_is_at_most_that_of_nearest_first(seed: int) -> None:
    room = any_room(seed)
    joint, greedy = assign(*room, now=0.0, explain=()), nearest_first(*room, now=0.0)
    met = [[one.unit is not None for one in answer.choices] for answer in (joint, greedy)]
    assert room[3].reserves or met[0] >= met[1]
    if met[0] == met[1] and len(joint.held) == len(greedy.held):
        assert joint.weighted <= greedy.weighted + 1e-6


@given(st.integers(0, 2**32))
def test_B02_whatever_is_the_case_the_answer_is_whole_and_breaks_no_rule(seed: int) -> None:
    incidents, units, times, rules = any_room(seed)
    answer = assign(incidents, units, times, rules, now=0.0)
    at = {one.id: one for one in units}
    numbered = {one.id: number for number, one in enumerate(incidents)}
    used = [one.unit for one in answer.choices if one.unit] + [unit for _, unit in answer.held]
    assert len(used) == len(set(used))
    for one in answer.choices:
        assert one.reasons and {reason.code for reason in one.reasons} <= set(REASONS)
        assert one.difference is None or one.difference >= 0
        if one.unit is None:
            assert (one.incident, one.need) in answer.waiting
            continue
        unit, incident = at[one.unit], incidents[numbered[one.incident]]
        assert unit.state not in ("off", "broken")
        if unit.on == (one.incident, one.need):
            continue
        assert incident.needs[one.need].skills <= unit.skills
        assert np.isfinite(times.seconds[numbered[one.incident], units.index(unit)])
        if unit.state not in ("available", "finished"):
            left = incidents[numbered[unit.on[0]]] if unit.on else None
            way = rules.leave if unit.state == "there" else rules.turn
            assert left and incident.level in way[left.level]


def test_two_calls_are_decided_together_and_the_reason_says_what_it_saves() -> None:
    first, second = replace(URGENT, id="first"), replace(URGENT, id="second", since=1.0)
    times = table([100, 120], [110, 500])
    answer = assign([first, second], [A, B], times, PLAIN, 2.0)
    assert sent(answer) == {("first", 0): "B", ("second", 0): "A"}
    why = {reason.code: reason for reason in answer.choices[0].reasons}
    assert (why["nearer-elsewhere"].unit, why["nearer-elsewhere"].incident) == ("A", "second")
    assert (answer.choices[0].runner_up, answer.choices[0].difference) == ("A", pytest.approx(600 - 230))
    assert nearest_first([first, second], [A, B], times, PLAIN, 2.0).weighted == pytest.approx(600)


def test_one_call_alone_gets_the_nearest_with_the_runner_up_and_how_much_later_it_would_be() -> None:
    (choice,) = assign([URGENT], [A, B, Unit("C")], table([90, 70, 200]), PLAIN, 0.0).choices
    assert (choice.unit, choice.seconds, choice.routed, choice.runner_up) == ("B", 70, True, "A")
    assert choice.difference == pytest.approx(20) and choice.runner_up_s == 90
    assert [reason.code for reason in choice.reasons] == ["nearest", "late", "runner-up"]


def test_each_team_goes_to_the_need_that_it_is_for() -> None:
    burglary = Incident("b", "prompt", 0.0, (
        Need("station"), Need("forensic", skills=frozenset({"traces"}), kit=frozenset({"case"})),
        Need("station", rights=frozenset({"enforce"}), vehicles=frozenset({"car", "van"})),
    ))  # fmt: skip
    units = [
        Unit("foot", team="station", vehicle="foot", rights=frozenset({"enforce"})),
        Unit("car", team="station", rights=frozenset({"enforce"})),
        Unit("lab", team="forensic", skills=frozenset({"traces"}), kit=frozenset({"case"})),
        Unit("auxiliary", team="station"),
        Unit("bare", team="forensic", skills=frozenset({"traces"})),
    ]
    answer = assign([burglary], units, table([50, 60, 300, 500, 10]), PLAIN, 0.0)
    assert sent(answer) == {("b", 0): "foot", ("b", 1): "lab", ("b", 2): "car"}
    alone = assign([burglary], units[3:], table([500, 10]), PLAIN, 0.0)
    assert sent(alone)["b", 2] is None and dict(alone.choices[2].reasons[0].counts) == {"right": 1, "team": 1}


def test_a_shorter_promise_counts_more_and_zones_have_their_own() -> None:
    rules = Rules(LEVELS, {**TARGETS, ("town", "routine"): 60.0})
    here, there = replace(ROUTINE, id="a", zone="town"), replace(ROUTINE, id="b", zone="hill")
    times = table([100, 220], [100, 300])  # 120 s saved in town at a minute, 200 on the hill at five
    assert sent(assign([here, there], [A, B], times, rules, 0.0))["a", 0] == "A"
    assert sent(assign([here, there], [A, B], times, PLAIN, 0.0))["a", 0] == "B"


def test_seconds_beyond_the_target_count_more_where_a_place_wants_it() -> None:
    late, new = replace(ROUTINE, id="late", since=-400.0), replace(ROUTINE, id="new")
    times = table([100, 200], [50, 160])
    assert sent(assign([late, new], [A, B], times, PLAIN, 0.0))["late", 0] == "B"
    assert sent(assign([late, new], [A, B], times, replace(PLAIN, beyond=1.0), 0.0))["late", 0] == "A"


def test_a_reserve_is_kept_from_lesser_calls_and_given_to_urgent_ones() -> None:
    rules = replace(PLAIN, reserves=(Reserve("town", "routine"),))
    held = assign([ROUTINE], [A], table([60]), rules, 0.0)
    assert held.waiting == (("r", 0),) and held.held == (("town", "A"),)
    assert held.choices[0].reasons[0].code == "held-back"
    assert sent(assign([ROUTINE], [A, B], table([60, 90]), rules, 0.0)) == {("r", 0): "A"}
    off_duty = assign([ROUTINE], [replace(A, state="off"), B], table([10, 60]), rules, 0.0)
    assert off_duty.held == (("town", "B"),) and off_duty.waiting == (("r", 0),)
    both = assign([ROUTINE, URGENT], [A], table([60], [60]), rules, 0.0)
    assert sent(both) == {("u", 0): "A", ("r", 0): None} and not both.held


def test_only_a_unit_under_way_to_a_lesser_call_is_turned_round_and_its_call_is_not_forgotten() -> None:
    rules = replace(PLAIN, turn=TURNING)
    coming = replace(A, state="moving", on=("r", 0))
    answer = assign([ROUTINE, URGENT], [coming], table([30], [60]), rules, 0.0)
    assert sent(answer) == {("u", 0): "A", ("r", 0): None} and "turned-round" in codes(answer, "u")
    backed = assign([ROUTINE, URGENT], [coming, B], table([30, 90], [60, 800]), rules, 0.0)
    assert sent(backed) == {("u", 0): "A", ("r", 0): "B"} and backed.let_go == ()
    assert sent(assign([ROUTINE, URGENT], [coming], table([30], [60]), PLAIN, 0.0)) == {
        ("u", 0): None,
        ("r", 0): "A",
    }
    equal = replace(URGENT, id="v")
    same = [replace(A, state="moving", on=("u", 0))]
    assert sent(assign([URGENT, equal], same, table([600], [10]), rules, 0.0)) == {
        ("u", 0): "A",
        ("v", 0): None,
    }


def test_nobody_is_taken_from_where_they_are_unless_a_rule_says_so() -> None:
    there = replace(A, state="there", on=("r", 0))
    rules = replace(PLAIN, turn=TURNING)
    kept = assign([ROUTINE, URGENT], [there], table([0], [60]), rules, 0.0)
    assert sent(kept) == {("u", 0): None} and kept.choices[0].reasons[0].counts == (("there", 1),)
    taken = assign([ROUTINE, URGENT], [there], table([0], [60]), replace(rules, leave=TURNING), 0.0)
    assert sent(taken) == {("u", 0): "A", ("r", 0): None} and "taken-from" in codes(taken, "u")


def test_a_unit_under_way_is_only_replaced_if_that_saves_enough() -> None:
    coming = replace(A, state="moving", on=("u", 0))
    little = assign([URGENT], [coming, B], table([200, 150]), PLAIN, 0.0)
    assert sent(little) == {("u", 0): "A"} and "kept" in codes(little, "u")
    much = assign([URGENT], [coming, B], table([200, 100]), PLAIN, 0.0)
    assert sent(much) == {("u", 0): "B"} and much.let_go == ("A",) and "relieves" in codes(much, "u")


def test_neighbours_help_where_the_rules_ask_them_and_only_if_they_are_that_much_nearer() -> None:
    call, neighbour, own = replace(URGENT, force="east"), replace(A, force="west"), replace(B, force="east")
    rules = replace(PLAIN, aid_s={"urgent": 120.0})
    assert sent(assign([call], [neighbour, own], table([60, 170]), rules, 0.0))["u", 0] == "B"
    near = assign([call], [neighbour, own], table([60, 190]), rules, 0.0)
    assert sent(near)["u", 0] == "A" and "neighbour" in codes(near, "u")
    alone = assign([call], [neighbour], table([60]), PLAIN, 0.0)
    assert sent(alone)["u", 0] is None
    could = alone.choices[0].reasons[-1]
    assert (could.code, could.unit, could.seconds, could.counts) == ("could", "A", 60, (("neighbour", 1),))


def test_a_shift_that_ends_takes_no_long_call_and_a_broken_car_none() -> None:
    rules = replace(PLAIN, left_s={"routine": 1200.0})
    going_home = replace(A, shift_ends=900.0)
    assert sent(assign([ROUTINE], [going_home, B], table([60, 500]), rules, 0.0))["r", 0] == "B"
    assert sent(assign([URGENT], [going_home, B], table([60, 500]), rules, 0.0))["u", 0] == "A"
    coming = replace(going_home, state="moving", on=("r", 0))
    kept = assign([ROUTINE], [coming, B], table([60, 500]), rules, 0.0)
    assert sent(kept)["r", 0] == "A" and {"kept", "shift-ends"} <= codes(kept, "r")
    broken = replace(A, state="broken", on=("u", 0))
    assert sent(assign([URGENT], [broken, B], table([10, 500]), PLAIN, 0.0))["u", 0] == "B"


def test_a_closed_road_leaves_the_unit_behind_it_out() -> None:
    coming = replace(A, state="moving", on=("u", 0))
    answer = assign([URGENT], [coming, B], table([float("inf"), 400]), PLAIN, 0.0)
    assert sent(answer)["u", 0] == "B" and answer.let_go == ("A",)
    cut_off = assign([URGENT], [A], table([float("inf")]), PLAIN, 0.0)
    assert cut_off.choices[0].reasons[0].counts == (("no-way", 1),)


def test_impossible_input_is_answered_and_not_raised() -> None:
    nan = float("nan")
    assert assign([], [], Times.guessed(np.zeros((0, 0))), PLAIN, 0.0).choices == ()
    nobody = assign([URGENT], [], Times.guessed(np.zeros((1, 0))), PLAIN, 0.0)
    assert nobody.waiting == (("u", 0),) and codes(nobody, "u") == {"nobody"}
    unknown = assign([URGENT], [A, B], table([nan, -5.0]), PLAIN, 0.0)
    assert unknown.choices[0].reasons[0].counts == (("unknown-time", 2),)
    strange = assign(
        [replace(URGENT, level="?", since=nan)], [replace(A, position_at=nan)], table([60]), PLAIN, 0.0
    )
    assert strange.choices[0].unit == "A" and {"level-unknown", "position-old"} <= codes(strange, "u")
    ahead = assign([replace(URGENT, since=9e9)], [A], table([50]), PLAIN, 0.0)
    assert {"nearest", "in-time"} <= codes(ahead, "u")


def test_an_old_position_is_taken_only_if_nobody_else_is_near() -> None:
    lost = replace(A, position_at=-600.0)
    assert sent(assign([URGENT], [lost, B], table([60, 200]), PLAIN, 0.0))["u", 0] == "B"
    only = assign([URGENT], [lost], table([60]), PLAIN, 0.0)
    assert only.choices[0].unit == "A"
    assert [r.seconds for r in only.choices[0].reasons if r.code == "position-old"] == [600.0]


def test_the_backlog_stands_in_order_and_long_waiting_raises_a_call() -> None:
    calls = [
        replace(ROUTINE, id="late", since=-2000.0),
        replace(ROUTINE, id="new"),
        replace(URGENT, id="now"),
    ]
    nobody = Times.guessed(np.zeros((3, 0)))
    assert assign(calls, [], nobody, PLAIN, 0.0).waiting == (("now", 0), ("late", 0), ("new", 0))
    aged = replace(PLAIN, ages=2.0)
    assert assign(calls, [], nobody, aged, 0.0).waiting == (("late", 0), ("now", 0), ("new", 0))


def test_times_come_from_the_routers_rows_and_what_is_missing_is_unknown() -> None:
    rows = {"u": {"A": (60.0, True), "B": (None, True)}}
    times = Times.of(rows, [URGENT, ROUTINE], [A, B])
    assert times.seconds[0].tolist() == [60.0, float("inf")] and np.isnan(times.seconds[1]).all()
    guess = Times.of({"u": {"A": (60.0, False)}}, [URGENT], [A])
    assert "estimated" in codes(assign([URGENT], [A], guess, PLAIN, 0.0), "u")


def test_the_routers_matrix_is_enough_to_decide_by() -> None:
    places = {"A": (118.00, 36.0), "B": (118.02, 36.0), "u": (118.015, 36.0)}
    (row,) = StraightLine().matrix([places["u"]], [places["A"], places["B"]])
    rows = {"u": {name: (one.seconds, one.source == ROUTED) for name, one in zip("AB", row, strict=True)}}
    (choice,) = assign([URGENT], [A, B], Times.of(rows, [URGENT], [A, B]), PLAIN, 0.0).choices
    assert (choice.unit, choice.routed, choice.runner_up) == ("B", False, "A")


def test_every_reason_and_every_bar_has_words_in_both_languages() -> None:
    bars = tuple((bar, 2) for bar in BARS if bar)
    for code in REASONS:
        told = said(Reason(code, 75.0, "u1", "i1", bars), {"u1": "102 车", "i1": "望江路警情"}.__getitem__)
        assert told.zh and told.en and "{" not in told.zh + told.en and "u1" not in told.zh
    empty = said(Reason("nobody"))
    assert (empty.zh, empty.en) == ("没有警力能去：没有警力", "No unit can go: there are none")
    why = assign(
        [replace(URGENT, needs=(Need(kit=frozenset({"boat"})),))], [A, B], table([60, 70]), PLAIN, 0.0
    )
    assert said(why.choices[0].reasons[0]).en == "No unit can go: 2 lack the kit"
    assert [lasting(s).en for s in (59.6, 61, 119.7, 754, 3900)] == [
        "1 min",
        "1 min 1 s",
        "2 min",
        "12 min",
        "1 h 5 min",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"targets": {("", "urgent"): 60.0}}, {"weights": {"urgent": 0.0}}, {"weights": {"?": 1.0}}, {"ages": 0.0},
        {"turn": {"urgent": frozenset({"urgent"})}}, {"leave": {"prompt": frozenset({"routine"})}}, {"turn_s": -1.0},
        {"turn_s": float("nan")},
    ],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(PLAIN, **wrong)  # type: ignore[arg-type]
