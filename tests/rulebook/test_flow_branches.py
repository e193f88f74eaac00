"""Branches, calls, child matters, messages, late steps and steps added by hand: each by example."""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.rulebook import flow as game
from doorstep.rulebook.flow import Flow, Happening, State
from doorstep.rulebook.flow_source import compile_flow
from doorstep.rulebook.rule import compile_table
from doorstep.rulebook.words import Refused

T = {"zh": "步骤", "en": "Step"}
HEALTH, SOCIAL = {"zh": "卫健", "en": "Health"}, {"zh": "人社", "en": "Social"}
TABLES = {
    "own": compile_table(
        "own",
        {"inputs": {"each": "text"}, "outputs": {"go": ["yes", "no"]}, "rows": [["health", "yes"], ["-", "no"]]},
    )
}  # fmt: skip
NEWBORN: dict[str, Any] = {
    "withdraw": {"until": "issue"},
    "steps": [
        {"id": "intake", "kind": "task", "by": "received", "title": T},
        {
            "id": "departments", "kind": "each", "title": T, "of": {"health": HEALTH, "social": SOCIAL},
            "steps": [
                {
                    "id": "review", "kind": "review", "by": "branch", "title": T, "limit": "1 day",
                    "on_late": "open", "opens": "chase", "returns": {"to": "applicant", "at_most": 2},
                },
                {"id": "own", "kind": "decide", "table": "own"},
                {"id": "seal", "kind": "task", "by": "branch", "title": T, "when": {"own.go": "yes"}},
            ],
        },
        {"id": "issue", "kind": "task", "by": "competent", "title": T},
    ],
    "adhoc": [
        {"in": "departments", "while": ["review"], "added_by": ["competent"],
         "step": {"id": "chase", "kind": "task", "by": "competent", "title": T}},
        {"at_most": 2, "step": {"id": "expert", "kind": "review", "by": "received", "title": T}},
    ],
}  # fmt: skip


def newborn(**each: Any) -> Flow:
    steps = [{**step, **each} if step["id"] == "departments" else step for step in NEWBORN["steps"]]
    return compile_flow({**NEWBORN, "steps": steps}, TABLES)


def one(step: dict[str, Any], *more: dict[str, Any], **flow: Any) -> Flow:
    """A flow of one step, and what follows."""
    return compile_flow({"steps": [{"title": T, **step}, *({"title": T, **s} for s in more)], **flow})


def went(flow: Flow, *moves: str, facts: dict[str, Any] | None = None) -> tuple[State, list[Happening]]:
    """Start, then ``step=outcome``, ``step<answer``, ``step!`` (late) or ``+step`` (added), one after the other."""
    known = facts or {}
    state, log = game.start(flow, known)
    happened = list(log)
    for move in moves:
        if move.startswith("+"):
            state, log = game.add(flow, state, move[1:], "competent", known)
        elif move.endswith("!"):
            state, log = game.late(flow, state, move[:-1], known)
        elif "<" in move:
            state, log = game.answer(flow, state, *move.split("<"), known)
        else:
            state, log = game.act(flow, state, *move.split("="), known)
        happened += log
    assert game.replay(flow, [Happening.from_codes(h.as_codes()) for h in happened]) == state
    return state, happened


def opened(flow: Flow, *moves: str, **kw: Any) -> list[str]:
    return sorted(went(flow, *moves, **kw)[0].open)


def refused(code: str, status: int) -> Any:
    return pytest.raises(Refused, check=lambda r: (r.code, r.status) == (code, status))


def test_a_fork_opens_a_step_in_each_branch_and_joins_when_the_last_is_done() -> None:
    flow = newborn()
    assert opened(flow, "intake=done") == ["review@health", "review@social"]
    social = ("intake=done", "review@social=approve")
    assert opened(flow, *social) == ["review@health"]
    assert opened(flow, *social, "review@health=approve") == ["seal@health"]
    state, log = went(flow, *social, "review@health=approve", "seal@health=done")
    assert list(state.open) == ["issue"]
    assert state.decided == {"departments.result": "all"}
    assert [h.kind for h in log].count("joined") == 1


def test_each_branch_decides_for_itself() -> None:
    _, log = went(newborn(), "intake=done", "review@social=approve", "review@health=approve")
    rows = {h.step: h.row for h in log if h.kind == "decided"}
    assert rows == {"own@social": 2, "own@health": 1}


def test_a_return_in_one_branch_leaves_the_others_alone() -> None:
    returned = ("intake=done", "review@health=return")
    assert opened(newborn(), *returned) == ["correct:review@health", "review@social"]
    assert opened(newborn(), *returned, "correct:review@health=done") == ["review@health", "review@social"]


def test_a_refusal_in_a_branch_ends_all_or_is_joined_as_declared() -> None:
    state, _ = went(newborn(), "intake=done", "review@health=refuse")
    assert (state.ended, dict(state.open)) == ("refused", {})
    joined = newborn(on_fail="join")
    assert opened(joined, "intake=done", "review@health=refuse") == ["review@social"]
    state, _ = went(joined, "intake=done", "review@health=refuse", "review@social=approve")
    assert (list(state.open), state.decided["departments.result"]) == (["issue"], "some")
    state, _ = went(joined, "intake=done", "review@health=refuse", "review@social=refuse")
    assert state.decided["departments.result"] == "none"


def test_a_fork_for_a_fact_has_as_many_branches_as_the_fact_says() -> None:
    flow = newborn(of="parents")
    assert opened(flow, "intake=done", facts={"parents": 3}) == ["review@1", "review@2", "review@3"]
    assert opened(flow, "intake=done", facts={"parents": ["ga-1", "ga-2"]}) == ["review@ga-1", "review@ga-2"]
    assert opened(flow, "intake=done", facts={"parents": 0}) == ["issue"]


@pytest.mark.parametrize(
    "value", [None, "health", ["云小满"], ["a", "a"], ["a.b"], [""], [1], 99, ["x" * 25]]
)
def test_a_fork_never_takes_what_is_no_code_into_the_header(value: Any) -> None:
    with refused("flow.branches", 422):
        went(newborn(of="parents"), "intake=done", facts={"parents": value})


def test_named_branches_may_be_kept_out_by_a_guard() -> None:
    steps = [{"id": "a1", "kind": "task", "by": "received", "title": T}]
    route = compile_table(
        "r", {"inputs": {"n": "bool"}, "outputs": {"a": "bool"}, "rows": [[True, True], [False, False]]}
    )
    raw = {
        "steps": [
            {"id": "r", "kind": "decide", "table": "r"},
            {"id": "fork", "kind": "each", "title": T, "branches": [
                {"id": "a", "title": T, "when": {"r.a": True}, "steps": steps},
                {"id": "b", "title": T, "steps": [{**steps[0], "id": "b1"}]}]},
        ]
    }  # fmt: skip
    flow = compile_flow(raw, {"r": route})
    assert opened(flow, facts={"n": True}) == ["a1@a", "b1@b"]
    state, log = went(flow, facts={"n": False})
    assert list(state.open) == ["b1@b"]
    assert next(h for h in log if h.kind == "forked").branches == ("b",)


def test_withdrawing_closes_every_branch() -> None:
    state, _ = went(newborn(), "intake=done", "review@social=approve")
    after, log = game.withdraw(newborn(), state)
    assert (after.ended, dict(after.open), dict(after.forks)) == ("withdrawn", {}, {})
    assert [(h.step, h.outcome) for h in log if h.kind == "step.closed"] == [("review@health", "withdrawn")]
    issuing, _ = went(
        newborn(), "intake=done", "review@social=approve", "review@health=approve", "seal@health=done"
    )
    with refused("flow.too_late_to_withdraw", 409):
        game.withdraw(newborn(), issuing)


CALL = {"id": "fetch", "kind": "call", "connector": "civil.birth", "limit": "1 minute", "tries": 2,
        "answers": {"found": T, "none": T}, "fallback": {"by": "competent", "limit": "1 day"}}  # fmt: skip
AFTER = {"id": "look", "kind": "task", "by": "received", "when": {"fetch.answer": "none"}}


def test_a_call_asks_a_connector_and_goes_on_with_its_answer() -> None:
    flow = one(CALL, AFTER)
    state, log = went(flow)
    assert (log[0].step, log[0].asks, log[0].by) == ("fetch", "civil.birth", "system")
    with refused("flow.outcome", 422):
        game.act(flow, state, "fetch", "found", {})
    with refused("flow.answer", 422):
        game.answer(flow, state, "fetch", "perhaps", {})
    assert opened(flow, "fetch<none") == ["look"]
    assert went(flow, "fetch<found")[0].ended == "granted"


def test_a_call_that_fails_or_is_late_is_tried_again_and_then_a_person_does_it() -> None:
    flow = one(CALL, AFTER)
    state, _ = went(flow, "fetch<failed")
    assert (dict(state.open), dict(state.tries)) == ({"fetch": 2}, {"fetch": 1})
    state, log = went(flow, "fetch<failed", "fetch!")
    assert (dict(state.open), dict(state.tries)) == ({"hand:fetch": 1}, {})
    assert flow.step("hand:fetch").outcomes == ("found", "none")
    assert [h.outcome for h in log if h.kind == "step.closed"] == ["failed", "gave_up"]
    assert opened(flow, "fetch<failed", "fetch<failed", "hand:fetch=none") == ["look"]


def test_a_call_may_be_left_out_when_it_fails() -> None:
    flow = one(CALL | {"fallback": "skip", "tries": 1}, AFTER | {"when": {"fetch.answer": "failed"}})
    assert opened(flow, "fetch<failed") == ["look"]


def test_the_end_of_a_child_matter_reaches_its_parent() -> None:
    flow = one(
        {"id": "birth", "kind": "sub", "item": "HZ-106"}, AFTER | {"when": {"birth.answer": "refused"}}
    )
    _, log = went(flow)
    assert log[0].asks == "HZ-106"
    assert opened(flow, "birth<refused") == ["look"]
    assert went(flow, "birth<granted")[0].ended == "granted"


def test_a_wait_may_lapse_if_its_message_never_comes() -> None:
    flow = one({"id": "courier", "kind": "wait", "message": "delivered", "limit": "30 day", "on_late": "lapse",
                "lapses_to": "fetched"}, {"id": "fetched", "kind": "task", "by": "hand_out"})  # fmt: skip
    assert opened(flow, "courier!") == ["fetched"]
    assert opened(flow, "courier<done") == ["fetched"]


def test_a_late_step_opens_another_beside_itself_once_and_the_branch_waits_for_both() -> None:
    flow = newborn()
    late = ("intake=done", "review@health!")
    state, _ = went(flow, *late)
    assert sorted(state.open) == ["chase@health", "review@health", "review@social"]
    assert game.late(flow, state, "review@health") == (state, ())
    both = (*late, "review@social=approve", "review@health=approve", "seal@health=done")
    assert opened(flow, *both) == ["chase@health"]
    assert opened(flow, *both, "chase@health=done") == ["issue"]


def test_a_step_is_added_by_whom_the_flow_names_while_its_block_is_open() -> None:
    flow = newborn()
    state, _ = went(flow)
    assert game.may_add(flow, state) == ("expert",)
    assert opened(flow, "+expert") == ["expert", "intake"]
    with refused("flow.not_addable", 422):
        game.add(flow, state, "expert", "applicant", {})
    with refused("flow.not_addable", 422):
        game.add(flow, state, "issue", "competent", {})
    with refused("flow.not_now", 409):
        game.add(flow, state, "chase@health", "competent", {})
    forked, _ = went(flow, "+expert", "intake=done")
    assert sorted(game.may_add(flow, forked)) == ["chase@health", "chase@social"]
    with refused("flow.not_now", 409):
        game.add(flow, forked, "expert", "competent", {})
    assert game.may_add(flow, went(flow, "intake=done", "review@health=approve")[0]) == (
        "chase@social", "expert",
    )  # fmt: skip


def test_a_step_may_be_added_only_as_often_as_the_flow_says() -> None:
    flow = newborn()
    twice = ("+expert", "expert=approve", "+expert", "expert=approve")
    assert "expert" not in game.may_add(flow, went(flow, *twice)[0])


def test_the_end_waits_for_what_was_added() -> None:
    flow = one({"id": "a", "kind": "task", "by": "received"}, adhoc=NEWBORN["adhoc"][1:])
    state, _ = went(flow, "+expert", "a=done")
    assert (state.ended, list(state.open)) == ("", ["expert"])
    assert went(flow, "+expert", "a=done", "expert=approve")[0].ended == "granted"


def test_the_picture_shows_each_branch_with_its_name_while_it_is_open() -> None:
    flow = newborn()

    def drawn(*moves: str) -> list[tuple[str, str, str]]:
        return [(stop.id, stop.title.en, stop.status) for stop in game.picture(flow, went(flow, *moves)[0])]

    assert [stop[::2] for stop in drawn()] == [("intake", "here"), ("departments", "next"), ("issue", "next")]
    assert drawn("intake=done", "review@social=return", "review@health!") == [
        ("intake", "Step", "done"),
        ("chase@health", "Health: Step", "here"),
        ("review@health", "Health: Step", "here"),
        ("correct:review@social", "Social: Correct and send again", "wait"),
        ("review@social", "Social: Step", "next"),
        ("issue", "Step", "next"),
    ]
    joined = drawn("intake=done", "review@social=approve", "review@health=approve", "seal@health=done")
    assert [stop[::2] for stop in joined] == [("intake", "done"), ("departments", "done"), ("issue", "here")]


def test_the_state_stays_small() -> None:
    state, _ = went(newborn(), "intake=done", "review@health=return", "correct:review@health=done")
    assert len(str(state.as_json())) < 330
