from __future__ import annotations

from typing import Any

import pytest

from doorstep.rulebook import flow as game
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flow import Flow, Happening, State
from doorstep.rulebook.flow_source import compile_flow
from doorstep.rulebook.rule import compile_table
from doorstep.rulebook.words import Refused

T = {"zh": "步骤", "en": "Step"}
ROUTE = compile_table(
    "complete",
    {
        "inputs": {"papers": {"type": "int", "min": 0, "max": 3}},
        "outputs": {"route": ["go", "ask"]},
        "rows": [[">= 1", "go"], ["-", "ask"]],
    },
)
CARD: dict[str, Any] = {
    "withdraw": {"until": "make"},
    "steps": [
        {
            "id": "intake",
            "kind": "task",
            "by": "received",
            "title": T,
            "limit": "30 minute",
            "returns": {"to": "applicant", "at_most": 2},
        },
        {
            "id": "review",
            "kind": "review",
            "by": "competent",
            "title": T,
            "limit": "review",
            "returns": {"to": "applicant", "at_most": 3, "limit": "30 day"},
        },
        {
            "id": "make",
            "kind": "task",
            "by": "competent",
            "title": T,
            "returns": {"to": "review", "at_most": 1},
        },
        {
            "id": "hand_out",
            "kind": "task",
            "by": "hand_out",
            "title": T,
            "limit": "30 day",
            "on_late": "lapse",
        },
    ],
}
ENTRY: dict[str, Any] = {
    "steps": [
        {"id": "complete", "kind": "decide", "table": "complete"},
        {
            "id": "correct",
            "kind": "task",
            "by": "applicant",
            "title": T,
            "when": {"complete.route": "ask"},
            "then": "complete",
        },
        {"id": "register", "kind": "task", "by": "system", "title": T},
    ]
}


def card() -> Flow:
    return compile_flow(CARD, {}, {"review": Limit(1, "workday")})


def entry() -> Flow:
    return compile_flow(ENTRY, {"complete": ROUTE})


def walk(flow: Flow, *moves: str, papers: int = 1) -> tuple[State, list[Happening]]:
    """Start and act ``step=outcome`` one after the other."""
    state, log = game.start(flow, {"papers": papers})
    happenings = list(log)
    for move in moves:
        step, outcome = move.split("=")
        state, log = game.act(flow, state, step, outcome, {"papers": papers})
        happenings += log
    return state, happenings


def refused(code: str, status: int) -> Any:
    return pytest.raises(
        Refused, check=lambda r: (r.code, r.status, bool(r.words.zh)) == (code, status, True)
    )


def test_a_straight_way_ends_granted() -> None:
    state, log = walk(card(), "intake=done", "review=approve", "make=done", "hand_out=done")
    assert (state.ended, state.open) == ("granted", {})
    assert [h.kind for h in log][-1] == "ended"
    assert log[0] == Happening("step.opened", "intake", 1, by="received", limit=Limit(30, "minute"))


def test_a_limit_named_in_the_pack_is_written_out_in_the_header() -> None:
    _, log = walk(card(), "intake=done")
    assert log[-1].as_codes()["limit"] == "1 workday"


def test_a_return_opens_the_applicants_correction_and_then_the_review_again() -> None:
    state, _ = walk(card(), "intake=done", "review=return")
    assert state.open == {"correct:review": 1}
    state, _ = game.act(card(), state, "correct:review", "done", {})
    assert state.open == {"review": 2}
    assert state.returns == {"review": 1}


def test_a_return_to_an_earlier_step_goes_the_way_again() -> None:
    state, _ = walk(card(), "intake=done", "review=approve", "make=return", "review=approve")
    assert state.open == {"make": 2}


def test_one_return_more_than_allowed_is_refused_and_nothing_has_changed() -> None:
    once = ["review=return", "correct:review=done"]
    state, _ = walk(card(), "intake=done", *once * 3)
    before = state.as_json()
    with refused("flow.returns_exhausted", 409):
        game.act(card(), state, "review", "return", {})
    assert state.as_json() == before


def test_a_refusal_ends_the_matter() -> None:
    assert walk(card(), "intake=done", "review=refuse")[0].ended == "refused"


@pytest.mark.parametrize(
    ("step", "outcome", "code", "status"),
    [
        ("nowhere", "done", "flow.unknown_step", 422),
        ("correct:hand_out", "done", "flow.unknown_step", 422),
        ("review", "approve", "flow.closed_step", 409),
        ("intake", "approve", "flow.outcome", 422),
        ("intake", "refuse", "flow.outcome", 422),
        ("intake", "lapsed", "flow.outcome", 422),
    ],
)
def test_a_forged_step_or_answer_is_refused(step: str, outcome: str, code: str, status: int) -> None:
    state, _ = walk(card())
    with refused(code, status):
        game.act(card(), state, step, outcome, {})


def test_the_second_of_two_officers_is_told_that_the_step_is_closed() -> None:
    state, _ = walk(card(), "intake=done")
    with refused("flow.closed_step", 409):
        game.act(card(), state, "intake", "done", {})


def test_nothing_can_be_done_after_the_end() -> None:
    state, _ = walk(card(), "intake=done", "review=refuse")
    with refused("flow.ended", 409):
        game.act(card(), state, "review", "approve", {})
    with refused("flow.ended", 409):
        game.withdraw(card(), state)


def test_the_applicant_may_withdraw_until_the_named_step() -> None:
    flow = card()
    for moves in ([], ["intake=done"], ["intake=done", "review=return"]):
        state, log = game.withdraw(flow, walk(flow, *moves)[0])
        assert (state.ended, state.open) == ("withdrawn", {})
        assert log[0].outcome == "withdrawn"
    making, _ = walk(flow, "intake=done", "review=approve")
    assert not game.may_withdraw(flow, making)
    with refused("flow.too_late_to_withdraw", 409):
        game.withdraw(flow, making)


def test_a_late_step_is_marked_once_and_stays_open() -> None:
    state, _ = walk(card(), "intake=done")
    state, log = game.late(card(), state, "review")
    assert ([h.kind for h in log], state.late, list(state.open)) == (["late"], ("review",), ["review"])
    assert game.late(card(), state, "review") == (state, ())
    state, _ = game.act(card(), state, "review", "approve", {})
    assert state.late == ()


def test_a_correction_that_never_comes_closes_the_matter() -> None:
    state, _ = walk(card(), "intake=done", "review=return")
    state, log = game.late(card(), state, "correct:review")
    assert [(h.kind, h.outcome, h.state) for h in log] == [
        ("late", "", ""),
        ("step.closed", "lapsed", ""),
        ("ended", "", "closed"),
    ]


def test_a_lapsed_step_may_lead_to_another() -> None:
    raw = {"steps": [*CARD["steps"][:3], CARD["steps"][3] | {"lapses_to": "make"}]}
    flow = compile_flow(raw, {}, {"review": Limit(1, "workday")})
    state, _ = walk(flow, "intake=done", "review=approve", "make=done")
    state, _ = game.late(flow, state, "hand_out")
    assert state.open == {"make": 2}


def test_a_step_without_a_limit_is_never_late() -> None:
    state, _ = walk(card(), "intake=done", "review=approve")
    assert game.late(card(), state, "make") == (state, ())


def test_a_complete_entry_is_registered_at_once_and_the_row_is_known() -> None:
    state, log = walk(entry(), papers=2)
    assert state.ended == "granted"
    decided = next(h for h in log if h.kind == "decided")
    assert (decided.rule, decided.row, decided.outputs) == ("complete", 1, {"route": "go"})


def test_an_incomplete_entry_waits_for_the_applicant_and_is_judged_again() -> None:
    state, log = walk(entry(), papers=0)
    assert state.open == {"correct": 1}
    assert log[-1].when == {"complete.route": "ask"}
    state, _ = game.act(entry(), state, "correct", "done", {"papers": 1})
    assert state.ended == "granted"


def test_a_decision_without_its_fact_refuses_the_whole_move() -> None:
    with refused("rule.fact_missing", 422):
        game.start(entry(), {})


def test_the_picture_says_where_it_is_and_who_is_waited_for() -> None:
    def seen(*moves: str) -> list[tuple[str, str]]:
        return [(stop.id, stop.status) for stop in game.picture(card(), walk(card(), *moves)[0])]

    assert seen("intake=done") == [
        ("intake", "done"),
        ("review", "here"),
        ("make", "next"),
        ("hand_out", "next"),
    ]
    assert seen("intake=done", "review=return") == [
        ("intake", "done"),
        ("correct:review", "wait"),
        ("review", "next"),
        ("make", "next"),
        ("hand_out", "next"),
    ]
    assert seen("intake=done", "review=refuse") == [("intake", "done"), ("review", "refused")]
    withdrawn, _ = game.withdraw(card(), walk(card(), "intake=done")[0])
    assert [s.status for s in game.picture(card(), withdrawn)] == ["done", "stopped"]
    ended = seen("intake=done", "review=approve", "make=done", "hand_out=done")
    assert {status for _, status in ended} == {"done"}
    assert len(ended) == 4


def test_the_picture_leaves_out_what_does_not_happen() -> None:
    assert [s.id for s in game.picture(entry(), walk(entry(), papers=2)[0])] == ["register"]
    waiting = game.picture(entry(), walk(entry(), papers=0)[0])
    assert [(s.id, s.status) for s in waiting] == [("correct", "wait"), ("register", "next")]


def test_every_button_has_words() -> None:
    for step in card().steps.values():
        for outcome in step.outcomes:
            assert step.label(outcome).zh
