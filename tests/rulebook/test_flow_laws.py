"""What holds in every flow that an author could write, whatever is done in it."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.rulebook import flow as game
from doorstep.rulebook.flow import Flow, Happening, State, branch_of, step_of
from doorstep.rulebook.flow_shape import under, within
from doorstep.rulebook.words import Refused
from tests.rulebook import flows

Life = tuple[Flow, State, list[Happening]]


def live(data: st.DataObject, most: int = 14, calm: bool = False) -> Life:
    """A flow, and a life in it: as many moves as hypothesis likes."""
    dice = flows.Drawn(data)
    flow = flows.compiled(flows.flow_source(dice))
    state, log = game.start(flow, flows.facts(dice))
    happened = list(log)
    for _ in range(dice.number(0, most)):
        can = [m for m in flows.moves(flow, state) if not (calm and m[0] == "withdraw")]
        if not can:
            break
        state, log = played(flow, state, dice.of(can), flows.facts(dice))
        happened += log
    return flow, state, happened


def played(flow: Flow, state: State, move: flows.Move, facts: dict[str, Any]) -> game.Moved:
    try:
        return flows.play(flow, state, move, facts)
    except Refused as no:
        assert no.code == "flow.returns_exhausted"
        return state, ()


@given(st.data())
def test_headers_alone_replay_to_the_state(data: st.DataObject) -> None:
    flow, state, happened = live(data)
    headers = [one.as_codes() for one in happened]
    assert [Happening.from_codes(codes) for codes in headers] == happened
    assert game.replay(flow, map(Happening.from_codes, headers)) == state == State.from_json(state.as_json())


@given(st.data())
def test_a_matter_is_open_somewhere_until_it_ends_and_nowhere_afterwards(data: st.DataObject) -> None:
    flow, state, _ = live(data)
    assert bool(state.ended) != bool(state.open)
    assert not (state.ended and state.forks)
    assert all(flow.step(token).waits for token in state.open)
    drawn = {stop.id for stop in game.picture(flow, state) if stop.status in ("here", "wait")}
    assert drawn == set(state.open)


@given(st.data())
def test_no_token_is_in_two_branches_and_each_is_in_one_that_is_open(data: st.DataObject) -> None:
    flow, state, _ = live(data)
    main: Counter[str] = Counter()
    for token in (*state.open, *state.forks):
        step, branch = flow.step(token), branch_of(token)
        block = flow.blocks[step.block]
        assert bool(branch) == bool(block.owner)
        if branch:
            outer, _, name = branch.rpartition(".")
            assert state.forks[game.token_of(block.owner, outer)][name] == "open"
        trunk = flow.steps[step_of(token).removeprefix(game.CORRECT).removeprefix(game.HAND)]
        main[branch] += trunk.place >= 0
    assert all(count <= 1 for count in main.values()), "one place at a time on the way of a branch"


@given(st.data())
def test_a_join_fires_exactly_once_for_each_fork_and_only_when_all_branches_closed(
    data: st.DataObject,
) -> None:
    _, state, happened = live(data)
    forks: dict[str, list[str]] = {}
    for one in happened:
        if one.kind == "forked":
            assert one.step not in forks
            forks[one.step] = list(one.branches)
        elif one.kind == "branch.closed":
            forks[one.step].remove(one.branches[0])
            closed = ".".join(part for part in (branch_of(one.step), one.branches[0]) if part)
            inside = [token for token in forks if within(branch_of(token), closed)]
            assert not inside or one.outcome != "done"
            for token in inside:
                del forks[token]
        elif one.kind == "joined":
            assert forks.pop(one.step) == []
    assert state.ended or set(forks) == set(state.forks)


@given(st.data())
def test_a_refused_call_changes_nothing(data: st.DataObject) -> None:
    flow, state, _ = live(data)
    dice = flows.Drawn(data)
    before = state.as_json()
    tokens = [*flow.steps, *state.visits, "nowhere", "a@b.c"]
    said = ["done", "approve", "return", "refuse", "yes", "failed", "granted", "lapsed", ""]
    move = (dice.of(["act", "answer", "late", "add", "withdraw"]), dice.of(tokens), dice.of(said))
    try:
        flows.play(flow, state, move, data.draw(st.sampled_from([{}, {"n": 9}, flows.facts(dice)])))
    except Refused as no:
        assert no.words.zh and no.words.en and no.status in (409, 422)
    assert state.as_json() == before


def joined(flow: Flow, token: str) -> bool:
    """Does some fork around a step go on when this branch fails? Then failing it ends no matter."""
    block = flow.step(token).block
    while owner := flow.blocks[block].owner:
        if flow.steps[owner].on_fail == "join":
            return True
        block = flow.steps[owner].block
    return False


@given(st.data(), st.integers(0, 10**6))
def test_every_reachable_state_can_end(data: st.DataObject, seed: int) -> None:
    """Without withdrawing, lapsing or a refusal that ends it: by answering, with facts that let it go on.

    Where a circle is left only if a branch fails or a step is too late, that may happen, too, after a while.
    """
    flow, state, _ = live(data, calm=True)
    dice = flows.Thrown(random.Random(seed))
    for count in range(1000):
        if state.ended:
            break
        can = [
            (verb, token, outcome)
            for verb, token, outcome in flows.moves(flow, state)
            if (verb in ("act", "answer") and outcome not in ("return", "refuse"))
            or (outcome == "refuse" and joined(flow, token))
            or (count > 200 and (outcome == "return" or verb == "late") and joined(flow, token))
            or (count > 200 and verb == "late" and flow.step(token).lapses_to)
        ]
        state, _ = played(flow, state, dice.of(can), flows.facts(dice))
    # What the proof over ways cannot see: a table that asks in which branch it stands answers there the same for ever, and a
    # branch that can fail only by an applicant's silence after a return cannot once its returns are used up.
    asks_where = any(step.table == "mine" for step in flow.steps.values())
    assert state.ended or asks_where or state.returns


@given(st.data())
def test_a_move_stays_in_its_branch_until_that_branch_closes(data: st.DataObject) -> None:
    flow, state, _ = live(data)
    dice = flows.Drawn(data)
    can = [move for move in flows.moves(flow, state) if move[0] in ("act", "answer", "late")]
    if not can:
        return
    move = dice.of(can)
    here = branch_of(move[1])
    for one in played(flow, state, move, flows.facts(dice))[1]:
        failing = one.kind == "step.closed" and one.outcome in ("cancelled", "lapsed")
        if one.kind == "branch.closed":
            if within(here, under(branch_of(one.step), one.branches[0])):
                here = branch_of(one.step)  # the move's own branch closed; what it forked may close before
        elif one.step and not failing:
            assert within(branch_of(one.step), here)


@given(st.data())
def test_then_names_a_step_of_its_own_branch(data: st.DataObject) -> None:
    flow = flows.compiled(flows.flow_source(flows.Drawn(data)))
    for step in flow.steps.values():
        for target in (step.then, step.lapses_to, step.opens):
            assert not target or flow.steps[target].block == step.block


@given(st.data())
def test_withdrawing_leaves_nothing_open(data: st.DataObject) -> None:
    flow, state, _ = live(data, calm=True)
    if not game.may_withdraw(flow, state):
        with pytest.raises(Refused, match=r"flow\.(ended|too_late_to_withdraw)"):
            game.withdraw(flow, state)
        return
    after, log = game.withdraw(flow, state)
    assert (after.ended, dict(after.open), dict(after.forks)) == ("withdrawn", {}, {})
    assert {one.step for one in log if one.kind == "step.closed"} == set(state.open)
    assert flows.moves(flow, after) == []
