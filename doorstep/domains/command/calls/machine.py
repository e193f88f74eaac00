"""How a call moves: pure, codes only; needs no database, so that the examples of its packs run anywhere.

`handle` stays open at the command centre as long as the call lasts. Each duty unit that is sent has a branch of its own,
``CALLSIGN.UNITCODE``: answer, arrive, work. Who does not answer in time, cannot, or breaks down opens `next` in that branch for
the centre: somebody else has to go. Nothing closes while somebody is out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from doorstep.rulebook.flow import Flow, Happening, State, branch_of, step_of, token_of
from doorstep.rulebook.machine import Command
from doorstep.rulebook.words import Refused, Words

MACHINE: Final = "call"
OUT: Final = ("answer", "arrive", "work")
"""Steps of a duty unit that is out for this call."""
NEXT: Final = "next"
_FOLLOWS: Final = {("answer", "coming"): "arrive", ("arrive", "there"): "work"}
_LEFT: Final = "close"


def call(
    flow: Flow, state: State, command: Command, facts: Mapping[str, Any], now: datetime
) -> Iterator[Happening]:
    """The machine. ``given`` of the facts names branches: whom to send or to recall.

    Refused: "call.nobody" (422) to send or recall nobody, "call.not_out" (409) to recall who is not out, "call.teams_out" (409)
    to close too early, "flow.closed_step" (409), "flow.outcome".
    """
    if command.verb == "start":
        yield from _judged(flow, facts)
        yield _open(flow, state, "handle")
    elif command.verb == "late":
        yield Happening(
            "late", command.token, state.open[command.token], limit=flow.step(command.token).limit
        )
        if step_of(command.token) in OUT:
            yield from _somebody_else(flow, state, branch_of(command.token))
    elif command.verb in ("stop", "withdraw"):
        yield from (_closed(flow, state, one, _LEFT) for one in state.open)
        yield Happening("ended", state="closed" if command.verb == "stop" else "withdrawn")
    elif command.token == "handle":  # noqa: S105 - a step of the machine
        yield from _handled(flow, state, command.outcome, facts)
    else:
        yield from _told(flow, state, command.token, command.outcome)


def branches_out(tokens: Iterable[str]) -> tuple[str, ...]:
    """The branches of duty units that are out, by the open tokens of a call."""
    return tuple(dict.fromkeys(branch_of(one) for one in tokens if step_of(one) in OUT))


def _handled(flow: Flow, state: State, outcome: str, facts: Mapping[str, Any]) -> Iterator[Happening]:
    """The centre sends, recalls, judges anew what it is, or closes."""
    if outcome == "send":
        yield from _sent(flow, state, _named(facts))
    elif outcome == "recall":
        yield from _recalled(flow, state, _named(facts))
    elif outcome == "assess":
        yield from _judged(flow, facts)
    elif outcome == "close":
        if branches_out(state.open):
            words = Words("还有警力在外面，等他们处置完或者召回再结束。",
                          "Somebody is still out; wait until they have cleared, or recall them.")  # fmt: skip
            raise Refused("call.teams_out", words, status=409)
        yield from (_closed(flow, state, one, _LEFT) for one in state.open)
        yield Happening("ended", state="closed")
    else:
        yield _closed(flow, state, "handle", outcome)  # refuses


def _named(facts: Mapping[str, Any]) -> tuple[str, ...]:
    branches = tuple(dict.fromkeys(str(one) for one in (facts.get("given") or {}).get("branches") or ()))
    if not branches:
        raise Refused("call.nobody", Words("请说派谁、召回谁。", "Say whom."), status=422)
    return branches


def _sent(flow: Flow, state: State, branches: Iterable[str]) -> Iterator[Happening]:
    """Each that is not out yet is to answer. With somebody else on the way nobody is looked for any more."""
    out = branches_out(state.open)
    fresh = [one for one in branches if one not in out]
    if fresh:
        yield from (_closed(flow, state, one, "sent") for one in state.open if step_of(one) == NEXT)
    for branch in fresh:
        yield _open(flow, state, token_of("answer", branch))


def _recalled(flow: Flow, state: State, branches: Iterable[str]) -> Iterator[Happening]:
    out = branches_out(state.open)
    for branch in branches:
        if branch not in out:
            words = Words("“{b}”没有在办这起警情。", "'{b}' is not out for this call.")
            raise Refused("call.not_out", words.format(b=branch.partition(".")[0]), status=409)
    for token in state.open:
        if branch_of(token) in branches:
            yield _closed(flow, state, token, "recalled" if step_of(token) in OUT else "enough")


def _told(flow: Flow, state: State, token: str, outcome: str) -> Iterator[Happening]:
    """A duty unit says how it stands; the centre has seen that somebody else is needed, or not."""
    yield _closed(flow, state, token, outcome)
    step, branch = step_of(token), branch_of(token)
    waits = token_of(NEXT, branch)
    if follows := _FOLLOWS.get((step, outcome)):
        if waits in state.open:
            yield _closed(flow, state, waits, "enough")
        yield _open(flow, state, token_of(follows, branch))
    elif outcome == "cannot":
        yield from _somebody_else(flow, state, branch)
    elif step in OUT and waits in state.open:
        yield _closed(flow, state, waits, "enough")


def _somebody_else(flow: Flow, state: State, branch: str) -> Iterator[Happening]:
    """Somebody else has to go, said once."""
    if token_of(NEXT, branch) not in state.open:
        yield _open(flow, state, token_of(NEXT, branch))


def _judged(flow: Flow, facts: Mapping[str, Any]) -> Iterator[Happening]:
    """How urgent it is, by the table of its kind; the row stands in the chain."""
    for name in flow.order:
        step = flow.steps[name]
        if step.kind == "decide":
            found = flow.tables[step.table].decide(facts)
            yield Happening("decided", name, rule=found.table, row=found.row, outputs=found.outputs)


def _open(flow: Flow, state: State, token: str) -> Happening:
    step = flow.step(token)
    return Happening("step.opened", token, state.visits.get(token, 0) + 1, by=step.by, limit=step.limit)


def _closed(flow: Flow, state: State, token: str, outcome: str) -> Happening:
    if token not in state.open:
        words = Words("这一步已经有人办过了。", "This step is done already.")
        raise Refused("flow.closed_step", words, status=409)
    if outcome != _LEFT and outcome not in flow.step(token).outcomes:
        raise Refused("flow.outcome", Words("这一步没有这种结果。", "This step has no such outcome."))
    return Happening("step.closed", token, state.open[token], outcome=outcome, by=flow.step(token).by)


MACHINES: Final = {MACHINE: call}
