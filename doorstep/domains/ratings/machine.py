"""How a call-back moves: pure, codes only; needs no database, so that its pack's examples run anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from doorstep.rulebook.flow import Flow, Happening, State, branch_of, step_of, token_of
from doorstep.rulebook.machine import Command
from doorstep.rulebook.words import Refused, Words

MACHINE: Final = "call_back"
PRESS: Final = "press"
"""The step of a unit that supervises: a call-back, or the decision of the second unit, is late."""


def call_back(
    flow: Flow, state: State, command: Command, facts: Mapping[str, Any], now: datetime
) -> Iterator[Happening]:
    """The machine: one unit looks into it and says mended or explained; "unfounded" goes to the other, which says so or gives it
    back. When it is late, a supervising unit has it on its own list and presses: then its limit begins again, and when that
    passes, too, it is there once more. The person may take it back.
    """
    verb, step = command.verb, step_of(command.token)
    if verb == "start":
        yield _open(flow, state, "call")
    elif verb == "late":
        limit = flow.step(command.token).limit
        yield Happening("late", command.token, state.open[command.token], limit=limit)
        yield from _escalated(flow, state, command.token, facts)
    elif verb in ("stop", "withdraw"):
        yield from _left(flow, state)
        yield Happening("ended", state="closed" if verb == "stop" else "withdrawn")
    else:
        yield _closed(flow, state, command.token, command.outcome)
        yield from _left(flow, state, command.token)
        if step == PRESS:
            yield _open(flow, state, next(one for one in state.open if one != command.token))
        elif command.outcome == "ask_second":
            yield _open(flow, state, token_of("judge", str(facts["call_back.second"])))
        elif step == "judge" and command.outcome == "founded":
            yield _open(flow, state, "call")
        else:
            yield Happening("ended", state="closed")


def _escalated(flow: Flow, state: State, token: str, facts: Mapping[str, Any]) -> Iterator[Happening]:
    """What is late is put before a unit that is not the late one; nothing more while it lies there."""
    if any(step_of(one) == PRESS for one in state.open) or PRESS not in flow.steps:
        return
    late = branch_of(token) or facts["call_back.unit"]
    above = (str(facts.get(f"call_back.{one}") or "") for one in ("above", "second", "unit"))
    yield _open(flow, state, token_of(PRESS, next(one for one in above if one and one != late)))


def _left(flow: Flow, state: State, but: str = "") -> Iterator[Happening]:
    """Whatever else is open has nothing to be done any more."""
    return (_closed(flow, state, one, "close") for one in state.open if one != but)


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
