"""Examples of a pack: each is a sentence, a life told step by step, and what must come of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from doorstep.rulebook import clock, machine
from doorstep.rulebook.flow import State, step_of
from doorstep.rulebook.machine import Command
from doorstep.rulebook.pack.fee import yuan_of
from doorstep.rulebook.pack.item import Pack
from doorstep.rulebook.pack.profile import put
from doorstep.rulebook.words import Refused, Words


@dataclass(frozen=True, slots=True)
class Told:
    """How one example ran: ``why`` is empty if it came out as told."""

    pack: str
    example: Words
    course: str
    why: str = ""

    @property
    def ok(self) -> bool:
        return not self.why

    def as_dict(self) -> dict[str, Any]:
        """The shape that ``packs test --json`` prints."""
        name = f"{self.example.zh} / {self.example.en}"
        return {"pack": self.pack, "example": name, "course": self.course, "ok": self.ok}


@dataclass
class _Life:
    pack: Pack
    channel: str
    data: dict[str, Any]
    state: State = field(default_factory=State)
    papers: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        return self.pack.facts(self.data, channel=self.channel)

    def move(self, verb: Any, token: str = "", outcome: str = "", by: str = "") -> None:
        """On by its flow, or by the machine of a domain."""
        command = Command(verb, token, outcome, by)
        self.state, log = machine.move(self.pack.flow, self.state, command, self.facts(), clock.now())
        for one in log:
            if one.kind == "step.closed":
                self.papers += [give.template for give in self.pack.gives_at(one.step, one.outcome)]

    def do(self, told: Mapping[str, Any]) -> None:
        flow = self.pack.flow
        for pointer, value in (told.get("change") or {}).items():
            put(self.data, pointer, value)
        if told.get("withdraw"):
            self.move("withdraw")
            return
        if "add" in told:
            self.move("add", told["add"], by=told.get("by", "competent"))
            return
        step = told["step"]
        if "hears" in told:
            self.move("answer", step, told["hears"])
            return
        if told.get("late"):
            self.move("late", step)
            return
        outcomes = flow.step(step).outcomes
        outcome = told.get("outcome") or (outcomes[0] if outcomes else "done")
        own = {name: value for name, value in self.data.items() if name != "heard"}
        if flow.step(step).by == "applicant" and (faults := self.pack.form.validate(own)):
            raise Refused("invalid", Words("填写有误", "answers have faults"), faults=_pairs(faults))
        police = flow.step(step).by != "applicant"
        if (
            police
            and outcome in ("return", "refuse")
            and told.get("reason") not in self.pack.reasons.get(outcome, {})
        ):
            raise Refused("reason", Words("没有这个理由", f"no such reason: {told.get('reason')}"))
        self.write(step, outcome, self.pack.writes(step, told))
        self.move("act", step, outcome)

    def write(self, step: str, outcome: str, given: Mapping[str, Any]) -> None:
        """What the officer writes at a step that asks for it."""
        form = self.pack.fills.get(step_of(step))
        if form is None or outcome in ("return", "refuse"):
            return
        if faults := form.validate(dict(given)):
            missing = ", ".join(fault.pointer for fault in faults)
            raise Refused("invalid", Words("没有写全", f"fills: {missing}"), faults=_pairs(faults))
        self.data.setdefault("heard", {})[step_of(step)] = dict(given)


def _pairs(faults: Any) -> tuple[tuple[str, Words], ...]:
    return tuple((fault.pointer, fault.words) for fault in faults)


def run_examples(pack: Pack) -> list[Told]:
    """Every example of a pack, without a database: form, flow and tables as they really are."""
    return [run(pack, raw) for raw in pack.raw["examples"]]


def run(pack: Pack, raw: Mapping[str, Any]) -> Told:
    """One example. What went wrong is told in ``why``; nothing is raised."""
    told = Told(pack.code, Words.of(raw["name"]), raw["course"])
    try:
        why = _run(pack, raw)
    except Refused as no:
        why = f"refused unexpectedly: {no}"
    return Told(told.pack, told.example, told.course, why)


def _run(pack: Pack, raw: Mapping[str, Any]) -> str:
    expect = raw["expect"]
    life = _Life(pack, raw["channel"], copy.deepcopy(dict(raw["data"])))
    closed = {"/channels/all", f"/channels/{life.channel}"} & set(pack.provenance)
    if life.channel not in pack.channels and not closed:  # a place may close a channel; the way it goes stays
        return f"channel {life.channel} is not one of {', '.join(pack.channels)}"
    found = [fault.pointer for fault in pack.form.validate(life.data)]
    if found or "faults" in expect:
        wanted = list(expect.get("faults") or [])
        return "" if found == wanted else f"faults {found}, expected {wanted}"
    life.move("start")
    for place, move in enumerate(raw.get("do") or ()):
        why = _move(life, move)
        if why:
            return f"line {place + 1} of do: {why}"
    return _compare(life, expect)


def _move(life: _Life, move: Mapping[str, Any]) -> str:
    wanted = move.get("error")
    try:
        life.do(move)
    except Refused as no:
        return "" if no.code == wanted else str(no)
    return f"should have been refused with {wanted}" if wanted else ""


def _compare(life: _Life, expect: Mapping[str, Any]) -> str:
    came: dict[str, Any] = {
        "ended": life.state.ended,
        "open": sorted(life.state.open),
        "papers": life.papers,
        "owes": yuan_of(sum(one.fen for one in life.pack.owed(life.data))),
        "decided": {key: life.state.decided.get(key) for key in expect.get("decided") or {}},
    }
    for key, wanted in expect.items():
        told = sorted(wanted) if key == "open" else wanted
        if came[key] != told:
            return f"{key} is {came[key]}, expected {told}"
    return ""
