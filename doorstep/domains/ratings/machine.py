"""How a call-back moves: pure, codes only; needs no database, so that its pack's examples run anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from doorstep.rulebook.flow import Flow, Happening, State, step_of, token_of
from doorstep.rulebook.machine import Command
from doorstep.rulebook.words import Refused, Words

MACHINE: Final = "call_back"


def call_back(
    flow: Flow, state: State, command: Command, facts: Mapping[str, Any], now: datetime
) -> Iterator[Happening]:
    """The machine: one unit looks into it and says mended or explained; "unfounded" goes to the other, which says so or gives it
    back. It is escalated when late, and the person may take it back.
    """
    verb, step = command.verb, step_of(command.token)
    if verb == "start":
        yield _open(flow, state, "call")
    elif verb == "late":
        limit = flow.step(command.token).limit
        yield Happening("late", command.token, state.open[command.token], limit=limit)
    elif verb in ("stop", "withdraw"):
        for token in state.open:
            yield _closed(flow, state, token, "close")
        yield Happening("ended", state="closed" if verb == "stop" else "withdrawn")
    else:
        yield _closed(flow, state, command.token, command.outcome)
        if command.outcome == "ask_second":
            yield _open(flow, state, token_of("judge", str(facts["call_back.second"])))
        elif step == "judge" and command.outcome == "founded":
            yield _open(flow, state, "call")
        else:
            yield Happening("ended", state="closed")


def _open(flow: Flow, state: State, token: str) -> Happening:
    step = flow.step(token)
    return Happening("step.opened", token, state.visits.get(token, 0) + 1, by=step.by, limit=step.limit)


def _closed(flow: Flow, state: State, token: str, outcome: str) -> Happening:
    if token not in state.open:
        raise Refused(
            "flow.closed_step", Words("这一步已经办过了。", "This step is done already."), status=409
        )
    if outcome != "close" and outcome not in flow.step(token).outcomes:
        raise Refused("flow.outcome", Words("这一步没有这种结果。", "This step has no such outcome."))
    return Happening("step.closed", token, state.open[token], outcome=outcome, by=flow.step(token).by)


MACHINES: Final = {MACHINE: call_back}
