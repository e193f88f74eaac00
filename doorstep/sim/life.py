"""One life: a matter from somebody's door to its end, or to where it stands this morning, through the real verbs.

Which item, who, where, when and how far follows from (seed, number) and the day alone, and so do its ids and salts: the same
town has the same chains. What a worker adds afterwards (late marks, papers, answers from outside) happens in real time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from doorstep.domains.ratings import rate
from doorstep.kernel import change, file, matter, read, trust
from doorstep.kernel.models import Point, Step
from doorstep.kernel.org import reach, town
from doorstep.kernel.party import Person
from doorstep.kernel.row import rows
from doorstep.rulebook import clock, ids, pack
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused
from doorstep.sim import answers
from doorstep.sim.people import Citizen
from doorstep.sim.staff import Staff

DAYS = 30
"""How far back the town is remembered."""
_OTHERS = 1_000_000
_LONGEST = 14
"""Steps that a life takes at most."""
_COURSES = {"granted": 70, "corrected": 20, "refused": 10}
_LEVELS = (5,) * 12 + (4,) * 6 + (3,) * 2 + (2, 1)
_SAID = {
    5: ("很快，态度也好", "不用再跑第二趟了", ""), 4: ("总体不错", "", ""), 3: ("材料说得不够清楚", "一般", ""),
    2: ("等得有点久", "让我跑了两趟"), 1: ("没人说清楚缺什么", "电话一直打不通"),
}  # fmt: skip
_BY_CLERK = ("received", "hand_out")


@dataclass
class Wish:
    """What a life is to be, where that is not left to chance: whose desk it waits at, or who lives it."""

    x: str = ""
    y: str = ""
    z: str = ""
    stop_at: str = ""
    account: int | None = None
    course: str = ""


@dataclass
class Life:
    """One life under way."""

    staff: Staff
    seed: int
    number: int
    horizon: datetime
    wish: Wish = field(default_factory=Wish)
    others: dict[str, Citizen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed}:life:{self.number}")  # noqa: S311  # a town, not a secret
        self.at = self.horizon
        self.hands = ""  # whose upload it is, if not that of who brought the matter

    # ---- what it is ----

    def live(self) -> UUID | None:
        """Live it. None if nobody could: no example fits, or a verb refused it."""
        source = random.Random(f"{self.seed}:ids:{self.number}")  # noqa: S311
        found = self._item()
        if found is None:
            return None
        of, example = found
        self.at = self._begins(online=example["channel"] == "online", lately=_asks_outside(of))
        with clock.clock_at(self.at), ids.drawn_from(source, clock.now):
            return self._live(of, example)

    def _item(self) -> tuple[pack.Pack, Mapping[str, Any]] | None:
        offered = [one for one in pack.listed() if _usable(one)]
        if self.wish.stop_at:
            offered = [one for one in offered if "hand_out" in one.raw and "field" in one.raw["competent"]]
        if not offered:
            return None
        weights = [2 if _asks_outside(one) else 10 if "hand_out" in one.raw else 6 for one in offered]
        of = self.chance.choices(offered, weights)[0]
        course = self.wish.course or self.chance.choices(list(_COURSES), list(_COURSES.values()))[0]
        fits = [one for one in _usable(of) if one["course"] == course] or _usable(of)
        if self.wish.account is not None or (self.wish.stop_at == "received"):
            fits = [one for one in fits if one["channel"] == "online"] or [
                {**one, "channel": "online"} for one in fits if "online" in of.channels
            ] or fits  # fmt: skip
        example = self.chance.choice(fits)
        return of, {**example, "channel": self._channel(of, example)}

    def _channel(self, of: pack.Pack, example: Mapping[str, Any]) -> str:
        """Where it is brought: as the example says where a table looks at that, else anywhere that has people."""
        told = str(example["channel"])
        asked = {column.name for table in of.tables.values() for column in table.inputs}
        if "channel" in asked or told == "online" or self.wish.stop_at:
            return told
        return self.chance.choice(
            [c for c in of.channels if c in ("hall", "station", "room", "workstation")] or [told]
        )

    def _begins(self, *, online: bool, lately: bool) -> datetime:
        """A moment of the last month: at a window in its hours, online when people are awake; just now if it is to be waiting
        still, for somebody or for an answer from outside, which comes in real time.
        """
        zone, days = calendar().zone, self.chance.randrange(1, DAYS)
        day = self.horizon.astimezone(zone).date() - timedelta(
            days=1 if self.wish.stop_at or lately else days
        )
        while (not online or self.wish.stop_at) and not calendar().is_workday(day):
            day -= timedelta(days=1)
        if self.wish.stop_at:
            return datetime.combine(day, time(14, 35), zone) + timedelta(minutes=self.chance.randrange(60))
        first, minutes = (time(7), 900) if online else (time(8, 35), 190)
        return datetime.combine(day, first, zone) + timedelta(minutes=self.chance.randrange(minutes))

    # ---- who and where ----

    def _other(self, group: str) -> Citizen:
        if group not in self.others:
            number = _OTHERS + self.number * 50 + len(self.others)
            self.others[group] = self.staff.citizen(number)
        return self.others[group]

    def _place(self, wanted: str, pointer: str) -> str:
        """One of the places that a form offers; the station of the household where that is asked."""
        what, _, kind = wanted.partition(".")
        if what == "units":
            units = sorted(u.code for u in town().units.values() if u.kind == kind and u.active)
            wished = self.wish.y or (self.someone.station if kind == "station" else "")
            return wished if wished in units else self.chance.choice(units)
        kinds = {"hall", "station"} if kind == "hand_out" else {kind}
        points = sorted(p.code for p in town().points.values() if set(p.channels) & kinds)
        return self.wish.z or (
            self.x.code
            if self.x.code in points and self.chance.random() < 0.7
            else self.chance.choice(points)
        )

    def _point(self, channel: str) -> Point:
        points = sorted((p for p in town().points.values() if channel in p.channels), key=lambda p: p.id)
        wished = [p for p in points if p.code == self.wish.x]
        near = [p for p in points if town().units[p.unit_id].code == self.someone.station]
        return (wished or (near if self.chance.random() < 0.6 else []) or [self.chance.choice(points)])[0]

    def _upload(self, material: str) -> str:
        stored = file.receive([self.staff.picture(self.number)])
        with self.staff.enter(self.hands or self.login) as viewer:
            return str(file.add(viewer, stored, material))

    # ---- the way it goes ----

    def _live(self, of: pack.Pack, example: Mapping[str, Any]) -> UUID | None:
        channel = example["channel"]
        account = self.wish.account if self.wish.account is not None else self.staff.some_account(self.chance)
        needs_account = (
            channel == "online"
            or any(m.get("withdraw") for m in example.get("do") or ())
            or any(str(m.get("step", "")).startswith("correct:") for m in example.get("do") or ())
        )
        self.account = account if needs_account else None
        self.someone = (
            self.staff.resident(account) if needs_account else self.staff.citizen(_OTHERS * 2 + self.number)
        )
        self.x = self._point(channel)
        self.resident = self.staff.account(account) if self.account is not None else ""
        self.login = self.resident if channel == "online" else self.staff.at(self.x.unit_id, "clerk")
        self.town = answers.Town(
            applicant=self.someone,
            city=self.staff.place.name.zh,
            place=self._place,
            other=self._other,
            upload=self._upload,
        )
        there = pack.current(of.code, reach(town().units[self.x.unit_id]))
        self.data = answers.answers(there.form, example["data"], self.town)
        person = (
            None if channel == "online" else Person(self.someone.name, self.someone.id_no, self.someone.phone)
        )
        with self.staff.enter(self.login) as viewer:
            opened = matter.open_matter(
                viewer, item=of.code, point=self.x.code, channel=channel, data=self.data, request_id=f"life-{self.number}",
                applicant=person,
            )  # fmt: skip
        self._walk(of, example, opened.matter_id)
        return opened.matter_id

    def _walk(self, of: pack.Pack, example: Mapping[str, Any], matter_id: UUID) -> None:
        """By the example's course; a step that a layer put in between is done in the usual way."""
        there = change.competent(of.code, self.data, self.x)[1]
        lazy = not self.wish.stop_at and self.chance.random() < 0.04  # a few lie about, as they do
        moves = [move for move in example.get("do") or () if not move.get("error")]
        for place in range(_LONGEST):
            waits = self._open_steps(matter_id)
            move = _next(moves, waits)
            if move is None or "hears" in move or "add" in move or move.get("late"):
                break
            step = next((one for one in waits if one.name == move.get("step")), None)
            by = step.by if step else "applicant"
            if self.wish.stop_at == by or (lazy and place) or not self._passes(by):
                return
            with clock.clock_at(self.at):
                self._move(there, move, matter_id, step, place)
        if not self._open_steps(matter_id):
            self._afterwards(there, matter_id)

    def _open_steps(self, matter_id: UUID) -> list[Step]:
        """What waits for somebody, in the order it came up."""
        with self.staff.enter(self.login):
            found = rows(Step, "where matter_id = %s and closed_at is null order by opened_at, id", matter_id)
        return [one for one in found if one.unit_id is not None or one.by == "applicant"]

    def _passes(self, by: str) -> bool:
        """Time until somebody gets to it: hours at a desk, a day or two at home. False if that is not over yet."""
        if self.wish.stop_at:
            self.at += timedelta(minutes=self.chance.randrange(8, 30))
        elif by == "applicant":
            self.at += timedelta(hours=self.chance.randrange(2, 40), minutes=self.chance.randrange(60))
        else:
            most = (
                self.chance.randrange(1, 14) if by == "hand_out" else self.chance.choice((1, 1, 1, 2, 2, 3))
            )
            due = clock.due(self.at, Limit.parse(f"{most} workhour"), calendar()).at
            self.at = max(
                self.at + timedelta(minutes=3), due - timedelta(minutes=self.chance.randrange(1, 50))
            )
        return self.at < self.horizon

    def _move(
        self, of: pack.Pack, move: Mapping[str, Any], matter_id: UUID, step: Step | None, place: int
    ) -> None:
        request_id = f"life-{self.number}-{place}"
        if step is None:
            with self.staff.enter(self.resident or self.login) as viewer:
                matter.withdraw(viewer, matter_id, request_id=request_id, reason="不办了")
            return
        declared, change_, mine = of.flow.step(step.name), move.get("change") or {}, step.by == "applicant"
        self.hands = self.resident if mine else ""
        fixed = answers.changed(of.form, self.data, change_, self.town) if mine else None
        outcome = move.get("outcome") or (declared.outcomes[0] if declared.outcomes else "done")
        with self.staff.enter(self.resident if mine else self._whose(step)) as viewer:
            matter.act(
                viewer, matter_id, step=step.name, outcome=outcome, reason=move.get("reason", ""), data=fixed,
                request_id=request_id,
            )  # fmt: skip
        self.data = fixed or self.data

    def _whose(self, step: Step) -> str:
        return self.staff.at(int(step.unit_id or 0), "clerk" if step.by in _BY_CLERK else "approver")

    # ---- afterwards ----

    def _afterwards(self, of: pack.Pack, matter_id: UUID) -> None:
        """Somebody asks about it; and most rate it, each in their way."""
        if self.chance.random() < 0.06:
            self._looked_at(of, matter_id)
        self.at += timedelta(hours=self.chance.randrange(1, 50), minutes=self.chance.randrange(60))
        if self.wish.course or self.chance.random() > 0.6 or self.at >= self.horizon:
            return
        level = self.chance.choice(_LEVELS)
        told: dict[str, Any] = {
            "level": level,
            "text": self.chance.choice(_SAID[level]),
            "may_call": self.chance.random() < 0.7,
        }
        with clock.clock_at(self.at), refused_is_lived():
            if self.resident:
                with self.staff.enter(self.resident) as viewer:
                    rate.rate(viewer, matter_id, request_id=f"life-{self.number}-rating", **told)
            else:
                self._rated_on_paper(matter_id, told)

    def _rated_on_paper(self, matter_id: UUID, told: dict[str, Any]) -> None:
        with self.staff.enter(self.staff.at(self.x.unit_id, "clerk")) as viewer:
            code = rate.code_of(matter_id)
            number = change.done_of(matter_id).number
        with trust.enter(None) as viewer:
            rate.rate_with_code(viewer, number, code, request_id=f"life-{self.number}-rating", **told)

    def _looked_at(self, of: pack.Pack, matter_id: UUID) -> None:
        purpose = self.chance.choice([one for one in of.purposes if one != of.purpose] or [of.purpose])
        with refused_is_lived(), self.staff.enter(self.staff.at(self.x.unit_id, "clerk")) as viewer:
            read.read_matter(viewer, matter_id, purpose=purpose)


def _next(moves: list[Mapping[str, Any]], waits: Sequence[Step]) -> Mapping[str, Any] | None:
    """What is done next: the example's next move that can be, else the first step that waits; None when nothing does."""
    if moves and (moves[0].get("withdraw") or "add" in moves[0]):
        return moves.pop(0)
    names = {one.name for one in waits}
    for place, move in enumerate(moves):
        if move.get("step") in names or "hears" in move:
            del moves[: place + 1]
            return move
    return {"step": waits[0].name} if waits and waits[0].by != "applicant" else None


@contextmanager
def refused_is_lived() -> Iterator[None]:
    """What the town refuses somebody is part of their life, not a fault of it."""
    try:
        yield
    except Refused:
        return


def _usable(of: pack.Pack) -> Sequence[Mapping[str, Any]]:
    """The examples of an item that can be lived: sound ones, through a channel with people or online."""
    return [
        one for one in of.raw["examples"]
        if "faults" not in one["expect"] and one["channel"] in of.channels
        and one["channel"] in ("hall", "station", "room", "workstation", "online")
    ]  # fmt: skip


def _asks_outside(of: pack.Pack) -> bool:
    return any(step.kind == "call" for step in of.flow.steps.values())
