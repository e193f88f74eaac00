"""A call to which several teams are sent at once: each answers, arrives, works; silence is escalated; all end before it ends.

What a domain would register: pure, codes only, one function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from doorstep.rulebook.flow import Flow, Happening, State, branch_of, step_of, token_of
from doorstep.rulebook.machine import Command
from doorstep.rulebook.words import Refused, Words

_NEXT = {("answer", "coming"): "arrive", ("arrive", "there"): "work"}


def three_teams(
    flow: Flow, state: State, command: Command, facts: Mapping[str, Any], now: datetime
) -> Iterator[Happening]:
    """What happens on a command. Refused: "call.nobody" without teams, "call.teams_out" (409) to close too early."""
    if command.verb == "start":
        yield _open(flow, state, "handle")
    elif command.verb == "late":
        yield Happening(
            "late", command.token, state.open[command.token], limit=flow.step(command.token).limit
        )
        if "escalate" not in state.open:
            yield _open(flow, state, "escalate")
    elif command.verb in ("stop", "withdraw"):
        yield from _close_all(flow, state)
        yield Happening("ended", state="closed" if command.verb == "stop" else "withdrawn")
    elif command.token == "handle" and command.outcome == "send":
        yield from _send(flow, state, facts)
    elif command.token == "handle":
        yield from _close(flow, state)
    else:
        yield _closed(flow, state, command.token, command.outcome)
        follows = _NEXT.get((step_of(command.token), command.outcome))
        if follows:
            yield _open(flow, state, token_of(follows, branch_of(command.token)))
        elif command.outcome == "cannot" and "escalate" not in state.open:
            yield _open(flow, state, "escalate")


def _send(flow: Flow, state: State, facts: Mapping[str, Any]) -> Iterator[Happening]:
    teams = [str(team) for team in (facts.get("given") or {}).get("teams") or ()]
    if not teams:
        raise Refused("call.nobody", Words("请说派谁去。", "Say who is to go."), status=422)
    out = {branch_of(token) for token in state.open}
    for team in dict.fromkeys(teams):
        if team not in out:
            yield _open(flow, state, token_of("answer", team))


def _close(flow: Flow, state: State) -> Iterator[Happening]:
    if any(branch_of(token) for token in state.open):
        words = Words(
            "还有队伍在外面，等他们做完再结束。", "Teams are still out; close it when they have cleared."
        )
        raise Refused("call.teams_out", words, status=409)
    yield from _close_all(flow, state)
    yield Happening("ended", state="closed")


def _close_all(flow: Flow, state: State) -> Iterator[Happening]:
    for token in state.open:
        yield _closed(flow, state, token, "close")


def _open(flow: Flow, state: State, token: str) -> Happening:
    step = flow.step(token)
    return Happening("step.opened", token, state.visits.get(token, 0) + 1, by=step.by, limit=step.limit)


def _closed(flow: Flow, state: State, token: str, outcome: str) -> Happening:
    return Happening("step.closed", token, state.open[token], outcome=outcome, by=flow.step(token).by)
