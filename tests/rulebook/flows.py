"""Any flow that an author could write, and every move that could be made in it: for property and differential tests.

The same generator is thrown by hypothesis (``dice_of(data)``) and by a seeded ``random.Random``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from doorstep.domains.studio.reach import dead_ends
from doorstep.rulebook import flow as game
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.flow import Flow, State
from doorstep.rulebook.flow_source import compile_flow
from doorstep.rulebook.rule import Table, compile_table

One = TypeVar("One")
Raw = dict[str, Any]
T = {"zh": "步骤", "en": "Step"}

TABLES: dict[str, Raw] = {
    "route": {"inputs": {"n": {"type": "int", "min": 0, "max": 3}}, "outputs": {"way": ["a", "b"]},
              "rows": [[">= 2", "a"], ["-", "b"]]},
    "check": {"inputs": {"flag": "bool", "n": {"type": "int", "min": 0, "max": 3}},
              "outputs": {"go": ["x", "y", "z"], "deep": "bool"},
              "rows": [[True, 0, "x", True], [True, "-", "y", False], [False, "-", "z", True]]},
    "mine": {"inputs": {"each": "text"}, "outputs": {"size": ["one", "other"]},
             "rows": [["p, k1, 1, branch1", "one"], ["-", "other"]]},
}  # fmt: skip
COMPILED: dict[str, Table] = {name: compile_table(name, raw) for name, raw in TABLES.items()}
_GIVES: dict[str, list[tuple[str, list[Any]]]] = {
    "route": [("way", ["a", "b"])],
    "check": [("go", ["x", "y", "z"]), ("deep", [True, False])],
    "mine": [("size", ["one", "other"])],
}
ANSWERS = {"yes": T, "no": T}


class Dice(Protocol):
    """Where the choices come from."""

    def of(self, choices: Sequence[One]) -> One: ...
    def number(self, low: int, high: int) -> int: ...


@dataclass
class Drawn:
    """Choices drawn by hypothesis, so that a failing flow shrinks."""

    data: st.DataObject

    def of(self, choices: Sequence[One]) -> One:
        return self.data.draw(st.sampled_from(choices))

    def number(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))


@dataclass
class Thrown:
    """Choices by a seed."""

    chance: random.Random

    def of(self, choices: Sequence[One]) -> One:
        return self.chance.choice(choices)

    def number(self, low: int, high: int) -> int:
        return self.chance.randint(low, high)


@dataclass
class _Maker:
    dice: Dice
    names: int = 0
    limits: int = 0
    adhoc: list[Raw] = field(default_factory=list)

    def name(self, prefix: str = "s") -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def length(self) -> str:
        """A limit unlike any other of the flow, so that two steps are not late in the same moment."""
        self.limits += 1
        return f"{60 + 7 * self.limits} minute"

    def yes(self, one_in: int = 2) -> bool:
        return self.dice.number(1, one_in) == 1

    def block(self, depth: int, known: list[tuple[str, list[Any]]], name: str) -> list[Raw]:
        """Steps in order. ``known`` are the guards that may be used, with the values that they can have."""
        steps: list[Raw] = []
        known = list(known)
        for _ in range(self.dice.number(1, 4 - depth)):
            step = self.step(depth, [one["id"] for one in steps], known, name)
            steps.append(step)
            known += self.gives(step)
        if self.yes(3 if name else 2):
            self.add(name, [one["id"] for one in steps])
        return steps

    def gives(self, step: Raw) -> list[tuple[str, list[Any]]]:
        kind, name = step["kind"], step["id"]
        if kind == "decide":
            return [(f"{step['table']}.{output}", values) for output, values in _GIVES[step["table"]]]
        if kind in ("call", "wait"):
            failed = ["failed"] if step.get("fallback") == "skip" else []
            return [(f"{name}.answer", [*ANSWERS, *failed])]
        if kind == "sub":
            return [(f"{name}.answer", ["granted", "refused", "withdrawn", "closed"])]
        if kind == "each" and step["on_fail"] == "join":
            return [(f"{name}.result", _results(step))]
        return []

    def step(self, depth: int, before: list[str], known: list[tuple[str, list[Any]]], block: str) -> Raw:
        kinds = ["task", "task", "review", "review", "decide", "decide", "call", "sub", "wait"]
        kind = self.dice.of(kinds + (["each"] * 3 if depth < 2 else []))
        step: Raw = {"id": self.name(), "kind": kind, "title": T}
        if known and self.yes(3):
            guard, values = self.dice.of(known)
            step["when"] = {guard: self.dice.of([*values, values[:2], values[-2:]])}
        getattr(self, f"_{kind}")(step, depth, before, known, block)
        if kind in ("task", "review", "wait") and before and step.get("by") != "system" and self.yes(3):
            step["then"] = self.dice.of(before)
            if known and "when" not in step:
                guard, values = self.dice.of(known)
                step["when"] = {guard: self.dice.of(values)}
        return step

    def _task(self, step: Raw, depth: int, before: list[str], known: Any, block: str) -> None:
        step["by"] = self.dice.of(["received", "competent", "applicant", "hand_out", "system"])
        if step["by"] == "system":
            return
        self.late(step, before)
        if step["by"] not in ("applicant",):
            self.returns(step, before)
            step["refuses"] = self.yes(3)

    def _review(self, step: Raw, depth: int, before: list[str], known: Any, block: str) -> None:
        step["by"] = self.dice.of(["received", "competent", *(["branch"] if block else [])])
        self.late(step, before)
        self.returns(step, before)

    def _decide(self, step: Raw, depth: int, before: list[str], known: Any, block: str) -> None:
        step["table"] = self.dice.of(["route", "check", *(["mine"] if block else [])])

    def _call(self, step: Raw, depth: int, before: list[str], known: Any, block: str) -> None:
        step |= {"connector": "civil.birth", "answers": ANSWERS, "tries": self.dice.number(1, 3)}
        step["fallback"] = self.dice.of(
            ["skip", {"by": "competent"}, {"by": "received", "limit": self.length()}]
        )
        if self.yes():
            step["limit"] = self.length()
            step["on_late"] = self.dice.of(["fail", "escalate"])

    def _sub(self, step: Raw, depth: int, before: list[str], known: Any, block: str) -> None:
        step["item"] = "XX-001"
        self.late(step, before)

    def _wait(self, step: Raw, depth: int, before: list[str], known: Any, block: str) -> None:
        step |= {"message": "courier.delivered", "answers": ANSWERS}
        self.late(step, before)

    def _each(self, step: Raw, depth: int, before: list[str], known: Any, block: str) -> None:
        step["on_fail"] = self.dice.of(["end", "join"])
        how = self.dice.of(["named", "names", "list", "count"])
        if how == "named":
            step["branches"] = []
            for _ in range(self.dice.number(1, 3)):
                name = self.name("branch")
                branch = {"id": name, "title": T, "steps": self.block(depth + 1, known, name)}
                if known and self.yes(3):
                    guard, values = self.dice.of(known)
                    branch["when"] = {guard: self.dice.of([*values, values[:2]])}
                step["branches"].append(branch)
            return
        step["of"] = {"names": dict.fromkeys(("p", "q"), T), "list": "list", "count": "count"}[how]
        step["steps"] = self.block(depth + 1, known, step["id"])

    def late(self, step: Raw, before: list[str]) -> None:
        if self.yes():
            step["limit"] = self.length()
            step["on_late"] = self.dice.of(["escalate", "remind", "lapse"])
            if step["on_late"] == "lapse" and before and self.yes(3):
                step["lapses_to"] = self.dice.of(before)

    def returns(self, step: Raw, before: list[str]) -> None:
        if self.yes():
            to = self.dice.of(["applicant", *before])
            step["returns"] = {"to": to, "at_most": self.dice.number(1, 3), "limit": self.length()}

    def add(self, block: str, names: list[str]) -> None:
        """A step that may be added by hand, perhaps also opened by a late step of its block."""
        kind = self.dice.of(["task", "review", "wait"])
        step: Raw = {"id": self.name("extra"), "kind": kind, "title": T}
        if kind == "wait":
            step |= {"message": "expert.done", "answers": ANSWERS}
        else:
            step["by"] = self.dice.of(["received", "competent"])
            self.returns(step, [])
        if self.yes(3):
            step |= {"limit": self.length(), "on_late": self.dice.of(["escalate", "lapse"])}
        one: Raw = {"step": step, "at_most": self.dice.number(1, 2)}
        if block:
            one["in"] = block
        if self.yes(3):
            one["while"] = [self.dice.of(names)]
        self.adhoc.append(one)


def _results(step: Raw) -> list[str]:
    """How the branches of a fork can come out."""
    blocks = [branch["steps"] for branch in step.get("branches", ())] or [step["steps"]]
    fail = [_may_fail(block) for block in blocks]
    several = len(step.get("branches", "12")) > 1
    return ["all", *["some"] * (any(fail) and several), *["none"] * all(fail)]


def _may_fail(steps: list[Raw]) -> bool:
    return any(
        step.get("refuses", step["kind"] == "review")
        or (step.get("on_late") == "lapse" and "lapses_to" not in step)
        or step.get("returns", {}).get("to") == "applicant"
        or (step["kind"] == "each" and step["on_fail"] == "end" and _results(step) != ["all"])
        for step in steps
    )


def _late_opens(dice: Dice, steps: list[Raw], adhoc: list[Raw], block: str) -> None:
    """Let some late steps open the added step of their block."""
    here = [one["step"]["id"] for one in adhoc if one.get("in", "") == block]
    for step in steps:
        late = step.get("on_late") in ("escalate", "remind") and step["kind"] != "call"
        if here and late:
            step |= {"on_late": "open", "opens": here[0]}
        for branch in step.get("branches", ()):
            _late_opens(dice, branch["steps"], adhoc, branch["id"])
        if "of" in step:
            _late_opens(dice, step["steps"], adhoc, step["id"])


def every_step(steps: list[Raw]) -> list[Raw]:
    """All steps of a source, those inside branches too."""
    found = []
    for step in steps:
        found.append(step)
        for inner in [branch["steps"] for branch in step.get("branches", ())] + [step.get("steps", [])]:
            found += every_step(inner)
    return found


def flow_source(dice: Dice) -> Raw:
    """The source of a flow that compiles. What would run for ever or never be reached is taken out again."""
    maker = _Maker(dice)
    raw: Raw = {"steps": maker.block(0, [], "")}
    if maker.adhoc:
        raw["adhoc"] = maker.adhoc
        _late_opens(dice, raw["steps"], maker.adhoc, "")
    steps = every_step(raw["steps"])
    if maker.yes(3):
        raw["withdraw"] = {"until": dice.of(steps)["id"]}
    for drop in ((), ("then",), ("then", "when"), ("then", "when", "lapses_to")):
        for step in steps:
            for key in drop:
                for one in (step, *step.get("branches", ())):
                    one.pop(key, None)
        if not [flaw for flaw in _flaws(raw) if flaw]:
            return raw
    raise AssertionError(_flaws(raw))


def _flaws(raw: Raw) -> list[str]:
    try:
        compile_flow(raw, COMPILED, walk=dead_ends)
    except Flawed as why:
        return [f"{flaw.where} {flaw.rule} {flaw.words.en}" for flaw in why.flaws]
    return []


def compiled(raw: Raw) -> Flow:
    return compile_flow(raw, COMPILED)


def facts(dice: Dice) -> dict[str, Any]:
    """Facts of one moment: what tables and forks look at."""
    return {
        "n": dice.number(0, 3), "flag": dice.of([True, False]), "count": dice.number(0, 3),
        "list": ["k1", "k2", "k3"][: dice.number(0, 3)],
    }  # fmt: skip


Move = tuple[str, str, str]


def moves(flow: Flow, state: State) -> list[Move]:
    """Everything that could be done now, as (verb, token, outcome); a return too many is among them."""
    can: list[Move] = []
    for token in state.open:
        step = flow.step(token)
        can += [("act", token, outcome) for outcome in step.outcomes]
        if step.kind in game.MESSAGES:
            can += [("answer", token, said) for said in step.answers]
            can += [("answer", token, "failed")] * (step.kind == "call")
        if step.limit and token not in state.late:
            can.append(("late", token, ""))
    can += [("add", token, "") for token in game.may_add(flow, state)]
    if game.may_withdraw(flow, state):
        can.append(("withdraw", "", ""))
    return can


def play(flow: Flow, state: State, move: Move, known: Mapping[str, Any]) -> game.Moved:
    """Make one of these moves."""
    verb, token, outcome = move
    if verb == "act":
        return game.act(flow, state, token, outcome, known)
    if verb == "answer":
        return game.answer(flow, state, token, outcome, known)
    if verb == "late":
        return game.late(flow, state, token, known)
    if verb == "add":
        return game.add(flow, state, token, "competent", known)
    return game.withdraw(flow, state)
