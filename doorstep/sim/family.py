"""Families at a window: several people, several items, one visit. Most are taken in; some are parked or wait for a colleague."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from doorstep.domains.counter import accept, checklist, pass_on, place, visit
from doorstep.domains.counter.visit import Guest, Visit
from doorstep.kernel.models import Point
from doorstep.kernel.org import reach, town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused
from doorstep.sim.life import Life, Wish, usable, whole
from doorstep.sim.people import HOUSEHOLD, Citizen
from doorstep.sim.shape import shape
from doorstep.sim.staff import Staff
from doorstep.sim.way import Way

_HOMES = 1_000_000
"""Families that come together are those of households from this one on."""
_TRIES = 3
_STAYS = 0.35
"""How often an original stays at the window."""
_NOTES = ("材料看过了，还差一份签字", "我去领证，麻烦接着办", "老人在里面坐着等")
_ASKS_ELSEWHERE = {"call", "sub", "wait", "each"}


@dataclass
class Brought(Life):
    """What one of those who came brings: taken in with the others, then it goes on by itself."""

    codes: Sequence[str] = ()
    channel: str = ""
    who: Citizen | None = None
    where: Point | None = None
    by: str = ""

    def _item(self) -> tuple[pack.Pack, dict[str, object]]:
        day = self.horizon.date()
        offered = [pack.current(code) for code in self.codes]
        of = self.chance.choices(offered, [shape().often(one, day) for one in offered])[0]
        example = self.chance.choice([one for one in usable(of) if _is_plain(one)])
        return of, {**example, "channel": self.channel}

    def settles(self) -> None:
        self.hands = self.by  # scans are handed to whoever takes the visit in
        super().settles()
        self.account, self.resident = None, ""

    def _applicant(self, of: pack.Pack, example: object) -> Citizen:
        self.account = None
        return self.who or super()._applicant(of, self.example)

    def _point(self, channel: str) -> Point:
        return self.where or super()._point(channel)

    @property
    def clerk(self) -> str:
        return self.by


def _is_plain(example: object) -> bool:
    told = example if isinstance(example, dict) else {}
    return told.get("course") == "granted" and not any("add" in move for move in told.get("do") or ())


@dataclass(frozen=True)
class Coming:
    """A family comes to this clerk. ``ends``: "taken" in, "parked" until they have everything, or "offered" to a colleague."""

    number: int
    point: Point
    login: str
    at: datetime
    ends: str


def come(staff: Staff, one: Coming, horizon: datetime) -> None:
    """They come; for something else if what they came for cannot be. Refused as `accept.take_in` when nothing could be."""
    for attempt in range(_TRIES):
        try:
            with whole(staff, f"visit:{one.number}:{attempt}", one.at):
                _come(staff, one, horizon, attempt)
                return
        except Refused:
            if attempt + 1 == _TRIES:
                raise


def _come(staff: Staff, one: Coming, horizon: datetime, attempt: int) -> None:
    chance = random.Random(f"{staff.seed}:visit:{one.number}:{attempt}")  # noqa: S311  # a town, not a secret
    with staff.enter(one.login) as viewer:
        window = place.point_of(viewer, one.point.code)
        codes = [of.code for of in place.offered(viewer, window) if _suits(of)]
    lives = []
    for turn in range(chance.choice((2, 2, 3))):
        who = staff.citizen((_HOMES + one.number) * HOUSEHOLD + min(turn, chance.choice((0, 1, 2))))
        life = Brought(
            staff, staff.seed, 3_000_000 + one.number * 10 + turn, horizon, Wish(), attempt,
            codes=codes, channel=window.channel if window else "", who=who, where=one.point, by=one.login,
        )  # fmt: skip
        life.at = one.at
        life.settles()
        lives.append(life)
    with staff.enter(one.login) as viewer:
        kept = visit.keep(viewer, _basket(viewer, one.point, lives, chance, whole_of_it=one.ends == "taken"))
        if one.ends == "offered":
            pass_on.offer(viewer, kept, None, chance.choice(_NOTES))
        done = accept.take_in(viewer, kept).done if one.ends == "taken" else ()
    for line in done:
        life = next(life for life in lives if _key(life, lives) == line["entry"])
        Way(life, UUID(line["id"])).go()


def _suits(of: pack.Pack) -> bool:
    """Something that a person brings to a window and that is decided there or behind it."""
    kinds = {step.kind for step in of.flow.steps.values()}
    return "person" in of.raw["for"] and not kinds & _ASKS_ELSEWHERE and any(map(_is_plain, usable(of)))


def _guests(lives: Sequence[Brought]) -> list[Citizen]:
    """Those who came, in the order in which they are named; the parents' numbers come before the child's."""
    found: dict[str, Citizen] = {}
    for one in lives:
        found.setdefault(one.someone.name, one.someone)
    return list(found.values())


def _key(life: Brought, lives: Sequence[Brought]) -> str:
    names = [one.name for one in _guests(lives)]
    return visit.key_of(life.of.code, names.index(life.someone.name) + 1)


def _basket(
    viewer: Viewer, point: Point, lives: Sequence[Brought], chance: random.Random, *, whole_of_it: bool
) -> Visit:
    """The visit as the clerk has it: who came, what for, what was answered, and which papers were seen or stay here."""
    people = [replace(one.person) for one in lives]
    named = {one.name: one for one in people}
    guests = tuple(Guest(n, named[one.name], checked=True) for n, one in enumerate(_guests(lives), start=1))
    made = visit.here(viewer, Visit(guests=guests, point=point.code, parked=not whole_of_it))
    for life in lives:
        key = _key(life, lives)
        there = pack.current(life.of.code, reach(town().units[point.unit_id]))
        made = visit.add_item(replace(made, at=visit.number_of(key)), there)
        made = replace(made, answers={**made.answers, key: life.data})
    papers = [one for one in checklist.papers(made) if not one.file_ids]
    seen = papers if whole_of_it else papers[: len(papers) // 2]
    stays = (
        [one.code for one in papers if one.required][:1] if whole_of_it and chance.random() < _STAYS else []
    )
    return replace(made, at=1, seen=frozenset(one.code for one in seen), left=frozenset(stays))
