"""The machine of calls, by itself: whatever happens in whatever order, it replays, nobody is forgotten, and it can end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.domains.command.calls.machine import OUT, branches_out
from doorstep.rulebook import clock
from doorstep.rulebook.flow import Flow, State, branch_of, step_of
from doorstep.rulebook.flow_shape import replay
from doorstep.rulebook.machine import Command, move
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.pack import shelf
from doorstep.rulebook.words import Refused

CARS = ("K1.S1", "K2.S1", "T1.S2")


@pytest.fixture(scope="module", autouse=True)
def known() -> None:
    from doorstep.project.packs import machines

    machines()


@pytest.fixture(scope="module")
def flow() -> Flow:
    return shelf.load_pack(shelf.ROOT / "base/public-order/XJ-001.yaml").flow


def _step(flow: Flow, state: State, verb: str, token: str = "", outcome: str = "", *branches: str) -> Any:
    facts: dict[str, Any] = {"given": {"branches": branches}} if branches else {}
    return move(flow, state, Command(verb, token, outcome), facts, clock.now())  # type: ignore[arg-type]


def _began(flow: Flow) -> Any:
    return _step(flow, State(), "start")


ORDERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["send", "recall", "assess", "close"]), st.sets(st.sampled_from(CARS))),
        st.tuples(st.sampled_from(["act", "late"]), st.tuples(st.integers(0, 7), st.integers(0, 2))),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(orders=ORDERS)
def test_B01_whatever_happens_nobody_out_is_forgotten_and_every_call_can_end(orders: Any, flow: Flow) -> None:
    state, log = _began(flow)
    told = list(log)
    for what, with_whom in orders:
        try:
            after, log = _ordered(flow, state, what, with_whom)
        except Refused:
            continue
        gone = set(branches_out(state.open)) - set(branches_out(after.open))
        last = {branch_of(one.step): one.outcome for one in log if one.kind == "step.closed"}
        assert all(last[one] in ("cleared", "cannot", "recalled", "enough") for one in gone)
        assert not (after.ended and branches_out(state.open) and what != "recall")
        state, told = after, [*told, *log]
        if state.ended:
            break
    assert replay(flow, told) == state
    if not state.ended:
        if out := branches_out(state.open):
            state, _ = _step(flow, state, "act", "handle", "recall", *out)
        assert _step(flow, state, "act", "handle", "close")[0].ended == "closed"


def _ordered(flow: Flow, state: State, what: str, with_whom: Any) -> Any:
    if what in ("act", "late"):
        tokens = sorted(one for one in state.open if one != "handle")
        if not tokens:
            return state, ()
        token = tokens[with_whom[0] % len(tokens)]
        outcomes = flow.step(token).outcomes
        if what == "late":
            return _step(flow, state, "late", token) if token not in state.late else (state, ())
        return _step(flow, state, "act", token, outcomes[with_whom[1] % len(outcomes)])
    return _step(flow, state, "act", "handle", what, *sorted(with_whom))


def test_B01_who_does_not_answer_or_breaks_down_opens_a_step_for_somebody_else(flow: Flow) -> None:
    state, _ = _began(flow)
    state, _ = _step(flow, state, "act", "handle", "send", *CARS)
    assert {one for one in state.open if step_of(one) in OUT} == {f"answer@{one}" for one in CARS}
    state, _ = _step(flow, state, "late", "answer@K1.S1")
    state, _ = _step(flow, state, "act", "answer@K2.S1", "coming")
    state, _ = _step(flow, state, "act", "arrive@K2.S1", "cannot")
    assert {"next@K1.S1", "next@K2.S1"} <= set(state.open)
    with pytest.raises(Refused, match=r"call\.teams_out"):
        _step(flow, state, "act", "handle", "close")
    state, _ = _step(flow, state, "act", "handle", "send", "K9.S3")
    assert not [one for one in state.open if step_of(one) == "next"]
    state, _ = _step(flow, state, "act", "answer@K1.S1", "coming")  # late, but coming
    assert "arrive@K1.S1" in state.open


def test_B01_the_level_is_decided_by_the_table_and_its_row_stands_in_the_chain(flow: Flow) -> None:
    _, log = _began(flow)
    assert [(one.rule, one.row, one.outputs) for one in log if one.kind == "decided"] == [
        ("level", 2, {"level": "urgent"})
    ]


def test_B01_every_kind_has_a_plan_a_group_and_is_offered_to_nobody() -> None:
    told = plain(compose((shelf.ROOT / "calls.yaml").read_text("utf-8"), "calls.yaml"))
    kinds = {path.stem for path in shelf.pack_files() if path.stem.startswith("XJ-")}
    assert len(kinds) >= 16
    assert sorted(kinds) == sorted(one for group in told["groups"] for one in group["kinds"])
    assert kinds == set(told["plans"])
    assert all(shelf.load_pack(path).part_of for path in shelf.pack_files() if path.stem in kinds)
