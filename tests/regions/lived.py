"""An item brought at a point of a region through a channel and lived to its end, each step by whoever has it. Needs a database:
import it within a test."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import psycopg
from django.db import transaction

from doorstep.kernel import read
from doorstep.kernel.read import MatterView
from doorstep.rulebook import pack
from doorstep.rulebook.clock import now
from doorstep.rulebook.flow import State
from doorstep.rulebook.pack import Pack
from doorstep.sim import outside, shift
from doorstep.sim.life import Life, Wish
from doorstep.sim.office import Office
from doorstep.sim.staff import ACCOUNTS, Staff
from doorstep.sim.way import Way
from tests.regions.elsewhere import Elsewhere

_AGO = timedelta(days=150)
Desk = Callable[[str, UUID, Any, str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Personnel:
    """The personnel office of another database, asked within this process."""

    conn: psycopg.Connection[Any]

    def ask(self, orders: Sequence[Mapping[str, Any]]) -> list[str | None]:
        return [self._made(one["make"]) if "make" in one else None for one in orders]

    def _made(self, raw: Mapping[str, Any]) -> str:
        row = {
            "id": raw["id"], "login": raw["login"], "kind": raw["kind"], "role": raw["role"], "rights": raw["rights"],
            "party_id": raw.get("party"), "unit_id": raw["unit"], "branches": [], "zh": raw["name"][0],
            "en": raw["name"][1], "assurance": raw["assurance"], "ended_at": None,
        }  # fmt: skip
        proof = hashlib.sha256(bytes.fromhex(raw["key"])).digest()
        self.conn.execute(
            "select trust.create_account(%s, %s, %s)", [json.dumps(row), secrets.token_bytes(16), proof]
        )
        if raw.get("point"):
            self.conn.execute("select trust.post_at(%s, %s)", [raw["id"], raw["point"]])
        return str(raw["id"])


def staff_of(here: Elsewhere, conn: psycopg.Connection[Any]) -> Staff:
    """The people of a region; each is taken on when first needed. Who applies online is there beforehand: an account outlasts what
    is rolled back, so the record that it belongs to has to, too.
    """
    staff = Staff(here.place, 1, cast("Office", Personnel(conn)))
    staff.enter_residents(range(ACCOUNTS))
    return staff


@dataclass
class Brought(Life):
    """One item through one channel at one point, with people and answers as one of its examples tells them."""

    of_pack: Any = None
    told: Mapping[str, Any] | None = None

    def _item(self) -> tuple[Pack, Mapping[str, Any]]:
        return self.of_pack, self.told or {}

    def _begins(self, *, online: bool, long_ago: bool) -> datetime:
        """On a Tuesday morning long ago: nothing of it is left to wait for."""
        at = (self.horizon - _AGO).replace(hour=2)
        return at - timedelta(days=(at.weekday() - 1) % 7)

    def _goes(self, matter_id: Any) -> None:
        Straight(self, matter_id).go()


class Straight(Way):
    """Everybody does what is theirs in time."""

    def _at_a_desk(self, step: Any) -> datetime:
        if self.comes_at:
            came, self.comes_at = max(self.comes_at, self.at), None
            return came + timedelta(minutes=5)
        return self.at + timedelta(minutes=3)


@dataclass(frozen=True)
class Finished:
    """How it ended."""

    ended: str
    papers: int
    view: MatterView


def example_for(of: Pack, channel: str) -> Mapping[str, Any]:
    """An example that ends well; one that was brought through this channel if there is one."""
    good = [
        one
        for one in of.raw["examples"]
        if one["course"] == "granted"
        and one["expect"].get("ended")
        and not any(move.get("late") or "error" in move or "withdraw" in move for move in one.get("do") or ())
    ]
    same = [one for one in good if one["channel"] == channel]
    return {**(same or good)[0], "channel": channel}


def brought(staff: Staff, number: int, code: str, point: str, channel: str) -> Brought:
    """An item that is to be brought there, as an example of its own tells it."""
    of = pack.current(code)
    wish = Wish(x=point, course="granted", account=7 if channel == "online" else None)
    return Brought(staff, 1, number, now(), wish, of_pack=of, told=example_for(of, channel))


def finish(staff: Staff, number: int, code: str, point: str, channel: str) -> Finished:
    """Bring it and live it to where it stands; nothing of it stays in the database."""
    signed_in = dict(staff.tokens)
    life = brought(staff, number, code, point, channel)
    try:
        with transaction.atomic():
            matter_id = life.live()
            found = how_it_ended(life, matter_id)
            transaction.set_rollback(True)
            return found
    finally:
        staff.tokens = signed_in


def how_it_ended(life: Brought, matter_id: UUID) -> Finished:
    """How a matter stands, as its person or the window that took it in sees it."""
    with transaction.atomic():
        row, waits = outside.look_at(matter_id)
    ended = State.from_json(row.flow).ended or f"waits: {[(one.name, one.by) for one in waits]}"
    told = {} if life.resident else {"purpose": life.of.purpose}
    with life.staff.enter(life.resident or life.clerk) as viewer:
        view = read.read_matter(viewer, matter_id, **told)
    return Finished(ended, len(view.papers), view)


def go_on(life: Brought, matter_id: UUID, desk: Desk) -> None:
    """From its beginning to its end, by the clock on the wall: officers at ``desk``, what others answer beside it."""
    with transaction.atomic():
        way = Straight(life, matter_id)
    way.horizon = now() + timedelta(days=1)
    for _ in range(20):
        move, step = way._next()
        if way.row.closed_at is not None or move is None:
            return
        way.at = now()
        if step is None or step.by in ("call", "sub", "wait", "applicant"):
            with transaction.atomic():
                assert way._move(move, step), f"nothing came of {dict(move)}"
        else:
            login = way.at_desk(step)
            if any(give.blank for give in way.of.gives):
                shift.on_blanks(way, login)
            declared = way.of.flow.step(step.name)
            outcome = move.get("outcome") or (declared.outcomes[0] if declared.outcomes else "done")
            desk(login, matter_id, step, outcome, way._writes(move, step, outcome) or {})
        way.turn += 1
        was = way.row.version
        with transaction.atomic():
            way.row, way.waits = outside.look_at(matter_id)
        assert way.row.version > was, f"{step and step.name} was not done"
