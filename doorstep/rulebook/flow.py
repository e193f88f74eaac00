"""A matter moves along its flow: start, act, answer, late, add, withdraw. Each gives the next state and what happened.

Check first, then move: a refusal changes nothing. Who may act, what time it is and what a connector said are the
caller's business; the shape of a flow and of its state is in :mod:`doorstep.rulebook.flow_shape`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from doorstep.rulebook.flow_shape import (
    CORRECT,
    FOLDS,
    HAND,
    MESSAGES,
    By,
    End,
    Flow,
    Happening,
    Standing,
    State,
    Step,
    branch_of,
    fold,
    replay,
    step_of,
    token_of,
    under,
    within,
)  # fmt: skip  # isort: skip
from doorstep.rulebook.picture import Stop, picture
from doorstep.rulebook.words import Refused, Words

__all__ = [
    "CORRECT", "HAND", "MESSAGES", "By", "End", "Flow", "Happening", "State", "Step", "Stop", "act", "add",
    "answer", "branch_of", "fold", "late", "may_add", "may_withdraw", "picture", "replay", "start", "step_of", "stop", "token_of",
    "withdraw",
]  # fmt: skip

Moved = tuple[State, tuple[Happening, ...]]
_MOST_BRANCHES = 60
_CODE = re.compile(r"[A-Za-z0-9_-]{1,24}")
_EMPTY: Mapping[str, Any] = State().decided


def start(flow: Flow, facts: Mapping[str, Any]) -> Moved:
    """The first state of a matter. Refused if a first decision or fork lacks a fact."""
    run = _Run(flow, State(), facts)
    run.go("", 0, "")
    return run.moved


def act(flow: Flow, state: State, token: str, outcome: str, facts: Mapping[str, Any]) -> Moved:
    """Close an open step with one of its outcomes and go on. Refused, nothing changed, if that cannot be."""
    step = _open_step(flow, state, token)
    if outcome not in step.outcomes:
        words = Words("“{s}”不能这样答复：{o}。", "'{s}' cannot be answered with '{o}'.")
        raise Refused("flow.outcome", words.format(s=step.title, o=outcome), status=422)
    if outcome == "return" and step.returns and state.returns.get(token, 0) >= step.returns.at_most:
        words = Words(
            "已经退回 {n} 次，不能再退。请同意，或者说明理由不予办理。",
            "It was returned {n} times and cannot be returned again. Approve it, or refuse with a reason.",
        )
        raise Refused("flow.returns_exhausted", words.format(n=step.returns.at_most), status=409)
    run = _Run(flow, state, facts)
    run.close(token, outcome)
    run.after(step, outcome, branch_of(token))
    return run.moved


def answer(flow: Flow, state: State, token: str, said: str, facts: Mapping[str, Any]) -> Moved:
    """A message came for an open call, sub or wait: one of its answers, or ``failed`` from a connector.

    Refused as `act` is, and if the step waits for no message.
    """
    step = _open_step(flow, state, token)
    if step.kind not in MESSAGES or (said not in step.answers and (said, step.kind) != ("failed", "call")):
        words = Words("“{s}”等的不是这个消息：{o}。", "'{s}' does not wait for the message '{o}'.")
        raise Refused("flow.answer", words.format(s=step.title, o=said), status=422)
    run = _Run(flow, state, facts)
    if said == "failed" and said not in step.answers:
        run.failed(step, token)
    else:
        run.close(token, said)
        run.after(step, said, branch_of(token))
    return run.moved


def late(flow: Flow, state: State, token: str, facts: Mapping[str, Any] | None = None) -> Moved:
    """The limit of an open step has passed: it is marked, and what ``on_late`` says happens, once."""
    step = _open_step(flow, state, token)
    if token in state.late or step.limit is None:
        return state, ()
    run = _Run(flow, state, facts or {})
    run.emit(Happening("late", token, state.open[token], limit=step.limit, by=step.by))
    path = branch_of(token)
    if step.on_late == "open":
        run.beside(flow.steps[step.opens], path)
    elif step.on_late == "fail":
        run.failed(step, token)
    elif step.on_late == "lapse":
        run.close(token, "lapsed")
        if step.lapses_to:
            run.go(step.block, flow.steps[step.lapses_to].place, path)
        elif flow.place(token) < 0:
            run.rest(step.block, "" if step.asked else path)
        else:
            run.fail(step.block, path, "lapsed")
    return run.moved


def stop(flow: Flow, state: State) -> Moved:
    """It is not gone on with: everything open is cancelled and it ends as ``closed``. Refused once it has ended."""
    if state.ended:
        raise _already_ended(state)
    run = _Run(flow, state, {})
    run.end("closed")
    return run.moved


def may_add(flow: Flow, state: State) -> tuple[str, ...]:
    """The tokens of the steps that could be added by hand now, whoever asks."""
    if state.ended:
        return ()
    return tuple(
        token
        for step in flow.steps.values()
        if step.adhoc
        for path in _running(flow, state, step.block)
        if _addable(state, step, token := token_of(step.id, path))
    )


def add(flow: Flow, state: State, token: str, by: By, facts: Mapping[str, Any]) -> Moved:
    """Add a step by hand, beside what is open. ``by``: as whom. Refused if the flow does not let this be added now."""
    step = flow.step(token)
    if state.ended:
        raise _already_ended(state)
    if step.adhoc is None or by not in step.adhoc.added_by:
        words = Words("“{s}”不能由您加办。", "'{s}' is not yours to add.")
        raise Refused("flow.not_addable", words.format(s=step.title), status=422)
    named = step.asked and branch_of(token)
    if not (_addable(state, step, token) if named else token in may_add(flow, state) and not step.asked):
        words = Words("“{s}”现在不能加办，可能已经在办。", "'{s}' cannot be added now; it may be under way.")
        raise Refused("flow.not_now", words.format(s=step.title), status=409)
    run = _Run(flow, state, facts)
    run.beside(step, branch_of(token))
    return run.moved


def _addable(state: State, step: Step, token: str) -> bool:
    rule, path = step.adhoc, branch_of(token)
    if rule is None or state.visits.get(token, 0) >= rule.at_most or _is_open(state, step, path):
        return False
    block = "" if step.asked else path
    return not rule.while_ or any(token_of(name, block) in state.open for name in rule.while_)


def _is_open(state: State, step: Step, path: str) -> bool:
    names = (step.id, CORRECT + step.id, HAND + step.id)
    return any(token_of(name, path) in state.open for name in names)


def _running(flow: Flow, state: State, block: str) -> list[str]:
    """The branches of a block that are not closed; the trunk always runs."""
    owner = flow.blocks[block].owner
    if not owner:
        return [""]
    return [
        under(branch_of(token), name)
        for token, branches in state.forks.items()
        if step_of(token) == owner
        for name, how in branches.items()
        if how == "open" and (name == block or block == owner)
    ]


def may_withdraw(flow: Flow, state: State) -> bool:
    """Whether the applicant can still take the matter back."""
    if state.ended or not (state.open or state.forks):
        return False
    until = flow.withdraw_until
    return not until or all(flow.place(token) < flow.place(until) for token in (*state.open, *state.forks))


def withdraw(flow: Flow, state: State) -> Moved:
    """The applicant takes the matter back. Refused once it ended or went past the point the flow names."""
    if state.ended:
        raise _already_ended(state)
    if not may_withdraw(flow, state):
        words = Words(
            "已经到“{s}”，不能撤回了。如有需要，请联系办理单位。",
            "It has reached '{s}' and can no longer be withdrawn. If you need to, ask the unit in charge.",
        )
        raise Refused(
            "flow.too_late_to_withdraw", words.format(s=flow.steps[flow.withdraw_until].title), status=409
        )
    run = _Run(flow, state, {})
    run.end("withdrawn")
    return run.moved


class _Run:
    """One move: its happenings, and the state that follows. Thrown away if anything refuses."""

    __slots__ = ("facts", "flow", "log", "now")

    def __init__(self, flow: Flow, state: State, facts: Mapping[str, Any]) -> None:
        self.flow, self.facts = flow, facts
        self.now = Standing(state)
        self.log: list[Happening] = []

    @property
    def moved(self) -> Moved:
        return self.now.state, tuple(self.log)

    def emit(self, happening: Happening) -> None:
        FOLDS[happening.kind](self.now, happening)
        self.log.append(happening)

    def open(self, step: Step, path: str, when: Mapping[str, Any] | None = None) -> None:
        token = f"{step.id}@{path}" if path else step.id
        visit = self.now.visits.get(token, 0) + 1
        self.emit(Happening("step.opened", token, visit, "", step.by, step.limit, "", 0, _EMPTY, "",
                            when or _EMPTY, (), step.asks))  # fmt: skip

    def close(self, token: str, outcome: str) -> None:
        by = self.flow.steps[step_of(token)].by
        self.emit(Happening("step.closed", token, self.now.open[token], outcome, by))

    def beside(self, step: Step, path: str) -> None:
        """Open a step beside what is open, unless it is open already."""
        if not _is_open(self.now.state, step, path):
            self.open(step, path)

    def clear(self, path: str, outcome: str) -> None:
        for token in [token for token in self.now.open if within(branch_of(token), path)]:
            self.close(token, outcome)

    def end(self, state: End) -> None:
        self.clear("", "withdrawn" if state == "withdrawn" else "cancelled")
        self.emit(Happening("ended", state=state))

    def after(self, step: Step, outcome: str, path: str) -> None:
        """Where a closed step leads."""
        if outcome == "refuse" and step.kind not in ("hand", *MESSAGES) and not step.extends:
            self.fail(step.block, path, "refuse")
        elif outcome == "return" and step.returns:
            if step.returns.to == "applicant":
                self.open(self.flow.steps[CORRECT + step.id], path)
            else:
                self.go(step.block, self.flow.steps[step.returns.to].place, path)
        elif step.kind == "correct":
            self.open(self.flow.steps[step.id.removeprefix(CORRECT)], path)
        else:
            asked = self.flow.steps[step.id.removeprefix(HAND)]
            if asked.kind in MESSAGES:
                self.decide(asked, path, {"answer": outcome})
            self.on(asked, path)

    def decide(self, step: Step, path: str, outputs: Mapping[str, Any]) -> None:
        self.emit(Happening("decided", token_of(step.id, path), rule=step.id, outputs=outputs))

    def on(self, step: Step, path: str) -> None:
        """Go on behind a step; a step that was added beside leads nowhere."""
        if step.place < 0:
            self.rest(step.block, "" if step.asked else path)
        else:
            self.go(step.block, self.following(step), path)

    def following(self, step: Step) -> int:
        return self.flow.steps[step.then].place if step.then else step.place + 1

    def failed(self, step: Step, token: str) -> None:
        """A connector failed or did not answer: once more, or a person does it, or it is left out."""
        path = branch_of(token)
        if self.now.tries.get(token, 0) + 1 < step.tries:
            self.close(token, "failed")
            self.open(step, path)
            return
        self.close(token, "gave_up")
        if step.fallback == "skip":
            self.decide(step, path, {"answer": "failed"})
            self.on(step, path)
        else:
            self.open(self.flow.steps[step.fallback], path)

    def go(self, block: str, place: int, path: str) -> None:
        """From a place in a block to the next step that waits, or into a fork, or to the block's end."""
        steps, order = self.flow.steps, self.flow.blocks[block].order
        while place < len(order):
            step = steps[order[place]]
            guards = self.guards(step.when, path) if step.when else {}
            if guards is None:
                place += 1
            elif step.waits:
                return self.open(step, path, guards)
            elif step.kind == "each":
                return self.fork(step, path, guards)
            else:
                self.pass_by(step, path, guards)
                place = self.following(step)
        return self.rest(block, path)

    def guards(self, when: Mapping[str, tuple[Any, ...]], path: str) -> dict[str, Any] | None:
        """The decided values that let something happen, as seen from a branch; None if they do not let it."""
        found: dict[str, Any] = {}
        for name, values in when.items():
            value = self.decided(name, path)
            if value not in values:
                return None
            found[name] = value
        return found

    def decided(self, name: str, path: str) -> Any:
        while path:
            key = f"{name}@{path}"
            if key in self.now.decided:
                return self.now.decided[key]
            path = path.rpartition(".")[0]
        return self.now.decided.get(name)

    def pass_by(self, step: Step, path: str, guards: Mapping[str, Any]) -> None:
        if step.kind == "decide":
            facts = {**self.facts, "each": path.rpartition(".")[2]} if path else self.facts
            found = self.flow.tables[step.table].decide(facts)
            token, outputs = token_of(step.id, path), dict(found.outputs)
            self.emit(
                Happening("decided", token, rule=found.table, row=found.row, outputs=outputs, when=guards)
            )
        else:
            self.open(step, path, guards)
            self.close(token_of(step.id, path), "done")

    def fork(self, step: Step, path: str, guards: dict[str, Any]) -> None:
        branches = self.branches(step, path, guards)
        token = token_of(step.id, path)
        visit = self.now.visits.get(token, 0) + 1
        self.emit(Happening("forked", token, visit, when=guards, branches=tuple(branches)))
        for name, block in branches.items():
            self.go(block, 0, under(path, name))
        if not branches:
            self.join(step, path)

    def branches(self, step: Step, path: str, guards: dict[str, Any]) -> dict[str, str]:
        """The branches that a fork has now, each with its block. Named ones may be kept out by a guard."""
        if step.names:
            return dict.fromkeys(step.names, step.id)
        if step.of:
            return dict.fromkeys(_listed(step, self.facts.get(step.of)), step.id)
        found = {}
        for name in step.blocks:
            let = self.guards(self.flow.blocks[name].when, path)
            if let is not None:
                found[name] = name
                guards |= let
        return found

    def rest(self, block: str, path: str) -> None:
        """A block has nothing more to do; it ends unless something beside is still open in it."""
        for token in (*self.now.open, *self.now.forks):
            if within(branch_of(token), path):
                return
        if block:
            self.leave(block, path, "done")
        else:
            self.end(self.flow.ends)

    def leave(self, block: str, path: str, outcome: str) -> None:
        """A branch ends; the last one to end joins."""
        owner = self.flow.steps[self.flow.blocks[block].owner]
        outer, _, name = path.rpartition(".")
        token = token_of(owner.id, outer)
        self.emit(Happening("branch.closed", token, outcome=outcome, branches=(name,)))
        if "open" not in self.now.forks[token].values():
            self.join(owner, outer)

    def join(self, step: Step, path: str) -> None:
        token = token_of(step.id, path)
        ended = [*self.now.forks[token].values()]
        good = ended.count("done")
        result = "all" if good == len(ended) else "some" if good else "none"
        self.emit(
            Happening("joined", token, self.now.visits[token], rule=step.id, outputs={"result": result})
        )
        self.go(step.block, self.following(step), path)

    def fail(self, block: str, path: str, outcome: str) -> None:
        """A refusal or a lapse fails its branch, and all around it up to where a fork lets it be joined."""
        while block:
            owner = self.flow.steps[self.flow.blocks[block].owner]
            if owner.on_fail == "join":
                self.clear(path, "cancelled")
                return self.leave(block, path, outcome)
            block, path = owner.block, path.rpartition(".")[0]
        return self.end("refused" if outcome == "refuse" else "closed")


def _listed(step: Step, value: Any) -> list[str]:
    """The branches for a fact: a number counts them from 1, a list of codes names them."""
    names = [str(n + 1) for n in range(value)] if isinstance(value, int) else value
    codes = isinstance(names, list | tuple) and all(isinstance(n, str) and _CODE.fullmatch(n) for n in names)
    if not codes or len(names) > _MOST_BRANCHES or len(set(names)) < len(names):
        words = Words(
            "“{s}”要按“{f}”分头办，这一项缺少或不合适。", "'{s}' forks by '{f}', which is missing or unfit."
        )
        raise Refused("flow.branches", words.format(s=step.title, f=step.of))
    return list(names)


def _open_step(flow: Flow, state: State, token: str) -> Step:
    step = flow.step(token)
    if state.ended:
        raise _already_ended(state)
    if token not in state.open:
        words = Words(
            "“{s}”这一步现在不能办，可能刚有人办过。请刷新后再看。",
            "The step '{s}' is not open now; somebody may just have done it. Reload to see where it stands.",
        )
        raise Refused("flow.closed_step", words.format(s=step.title), status=409)
    return step


def _already_ended(state: State) -> Refused:
    words = Words("这件事已经办结，不能再改动。", "This matter has ended and cannot be changed any more.")
    return Refused("flow.ended", words, status=409)
