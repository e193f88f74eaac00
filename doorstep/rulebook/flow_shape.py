"""The way a matter goes: the shape of a flow, what can stand in it, and what its state is made of.

A flow is block-structured: a block is steps in order; an ``each`` step forks into branches, every one a block of its
own, and joins when all of them have ended. It is compiled once (:mod:`doorstep.rulebook.flow_source`) and never changes;
:mod:`doorstep.rulebook.flow` moves a matter along it. Every change of the state is a :class:`Happening` that carries
codes only, and the state is nothing but all happenings folded together. So a matter can be replayed from its event
headers after everything that a person typed has been erased.

A place in a running flow is a *token*: the name of a step and, behind ``@``, the branch it is in (``review@health``,
nested ``check@health.2``). Nothing here reads a clock, a database or a role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.rule import Table
from doorstep.rulebook.words import Refused, Words

By = Literal["received", "competent", "county", "city", "hand_out", "branch", "applicant", "system"]
Kind = Literal["task", "review", "decide", "each", "call", "sub", "wait", "correct", "hand"]
OnLate = Literal["escalate", "remind", "lapse", "open", "fail"]
HappeningKind = Literal[
    "step.opened", "step.closed", "decided", "late", "forked", "branch.closed", "joined", "ended"
]
End = Literal["granted", "refused", "withdrawn", "closed"]

CORRECT = "correct:"
HAND = "hand:"
MESSAGES = ("call", "sub", "wait")
_NONE: Mapping[str, Any] = MappingProxyType({})
_LABELS: dict[str, Words] = {
    "done": Words("办完", "Done"),
    "approve": Words("同意", "Approve"),
    "return": Words("退回补正", "Return for correction"),
    "refuse": Words("不予办理", "Refuse"),
    "granted": Words("办成", "Granted"),
    "refused": Words("不予办理", "Refused"),
    "withdrawn": Words("已撤回", "Withdrawn"),
    "closed": Words("已关闭", "Closed"),
}


def token_of(step: str, branch: str) -> str:
    """The token of a step in a branch ("" is the trunk)."""
    return f"{step}@{branch}" if branch else step


def step_of(token: str) -> str:
    """The name of a token's step, with ``correct:`` or ``hand:`` before it if it has that."""
    return token[: token.find("@")] if "@" in token else token


def branch_of(token: str) -> str:
    """The branch a token is in, "" for the trunk."""
    return token[token.find("@") + 1 :] if "@" in token else ""


def _plain(token: str) -> str:
    return step_of(token).removeprefix(CORRECT).removeprefix(HAND)


@dataclass(frozen=True, slots=True)
class Returns:
    """Where a return leads: to the applicant's correction, or back to an earlier step; and how often."""

    to: str
    at_most: int
    limit: Limit | None = None
    pauses: bool = False


@dataclass(frozen=True, slots=True)
class AdHoc:
    """Who may add a step by hand (``added_by``), while which steps of its block are open, and how often at most."""

    added_by: tuple[By, ...]
    at_most: int
    while_: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Steps in order: the trunk (""), a named branch, or what is done for each of a list. ``owner`` forks it."""

    id: str
    order: tuple[str, ...]
    owner: str = ""
    title: Words | None = None
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step. ``when``: decided values under which it happens; ``then``: what follows if not the next.

    ``asks``: the connector, item or message name of a call, sub or wait, and ``answers`` what may come back.
    ``of`` and ``names``: the fact or the names that an ``each`` is for. ``pauses``: the whole's limit stands still
    while this step is open; ``extends``: approving it makes the whole's limit longer. ``place``: its index in its
    block, -1 for a step that is only ever added beside.
    """

    id: str
    kind: Kind
    by: By
    title: Words
    limit: Limit | None = None
    on_late: OnLate = "escalate"
    table: str = ""
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    then: str = ""
    lapses_to: str = ""
    opens: str = ""
    returns: Returns | None = None
    may_refuse: bool = False
    labels: Mapping[str, Words] = field(default_factory=dict)
    shown: bool = True
    block: str = ""
    place: int = -1
    blocks: tuple[str, ...] = ()
    of: str = ""
    names: Mapping[str, Words] = field(default_factory=dict)
    on_fail: Literal["end", "join"] = "end"
    asks: str = ""
    answers: tuple[str, ...] = ()
    tries: int = 1
    fallback: str = ""
    adhoc: AdHoc | None = None
    pauses: bool = False
    extends: Limit | None = None
    remind: Limit | None = None

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """What a person may answer at this step, the usual answer first."""
        if self.kind == "hand":
            return self.answers
        if not self.waits or self.kind in MESSAGES:
            return ()
        first = "approve" if self.kind == "review" else "done"
        return (first, *(["return"] if self.returns else []), *(["refuse"] if self.may_refuse else []))

    @cached_property
    def waits(self) -> bool:
        """True if somebody or something has to answer; the others pass by themselves."""
        return self.kind in MESSAGES or (self.kind not in ("decide", "each") and self.by != "system")

    @property
    def asked(self) -> bool:
        """Whether it is added for a unit of one's choice, whose code stands behind the ``@``; its block is the trunk."""
        return self.adhoc is not None and self.by == "branch" and not self.block

    def label(self, outcome: str) -> Words:
        """The words on the button for one outcome."""
        return self.labels.get(outcome) or _LABELS[outcome]


@dataclass(frozen=True)
class Flow:
    """A checked flow; made by :func:`doorstep.rulebook.flow_source.compile_flow` only."""

    order: tuple[str, ...]
    steps: Mapping[str, Step]
    tables: Mapping[str, Table]
    ends: End = "granted"
    withdraw_until: str = ""
    machine: str = ""
    blocks: Mapping[str, Block] = field(default_factory=dict)

    def step(self, token: str) -> Step:
        """The step of this token. Refused if there is none."""
        step = self.steps.get(step_of(token))
        if step is None:
            words = Words("这件事没有“{s}”这一步。", "This matter has no step '{s}'.")
            raise Refused("flow.unknown_step", words.format(s=token), status=422)
        return step

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.order)}

    def place(self, token: str) -> int:
        """The index in ``order`` (branches where they fork); a step added beside stands before everything."""
        return self._places.get(_plain(token), -1)

    def branch_title(self, token: str) -> Words | None:
        """What a token's innermost branch is called; None in the trunk."""
        block, name = self.blocks[self.step(token).block], branch_of(token).rpartition(".")[2]
        names = self.steps[block.owner].names if block.owner else {}
        return block.title or names.get(name) or (Words(name, name) if name else None)


class State(NamedTuple):
    """Where a matter stands. ``open``: token to visit; ``visits`` counts how often each step was opened.

    ``forks``: the token of each open fork, and how each of its branches stands (open, done, refuse, lapsed).
    """

    open: Mapping[str, int] = _NONE
    visits: Mapping[str, int] = _NONE
    returns: Mapping[str, int] = _NONE
    decided: Mapping[str, Any] = _NONE
    late: tuple[str, ...] = ()
    last: str = ""
    ended: str = ""
    forks: Mapping[str, Mapping[str, str]] = _NONE
    tries: Mapping[str, int] = _NONE

    def as_json(self) -> dict[str, Any]:
        """Small and plain: only what is not empty."""
        parts = dict(zip(compress(_STATE, self), compress(self, self), strict=True))
        if self.late:
            parts["late"] = list(self.late)
        return parts

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> State:
        if "late" in raw:
            raw = {**raw, "late": tuple(raw["late"])}
        return cls(**raw)


class Happening(NamedTuple):
    """One thing that happened to a flow, in codes only: the content of an event header.

    ``when``: the guards that let a step open; ``rule``, ``row``, ``outputs``: a decision; ``state``: the end;
    ``branches``: those that were forked, or the one that closed; ``asks``: the connector, item or message.
    """

    kind: HappeningKind
    step: str = ""
    visit: int = 0
    outcome: str = ""
    by: str = ""
    limit: Limit | None = None
    rule: str = ""
    row: int = 0
    outputs: Mapping[str, Any] = _NONE
    state: str = ""
    when: Mapping[str, Any] = _NONE
    branches: tuple[str, ...] = ()
    asks: str = ""

    def as_codes(self) -> dict[str, Any]:
        """For an event header: plain JSON, empty parts left out."""
        codes: dict[str, Any] = dict(zip(compress(_HAPPENING, self), compress(self, self), strict=True))
        if self.limit is not None:
            codes["limit"] = f"{self.limit.value} {self.limit.unit}"
        if self.branches:
            codes["branches"] = [*self.branches]
        return codes

    @classmethod
    def from_codes(cls, codes: Mapping[str, Any]) -> Happening:
        """Back from a header; keys that are not ours are left alone by being ignored."""
        parts = {key: value for key, value in codes.items() if key in cls._fields}
        if "limit" in parts:
            parts["limit"] = Limit.parse(parts["limit"])
        if "branches" in parts:
            parts["branches"] = tuple(parts["branches"])
        return cls(**parts)


_STATE, _HAPPENING = State._fields, Happening._fields


class Standing:
    """A state that is being changed: copied from one, and given back as one. :meth:`fold` alone changes it."""

    __slots__ = State._fields

    def __init__(self, state: State) -> None:
        opened, visits, returns, decided, self.late, self.last, self.ended, forks, tries = state
        self.open, self.visits = {**opened}, {**visits}
        self.returns = {**returns} if returns else {}
        self.decided = {**decided} if decided else {}
        self.forks = {**forks} if forks else {}
        self.tries = {**tries} if tries else {}

    @property
    def state(self) -> State:
        return State(
            self.open, self.visits, self.returns, self.decided, self.late, self.last, self.ended, self.forks, self.tries
        )  # fmt: skip

    def fold(self, one: Happening) -> None:
        """The only place where a state changes."""
        FOLDS[one.kind](self, one)

    def _opened(self, one: Happening) -> None:
        self.open[one.step] = self.visits[one.step] = one.visit

    def _closed(self, one: Happening) -> None:
        step = one.step
        self.open.pop(step, None)
        if self.late:
            self.late = tuple(name for name in self.late if name != step)
        self.last = step
        if one.outcome == "return":
            self.returns[step] = self.returns.get(step, 0) + 1
        if one.outcome == "failed":
            self.tries[step] = self.tries.get(step, 0) + 1
        elif self.tries:
            self.tries.pop(step, None)

    def _decided(self, one: Happening) -> None:
        branch = branch_of(one.step)
        for name, value in one.outputs.items():
            self.decided[token_of(f"{one.rule}.{name}", branch)] = value

    def _late(self, one: Happening) -> None:
        self.late = (*self.late, one.step)

    def _forked(self, one: Happening) -> None:
        self.visits[one.step] = one.visit
        self.forks[one.step] = dict.fromkeys(one.branches, "open")

    def _left(self, one: Happening) -> None:
        self.forks[one.step] = {**self.forks[one.step], one.branches[0]: one.outcome}
        path = under(branch_of(one.step), one.branches[0])
        for kept in (self.forks, self.decided):
            for name in [name for name in kept if "@" in name and within(branch_of(name), path)]:
                del kept[name]

    def _joined(self, one: Happening) -> None:
        del self.forks[one.step]
        self._decided(one)
        self.last = one.step

    def _ended(self, one: Happening) -> None:
        self.ended = one.state
        self.forks = {}


FOLDS = {
    "step.opened": Standing._opened, "step.closed": Standing._closed, "decided": Standing._decided,
    "late": Standing._late, "forked": Standing._forked, "branch.closed": Standing._left,
    "joined": Standing._joined, "ended": Standing._ended,
}  # fmt: skip


def under(path: str, name: str) -> str:
    """The branch ``name`` of a fork that is itself in ``path``."""
    return f"{path}.{name}" if path else name


def within(branch: str, path: str) -> bool:
    """Whether a branch is ``path`` or lies inside it. Everything lies inside the trunk."""
    return not path or branch == path or branch.startswith(path + ".")


def fold(state: State, happening: Happening) -> State:
    """The state after one happening."""
    standing = Standing(state)
    standing.fold(happening)
    return standing.state


def replay(flow: Flow, happenings: Iterable[Happening], since: State = State()) -> State:  # noqa: B008
    """The state that a matter's headers amount to, from a state on. Refused if one names a step unknown to the flow."""
    standing = Standing(since)
    for happening in happenings:
        if happening.step:
            flow.step(happening.step)
        standing.fold(happening)
    return standing.state
