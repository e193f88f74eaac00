"""How a matter is moved: by its pack's flow, or by the machine of a domain for what no order of steps describes.

A machine is a pure function of the declared steps, the state, a command, the facts and the time. It answers what
happens, in codes; the state is those folded, so a matter that a machine moves is logged, replayed and proved like any
other. Its steps, their words and limits stand in the pack under ``flow: {machine: name, steps: …}``; a step given to a
unit is the token ``step@UNITCODE`` of a step whose ``by`` is ``branch``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from doorstep.rulebook import flow as flows
from doorstep.rulebook.flow import Flow, Happening, State
from doorstep.rulebook.flow_shape import Standing
from doorstep.rulebook.words import Refused, Words

Moved = tuple[State, tuple[Happening, ...]]


class Command(NamedTuple):
    """What a verb wants. ``token`` and ``outcome`` as in `flow.act`; ``by`` as whom a step is added."""

    verb: Literal["start", "act", "answer", "late", "add", "withdraw", "stop"]
    token: str = ""
    outcome: str = ""
    by: Any = ""


Machine = Callable[[Flow, State, Command, Mapping[str, Any], datetime], Iterable[Happening]]

_machines: dict[str, Machine] = {}


def register(name: str, machine: Machine) -> None:
    """Make a domain's machine known; the same again is no fault. Raises ValueError if the name is taken."""
    if _machines.setdefault(name, machine) is not machine:
        raise ValueError(f"two machines for the kind '{name}'")


def move(flow: Flow, state: State, command: Command, facts: Mapping[str, Any], now: datetime) -> Moved:
    """The next state and what happened. Refused, nothing changed, as the flow or the machine says; "no-machine" (503) if
    the domain that moves this kind is not installed.
    """
    if not flow.machine:
        return _flowed(flow, state, command, facts)
    if flow.machine not in _machines:
        words = Words("办这类事的模块没有安装。", "The domain that handles this kind is not installed.")
        raise Refused("no-machine", words, status=503)
    if state.ended:
        words = Words("这件事已经办结，不能再改动。", "This matter has ended and cannot be changed any more.")
        raise Refused("flow.ended", words, status=409)
    happened = tuple(_machines[flow.machine](flow, state, command, facts, now))
    standing = Standing(state)
    for one in happened:
        standing.fold(one)
    return standing.state, happened


def _flowed(flow: Flow, state: State, command: Command, facts: Mapping[str, Any]) -> Moved:
    verb, token = command.verb, command.token
    if verb == "start":
        return flows.start(flow, facts)
    if verb == "act":
        return flows.act(flow, state, token, command.outcome, facts)
    if verb == "answer":
        return flows.answer(flow, state, token, command.outcome, facts)
    if verb == "late":
        return flows.late(flow, state, token, facts)
    if verb == "add":
        return flows.add(flow, state, token, command.by, facts)
    return flows.withdraw(flow, state) if verb == "withdraw" else flows.stop(flow, state)
