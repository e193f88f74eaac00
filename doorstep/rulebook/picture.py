"""Where a matter stands, drawn as a plain sequence of stops for "you are here"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from doorstep.rulebook.flow_shape import CORRECT, HAND, Flow, State, Step, branch_of, step_of, token_of
from doorstep.rulebook.words import Words

Now = Literal["done", "here", "wait", "next", "refused", "stopped"]


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the drawn way. ``here``: somebody works on it; ``wait``: it waits for the applicant."""

    id: str
    title: Words
    status: Now
    by: str
    late: bool = False


def picture(flow: Flow, state: State) -> list[Stop]:
    """The way as a plain sequence: done, now, and what comes if all goes well.

    A fork is one stop until it forks and after it joins; between, each branch shows its own steps. A step that was
    added beside stands before what comes next.
    """
    return list(_walk(flow, state, "", ""))


def _walk(flow: Flow, state: State, block: str, path: str) -> Iterator[Stop]:
    order = flow.blocks[block].order
    front = next((at for at, name in enumerate(order) if _open_at(flow, state, name, path)), len(order))
    beside = [
        t for t in state.open if branch_of(t) == path and flow.place(t) < 0 and flow.step(t).block == block
    ]
    for at, name in enumerate(order):
        if at == front:
            yield from (_stop(flow, state, token) for token in beside)
        step, token = flow.steps[name], token_of(name, path)
        if token in state.forks:
            for branch in state.forks[token]:
                inner = f"{path}.{branch}" if path else branch
                yield from _walk(flow, state, name if step.of or step.names else branch, inner)
            continue
        for other in (CORRECT + token, HAND + token):
            if other in state.open:
                yield _stop(flow, state, other)
        status = _status(flow, state, step, token, at < front)
        if status and (step.shown or token in state.open):
            yield _stop(flow, state, token, status)
    if front == len(order):
        yield from (_stop(flow, state, token) for token in beside)


def _open_at(flow: Flow, state: State, name: str, path: str) -> bool:
    token = token_of(name, path)
    return (
        any(other in state.open for other in (token, CORRECT + token, HAND + token)) or token in state.forks
    )


def _stop(flow: Flow, state: State, token: str, status: Now | None = None) -> Stop:
    step, branch = flow.step(token), flow.branch_title(token)
    title = Words(f"{branch.zh}：{step.title.zh}", f"{branch.en}: {step.title.en}") if branch else step.title
    return Stop(token, title, status or _open_status(step), step.by, token in state.late)


def _open_status(step: Step) -> Now:
    return "wait" if step.by == "applicant" else "here"


def _status(flow: Flow, state: State, step: Step, token: str, passed: bool) -> Now | None:
    if token in state.open:
        return _open_status(step)
    visited = token in state.visits
    if state.ended:
        if not visited:
            return None
        last = step_of(state.last).removeprefix(CORRECT).removeprefix(HAND)
        if state.ended == flow.ends or token != token_of(last, branch_of(state.last)):
            return "done"
        return "refused" if state.ended == "refused" else "stopped"
    if passed:
        return "done" if visited else None
    seen = token_of("", branch_of(token))
    possible = all(
        state.decided.get(name + seen, state.decided.get(name)) in values
        for name, values in step.when.items()
    )
    return "next" if possible else None
