"""The way a matter goes: steps in order, reviews that return, decisions by table, limits, withdrawal.

A flow is compiled once and never changes. Its state is a few names and counts; every change of it is a
:class:`Happening` that carries codes only, and the state is nothing but all happenings folded together. So a
matter can be replayed from its event headers after everything that a person typed has been erased.

Nothing here reads a clock, a database or a role: who may act and when a limit ends is the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from doorstep.kernel.clock import Limit
from doorstep.kernel.rule import Table
from doorstep.kernel.words import Refused, Words

By = Literal["received", "competent", "hand_out", "applicant", "system"]
Kind = Literal["task", "review", "decide", "correct"]
HappeningKind = Literal["step.opened", "step.closed", "decided", "late", "ended"]
End = Literal["granted", "refused", "withdrawn", "closed"]
Now = Literal["done", "here", "wait", "next", "refused", "stopped"]

CORRECT = "correct:"
_LABELS: dict[str, Words] = {
    "done": Words("办完", "Done"),
    "approve": Words("同意", "Approve"),
    "return": Words("退回补正", "Return for correction"),
    "refuse": Words("不予办理", "Refuse"),
}
CORRECTION = Words("补正", "Correct and send again")


@dataclass(frozen=True, slots=True)
class Returns:
    """Where a return leads: to the applicant's correction, or back to an earlier step; and how often."""

    to: str
    at_most: int
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``when``: decided values under which it happens; ``then``: what follows if not the next."""

    id: str
    kind: Kind
    by: By
    title: Words
    limit: Limit | None = None
    on_late: Literal["escalate", "lapse"] = "escalate"
    table: str = ""
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    then: str = ""
    lapses_to: str = ""
    returns: Returns | None = None
    may_refuse: bool = False
    labels: Mapping[str, Words] = field(default_factory=dict)
    shown: bool = True

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What a person may answer at this step, the usual answer first."""
        if self.kind == "decide" or self.by == "system":
            return ()
        first = "approve" if self.kind == "review" else "done"
        return (first, *(["return"] if self.returns else []), *(["refuse"] if self.may_refuse else []))

    @property
    def waits(self) -> bool:
        """True if somebody has to act; the others pass by themselves."""
        return self.kind != "decide" and self.by != "system"

    def label(self, outcome: str) -> Words:
        """The words on the button for one outcome."""
        return self.labels.get(outcome) or _LABELS[outcome]


@dataclass(frozen=True)
class Flow:
    """A checked flow; made by :func:`doorstep.kernel.flow_source.compile_flow` only."""

    order: tuple[str, ...]
    steps: Mapping[str, Step]
    tables: Mapping[str, Table]
    ends: End = "granted"
    withdraw_until: str = ""

    def step(self, step_id: str) -> Step:
        """The step of this name. Refused if there is none."""
        if step_id not in self.steps:
            words = Words("这件事没有“{s}”这一步。", "This matter has no step '{s}'.")
            raise Refused("flow.unknown_step", words.format(s=step_id), status=422)
        return self.steps[step_id]

    def by(self, step_id: str) -> By | None:
        """Who does a step, None if there is no such step."""
        step = self.steps.get(step_id)
        return step.by if step else None

    def place(self, step_id: str) -> int:
        """The index in ``order``; a correction stands where the step that asked for it stands."""
        return self.order.index(step_id.removeprefix(CORRECT))


@dataclass(frozen=True, slots=True)
class State:
    """Where a matter stands. ``visits`` counts how often each step was opened."""

    open: Mapping[str, int] = field(default_factory=dict)
    visits: Mapping[str, int] = field(default_factory=dict)
    returns: Mapping[str, int] = field(default_factory=dict)
    decided: Mapping[str, Any] = field(default_factory=dict)
    late: tuple[str, ...] = ()
    last: str = ""
    ended: str = ""

    def as_json(self) -> dict[str, Any]:
        """Small and plain: only what is not empty."""
        return {
            part.name: list(value) if isinstance(value, tuple) else value
            for part in fields(self)
            if (value := getattr(self, part.name))
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> State:
        parts: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
        return cls(**parts)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a flow, in codes only: the content of an event header.

    ``when``: the guards that let a step open; ``rule``, ``row``, ``outputs``: a decision; ``state``: the end.
    """

    kind: HappeningKind
    step: str = ""
    visit: int = 0
    outcome: str = ""
    by: str = ""
    limit: Limit | None = None
    rule: str = ""
    row: int = 0
    outputs: Mapping[str, Any] = field(default_factory=dict)
    state: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)

    def as_codes(self) -> dict[str, Any]:
        """For an event header: plain JSON, empty parts left out."""
        codes = {part.name: value for part in fields(self) if (value := getattr(self, part.name))}
        return codes | {"limit": str(self.limit)} if self.limit else codes

    @classmethod
    def from_codes(cls, codes: Mapping[str, Any]) -> Happening:
        """Back from a header; keys that are not ours are left alone by being ignored."""
        known = {part.name for part in fields(cls)}
        parts = {key: value for key, value in codes.items() if key in known}
        return cls(**parts | {"limit": Limit.parse(parts["limit"])} if "limit" in parts else parts)


Moved = tuple[State, tuple[Happening, ...]]


def start(flow: Flow, facts: Mapping[str, Any]) -> Moved:
    """The first state of a matter. Refused if a first decision lacks a fact."""
    run = _Run(flow, State(), facts)
    run.go(0)
    return run.moved


def act(flow: Flow, state: State, step: str, outcome: str, facts: Mapping[str, Any]) -> Moved:
    """Close an open step with one of its outcomes and go on. Refused, nothing changed, if that cannot be."""
    here = _open_step(flow, state, step)
    if outcome not in here.outcomes:
        words = Words("“{s}”不能这样答复：{o}。", "'{s}' cannot be answered with '{o}'.")
        raise Refused("flow.outcome", words.format(s=here.title, o=outcome), status=422)
    if outcome == "return" and here.returns and state.returns.get(step, 0) >= here.returns.at_most:
        words = Words(
            "已经退回 {n} 次，不能再退。请同意，或者说明理由不予办理。",
            "It was returned {n} times and cannot be returned again. Approve it, or refuse with a reason.",
        )
        raise Refused("flow.returns_exhausted", words.format(n=here.returns.at_most), status=409)
    run = _Run(flow, state, facts)
    run.close(step, outcome)
    run.after(here, outcome)
    return run.moved


def late(flow: Flow, state: State, step: str, facts: Mapping[str, Any] | None = None) -> Moved:
    """The limit of an open step has passed: it is marked, or lapses. A second time nothing happens."""
    here = _open_step(flow, state, step)
    if step in state.late or here.limit is None:
        return state, ()
    run = _Run(flow, state, facts or {})
    run.emit(Happening("late", step, state.open[step], limit=here.limit, by=here.by))
    if here.on_late == "lapse":
        run.close(step, "lapsed")
        if here.lapses_to:
            run.go(flow.place(here.lapses_to))
        else:
            run.end("closed")
    return run.moved


def may_withdraw(flow: Flow, state: State) -> bool:
    """Whether the applicant can still take the matter back."""
    if state.ended or not state.open:
        return False
    until = flow.withdraw_until
    return not until or all(flow.place(step) < flow.place(until) for step in state.open)


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


def fold(state: State, happening: Happening) -> State:
    """The state after one happening. The only place where a state changes."""
    step, kind = happening.step, happening.kind
    if kind == "step.opened":
        visit = {step: happening.visit}
        return replace(state, open={**state.open, **visit}, visits={**state.visits, **visit})
    if kind == "step.closed":
        back = {step: state.returns.get(step, 0) + 1} if happening.outcome == "return" else {}
        return replace(
            state,
            open={name: visit for name, visit in state.open.items() if name != step},
            returns={**state.returns, **back},
            late=tuple(name for name in state.late if name != step),
            last=step,
        )
    if kind == "decided":
        named = {f"{happening.rule}.{name}": value for name, value in happening.outputs.items()}
        return replace(state, decided={**state.decided, **named})
    if kind == "late":
        return replace(state, late=(*state.late, step))
    return replace(state, ended=happening.state)


def replay(flow: Flow, happenings: Iterable[Happening]) -> State:
    """The state that a matter's headers amount to. Refused if one names a step unknown to the flow."""
    state = State()
    for happening in happenings:
        if happening.step:
            flow.step(happening.step)
        state = fold(state, happening)
    return state


@dataclass
class _Run:
    """One move: its happenings, and the state that follows. Thrown away if anything refuses."""

    flow: Flow
    state: State
    facts: Mapping[str, Any]
    log: list[Happening] = field(default_factory=list)

    @property
    def moved(self) -> Moved:
        return self.state, tuple(self.log)

    def emit(self, happening: Happening) -> None:
        self.state = fold(self.state, happening)
        self.log.append(happening)

    def open(self, step: Step, when: Mapping[str, Any] | None = None) -> None:
        visit = self.state.visits.get(step.id, 0) + 1
        self.emit(Happening("step.opened", step.id, visit, by=step.by, limit=step.limit, when=when or {}))

    def close(self, step_id: str, outcome: str) -> None:
        step = self.flow.steps[step_id]
        visit = self.state.open[step_id]
        self.emit(Happening("step.closed", step_id, visit, outcome=outcome, by=step.by))

    def end(self, state: End) -> None:
        for step_id in tuple(self.state.open):
            self.close(step_id, "withdrawn" if state == "withdrawn" else "cancelled")
        self.emit(Happening("ended", state=state))

    def after(self, step: Step, outcome: str) -> None:
        """Where a closed step leads."""
        if outcome == "refuse":
            self.end("refused")
        elif outcome == "return" and step.returns:
            to = step.returns.to
            if to == "applicant":
                self.open(self.flow.steps[CORRECT + step.id])
            else:
                self.go(self.flow.place(to))
        elif step.kind == "correct":
            self.open(self.flow.steps[step.id.removeprefix(CORRECT)])
        else:
            self.go(self.next_place(step))

    def next_place(self, step: Step) -> int:
        return self.flow.place(step.then) if step.then else self.flow.place(step.id) + 1

    def go(self, place: int) -> None:
        """From a place in the order to the next step at which somebody has to act, or to the end."""
        while place < len(self.flow.order):
            step = self.flow.steps[self.flow.order[place]]
            guards = {name: self.state.decided.get(name) for name in step.when}
            if any(value not in step.when[name] for name, value in guards.items()):
                place += 1
                continue
            if step.waits:
                self.open(step, guards)
                return
            self.pass_by(step, guards)
            place = self.next_place(step)
        self.end(self.flow.ends)

    def pass_by(self, step: Step, guards: Mapping[str, Any]) -> None:
        if step.kind == "decide":
            decision = self.flow.tables[step.table].decide(self.facts)
            self.emit(
                Happening(
                    "decided",
                    step.id,
                    rule=decision.table,
                    row=decision.row,
                    outputs=dict(decision.outputs),
                    when=guards,
                )
            )
        else:
            self.open(step, guards)
            self.close(step.id, "done")


def _open_step(flow: Flow, state: State, step_id: str) -> Step:
    step = flow.step(step_id)
    if state.ended:
        raise _already_ended(state)
    if step_id not in state.open:
        words = Words(
            "“{s}”这一步现在不能办，可能刚有人办过。请刷新后再看。",
            "The step '{s}' is not open now; somebody may just have done it. Reload to see where it stands.",
        )
        raise Refused("flow.closed_step", words.format(s=step.title), status=409)
    return step


def _already_ended(state: State) -> Refused:
    words = Words("这件事已经办结，不能再改动。", "This matter has ended and cannot be changed any more.")
    return Refused("flow.ended", words, status=409)


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the drawn way. ``here``: the police work on it; ``wait``: it waits for the applicant."""

    id: str
    title: Words
    status: Now
    by: str
    late: bool = False


def picture(flow: Flow, state: State) -> list[Stop]:
    """The way as a plain sequence for "you are here": done, now, and what comes if all goes well."""
    stops: list[Stop] = []
    front = min((flow.place(step) for step in state.open), default=len(flow.order))
    for place, step_id in enumerate(flow.order):
        step = flow.steps[step_id]
        correction = CORRECT + step_id
        if correction in state.open:
            stops.append(_stop(flow.steps[correction], "wait", state))
        status = _status(flow, state, step, place, front)
        if step.shown and status:
            stops.append(_stop(step, status, state))
    return stops


def _stop(step: Step, status: Now, state: State) -> Stop:
    return Stop(step.id, step.title, status, step.by, step.id in state.late)


def _status(flow: Flow, state: State, step: Step, place: int, front: int) -> Now | None:
    if step.id in state.open:
        return "wait" if step.by == "applicant" else "here"
    visited = step.id in state.visits
    if state.ended:
        return _ended_status(flow, state, step, visited)
    if place < front:
        return "done" if visited else None
    possible = all(state.decided.get(name) in values for name, values in step.when.items())
    return "next" if possible else None


def _ended_status(flow: Flow, state: State, step: Step, visited: bool) -> Now | None:
    if not visited:
        return None
    if state.ended == flow.ends or step.id != state.last.removeprefix(CORRECT):
        return "done"
    return "refused" if state.ended == "refused" else "stopped"
