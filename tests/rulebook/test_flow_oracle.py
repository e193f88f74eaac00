"""Our kernel and SpiffWorkflow live the same random lives: our compiled flow here, our BPMN export there, one fake clock.

After every move the open steps and the end have to be the same. What each life contained is counted and printed (-s), because a
comparison proves nothing about a construct that never came up.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from doorstep.domains.studio.show.bpmn import bpmn
from doorstep.rulebook import flow as game
from doorstep.rulebook.flow import Flow, Happening, State
from doorstep.rulebook.words import Refused, Words
from tests.rulebook import flows
from tests.rulebook.oracle import FakeTime, Oracle

LIVES = 6000
AT_LEAST = 200
ENDS = {"refusal ends", "withdrawn"}  # a life has one end
CONSTRUCTS = (
    "task", "review", "decide", "fork of names", "fork for a fact", "fork in a fork", "call", "sub", "wait", "guard", "then",
    "correction", "return to a step", "return too many", "refusal ends", "refusal joined", "late", "lapse", "late opens",
    "call again", "by hand", "added", "withdrawn",
)  # fmt: skip


@dataclass
class Life:
    """One flow, lived in both."""

    dice: flows.Thrown
    raw: flows.Raw
    flow: Flow
    facts: dict[str, Any]
    seen: set[str] = field(default_factory=set)
    due: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    moves: int = 0

    def live(self, most: int) -> set[str]:
        text = bpmn(self.flow, "p", Words("流程", "Flow"))
        self.oracle = Oracle(self.raw, text, self.facts)
        self.state, log = game.start(self.flow, self.facts)
        self.note(log)
        self.compare("start")
        for _ in range(most):
            can = self.possible()
            if not can:
                break
            self.move(self.dice.of(can))
            self.moves += 1
        return self.seen

    def possible(self) -> list[flows.Move]:
        """Moves, with those that end everything made rare, and only the next limit that passes."""
        can = []
        for move in flows.moves(self.flow, self.state):
            if move[0] == "late":
                continue
            one_in = {"withdraw": 8}.get(move[0], {"refuse": 3}.get(move[2], 1))
            if self.dice.number(1, one_in) == 1:
                can += [move] * (2 if move[2] in ("failed", "return") else 1)
        late = self.next_late()
        if late and self.dice.number(1, 2) == 1:
            can += [("late", token, "") for token in late[:1]] * 3
        return can

    def next_late(self) -> list[str]:
        """The tokens whose limit passes next. None if one would open what is open already: BPMN has no word for that."""
        waiting = {token: at for token, (at, _) in self.due.items() if token not in self.state.late}
        first = min(waiting.values(), default=None)
        tokens = [token for token, at in waiting.items() if at == first]
        for token in tokens:
            step = self.flow.step(token)
            opened = [game.token_of(p + step.opens, game.branch_of(token)) for p in ("", game.CORRECT)]
            if step.opens and any(name in self.state.open for name in opened):
                return []
        return tokens

    def move(self, move: flows.Move) -> None:
        verb, token, outcome = move
        self.facts = self.oracle.facts = flows.facts(self.dice)
        if verb == "late":
            self.pass_limits()
            return self.compare(move)
        self.tick()
        try:
            self.state, log = flows.play(self.flow, self.state, move, self.facts)
        except Refused as no:
            assert no.code == "flow.returns_exhausted"
            self.seen.add("return too many")
            return None
        if verb in ("act", "answer"):
            self.oracle.complete(token, outcome)
        elif verb == "add":
            self.seen.add("added")
            self.oracle.add(token)
        else:
            self.seen.add("withdrawn")
            self.oracle.withdraw()
        self.note(log)
        return self.compare(move)

    def tick(self) -> None:
        """A second passes, unless a limit would with it."""
        second = timedelta(seconds=1)
        waiting = [at for token, (at, _) in self.due.items() if token not in self.state.late]
        if all(FakeTime.moment + second < at for at in waiting):
            self.oracle.tick(second)

    def pass_limits(self) -> None:
        """Time goes on to the next limit; all tokens due by then are late, in both."""
        tokens = self.next_late()
        moment = self.due[tokens[0]][0]
        self.oracle.late(moment, tokens)
        for token in tokens:
            if token in self.state.open and not self.state.ended:
                self.state, log = game.late(self.flow, self.state, token, self.facts)
                self.note(log)

    def compare(self, move: object) -> None:
        ours, theirs = sorted(self.state.open), sorted(self.oracle.tokens())
        assert (theirs, self.oracle.ended) == (ours, self.state.ended), f"after {move}: {self.raw}"

    def note(self, log: tuple[Happening, ...]) -> None:
        """What happened, by construct; and when the limits of what was opened pass."""
        for one in log:
            step = self.flow.steps.get(game.step_of(one.step))
            if step is not None:
                self.seen |= set(_noted(self.flow, step, one, self.state))
            if one.kind == "step.opened" and one.limit:
                self.due[one.step] = (FakeTime.moment + timedelta(minutes=one.limit.value), one.visit)
            elif one.kind == "step.closed":
                self.due.pop(one.step, None)


def _noted(flow: Flow, step: game.Step, one: Happening, state: State) -> list[str]:
    found = ["guard"] * bool(one.when)
    if one.kind == "step.closed":
        kind = {"correct": "correction", "hand": "by hand"}.get(step.kind, step.kind)
        found += [kind, *["then"] * bool(step.then)]
        joins = any(flow.steps[b.owner].on_fail == "join" for b in flow.blocks.values() if b.owner)
        found += {
            "return": ["return to a step"] * bool(step.returns and step.returns.to != "applicant"),
            "refuse": ["refusal ends" if state.ended else "refusal joined"] if joins or state.ended else [],
            "failed": ["call again"], "lapsed": ["lapse"],
        }.get(one.outcome, [])  # fmt: skip
    elif one.kind == "decided" and one.row:
        found.append("decide")
    elif one.kind == "late":
        found += ["late", *["late opens"] * (step.on_late == "open")]
    elif one.kind == "forked":
        found.append("fork for a fact" if step.of else "fork of names")
        found += ["fork in a fork"] * bool(game.branch_of(one.step))
    return found


_OTHERS = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 6
"""Of flows without anything rare in them, so many are drawn for one that is lived."""


def _rare(raw: dict[str, Any]) -> bool:
    """May this flow's life have in it what few have?"""
    told = json.dumps(raw)
    return '"then"' in told or ('"join"' in told and '"review"' in told)


def lives(count: int, first: int = 0) -> tuple[Counter[str], Counter[frozenset[str]], int]:
    """Live ``count`` lives; how often each construct came up, in how many lives each pair did, and how many moves."""
    constructs: Counter[str] = Counter()
    pairs: Counter[frozenset[str]] = Counter()
    moves = 0
    for seed in range(first, first + count):
        dice = flows.Thrown(random.Random(seed))
        raw = flows.flow_source(dice)
        if seed % _OTHERS and not _rare(raw):
            continue
        life = Life(dice, raw, flows.compiled(raw), flows.facts(dice))
        seen = life.live(30)
        constructs.update(seen)
        pairs.update(frozenset(pair) for pair in itertools.combinations(sorted(seen), 2))
        moves += life.moves
    return constructs, pairs, moves


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_spiffworkflow_and_we_live_the_same_lives() -> None:
    constructs, pairs, moves = lives(LIVES)
    print(f"\n{LIVES} flows, {moves} moves, all alike; lives with each construct:")  # noqa: T201
    for name in CONSTRUCTS:
        print(f"  {name:18} {constructs[name]:5}")  # noqa: T201
    together = [set(pair) for pair in itertools.combinations(CONSTRUCTS, 2) if set(pair) != ENDS]
    rarest = min((pairs[frozenset(pair)], sorted(pair)) for pair in together)
    print(f"  rarest pair: {rarest[1]} in {rarest[0]} lives")  # noqa: T201
    assert {name: n for name in CONSTRUCTS if (n := constructs[name]) < AT_LEAST} == {}
    assert rarest[0] >= 1


def test_a_few_lives_are_the_same_too() -> None:
    _, _, moves = lives(120, first=10**6)
    assert moves > 500
