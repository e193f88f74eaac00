"""An example of a pack lived exactly as it is told, by the people of the demo town. Needs a database: import it within a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from doorstep.kernel import matter, trust
from doorstep.kernel.models import Paper
from doorstep.kernel.row import rows
from doorstep.rulebook import clock, pack
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.flow import State, step_of
from doorstep.rulebook.pack.fee import yuan_of
from doorstep.rulebook.pack.profile import put
from doorstep.rulebook.words import Refused
from doorstep.sim import outside
from doorstep.sim.life import Life
from doorstep.sim.way import Move, Way

_UNITS = ("received", "competent", "hand_out", "county", "city")


@dataclass
class Told(Life):
    """An example, lived exactly as it is told."""

    of_pack: Any = None
    told: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any("withdraw" in move for move in self.told.get("do") or ()):
            account = 30 + self.number % 20  # only who applies online can take it back
            self.wish = replace(self.wish, account=account)
        super().__post_init__()

    def _item(self) -> tuple[pack.Pack, Mapping[str, Any]]:
        return self.of_pack, self.told

    def _begins(self, *, online: bool, long_ago: bool) -> datetime:
        return self.horizon

    def _answers(self, there: pack.Pack) -> dict[str, Any]:
        """Those of the town, but what is told to be wrong stays wrong."""
        data = super()._answers(there)
        for pointer in self.told["expect"].get("faults", ()):
            if (wrong := at_pointer(self.told["data"], pointer)) is not None:
                put(data, pointer, wrong)
        return data

    def _goes(self, matter_id: UUID) -> None:
        AsTold(self, matter_id).go()


class AsTold(Way):
    """Each line of ``do`` in turn."""

    def go(self) -> None:
        for line, told in enumerate(self.life.example.get("do") or (), 1):
            self._line(line, self._here(told))
        self._ended()

    def _line(self, line: int, move: Move) -> None:
        self.at += timedelta(minutes=5)
        self.turn += 1
        self.row, self.waits = outside.look_at(self.id)
        if "error" in move:
            self._added()
            with pytest.raises(Refused) as no, transaction.atomic():
                self._do(move)
            assert no.value.code == move["error"], f"line {line}: {no.value}"
            return
        self._do(move)
        self.row, self.waits = outside.look_at(self.id)

    def _do(self, move: Move) -> None:
        step = None if move.get("withdraw") or "add" in move else self._named(move["step"])
        if step is not None and (move.get("late") or (step.by == "sub" and move.get("hears") == "closed")):
            self._passes(step, move)
            return
        with clock.clock_at(self.at):
            assert self._move(move, step), f"nothing came of {dict(move)}"

    def _named(self, name: str) -> Any:
        self._added()
        found = next((one for one in self.waits if one.name == name), None)
        assert found is not None, f"{name} does not wait, but {[one.name for one in self.waits]}"
        return found

    def _added(self) -> None:
        """What a layer of this town put in between is done in the usual way."""
        ours = self.life.of.flow.steps
        while added := next(
            (one for one in self.waits if step_of(one.name) not in ours and one.by in _UNITS), None
        ):
            self.turn += 1
            with clock.clock_at(self.at):
                self._move({"step": added.name}, added)
            self.turn += 1
            self.row, self.waits = outside.look_at(self.id)

    def _passes(self, step: Any, move: Move) -> None:
        """Its time runs out, and nothing else that runs out before."""
        if step.by == "sub":
            self.horizon = self.at + timedelta(days=400)
            assert self._move(move, step)
            return
        assert step.due_at, f"{step.name} has no due time"
        self.at = max(self.at, step.due_at + timedelta(minutes=1))
        with clock.clock_at(self.at), trust.enter_system(self.id) as system:
            matter.mark_late(system, self.id, step.name)

    def _ended(self) -> None:
        expect, state = self.life.example["expect"], State.from_json(self.row.flow)
        papers = rows(Paper, "where matter_id = %s order by issued_at, id", self.id)
        ours = set(self.life.of.flow.steps)
        came: dict[str, Any] = {
            "ended": state.ended,
            "open": sorted(self._as_told(one) for one in state.open if step_of(one) in ours),
            "papers": sorted(one.template for one in papers),
            "owes": yuan_of(sum(one.fen for one in self.of.owed(self.life.data))),
            "decided": {key: state.decided.get(key) for key in expect.get("decided") or {}},
        }
        for key, wanted in expect.items():
            told = sorted(self._as_told(one) for one in wanted) if key == "open" else wanted
            assert came[key] == (sorted(told) if key == "papers" else told), key

    def _as_told(self, token: str) -> str:
        """Without the unit that was asked: an example names one that is nowhere."""
        return token.partition("@")[0]
