"""One unit's own layer as a page shows it: what is in force, what is written and not published yet, what may be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from doorstep.domains.studio import origin, sheet
from doorstep.domains.studio.compare import Change
from doorstep.domains.studio.dated import source_words
from doorstep.domains.studio.layer import Layer
from doorstep.domains.studio.movable import Movable
from doorstep.domains.studio.proposal import Proposal, Row, key_of, mark, propose, touched
from doorstep.domains.studio.setting import Choice, choices
from doorstep.domains.studio.sheet import Items, Sheet, Whose
from doorstep.domains.studio.stack import Stacks, read_stacks
from doorstep.domains.studio.timetable import Points
from doorstep.kernel.org import town
from doorstep.rulebook import clock
from doorstep.rulebook.flaw import Flawed as Unfit
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words

STATES: Mapping[str, tuple[str, Words]] = {
    "held": ("done", Words("生效", "in force")),
    "idle": ("next", Words("上级已经定了，这里不用再定", "set above already, not needed here")),
    "new": ("wait", Words("还没发布", "not published yet")),
    "gone": ("wait", Words("发布后去掉", "gone once published")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One operation of a layer. ``state``: held, new or gone, against what is in force; idle: done by a level above."""

    mark: str
    says: Words
    why: Words
    source: Words
    sure: bool
    first: date | None
    last: date | None
    state: str
    url: str

    @property
    def chip(self) -> tuple[str, Words]:
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class Group:
    """What a layer does to one item."""

    code: str
    title: Words
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one value of an item will be in one place."""

    title: Words
    was: Words
    now: Words


@dataclass(frozen=True, slots=True)
class Place:
    """What changes of one item in one place, from a day on."""

    code: str
    title: Words
    name: Words
    first: date | None
    effects: tuple[Effect, ...]
    examples: int
    failed: int
    moving: Movable | None


@dataclass(frozen=True, slots=True)
class Flawed:
    """Why a layer may not be. ``layer``: another unit's, which this one would break; None: it is its own."""

    words: Words
    layer: Words | None


@dataclass(frozen=True)
class Desk:
    """Everything that a page about one unit's layer starts from, read at once."""

    of: Whose
    files: Stacks
    now: Stacks
    held: Sheet | None
    last: Sheet | None

    @classmethod
    def at(cls, of: Whose) -> Desk:
        """The layer of a unit as it stands."""
        files = read_stacks()
        return cls(of, files, sheet.stacks_in_force(files), sheet.in_force(of.id), sheet.latest(of.id))

    @property
    def seen(self) -> int:
        """The version that a page shows: who saves names it."""
        return self.last.version if self.last else 0

    @property
    def in_file(self) -> Items:
        return _items(self.files.own(self.of.code))

    @cached_property
    def in_force(self) -> Items:
        return _items(self.now.own(self.of.code))

    @cached_property
    def written(self) -> Items:
        """As somebody left it last, published or not."""
        if self.last is None:
            return self.in_force
        return self.in_file if self.last.items is None else self.last.items

    @property
    def points_in_force(self) -> Points:
        return _points(self.now.own(self.of.code))

    @cached_property
    def points(self) -> Points:
        """What is written of points, published or not."""
        if self.last is None:
            return self.points_in_force
        if self.last.items is None or self.last.points is None:
            return _points(self.files.own(self.of.code))
        return self.last.points

    @property
    def pending(self) -> list[str]:
        """The items and points for which something is written that is not in force."""
        return touched(self.in_force, self.written) + touched(self.points_in_force, self.points)

    def saves(self) -> tuple[Sheet, ...]:
        """What was saved since what is in force."""
        return sheet.since(self.of.id, self.held.version if self.held else 0)

    @property
    def today(self) -> date:
        return calendar().day_of(clock.now())

    def base(self, code: str) -> Pack:
        """For the names of its parts. Refused: "no-item"."""
        return self.now.base(code)

    def groups(self) -> tuple[Group, ...]:
        """Item by item what the layer does, with what is written and not in force yet marked."""
        codes = dict.fromkeys((*self.written, *self.in_force))
        return tuple(Group(code, self.base(code).title, tuple(self.lines(code))) for code in sorted(codes))

    def lines(self, code: str) -> Iterator[Line]:
        """The operations on one item."""
        now, then = _operations(self.in_force, code), _operations(self.written, code)
        held, idle = {mark(op) for op in now}, self._idle(code)
        for op in then:
            state = "idle" if mark(op) in idle else "held"
            yield self._line(code, op, state if mark(op) in held else "new")
        kept = {mark(op) for op in then}
        for op in now:
            if mark(op) not in kept:
                yield self._line(code, op, "gone")

    def _idle(self, code: str) -> set[str]:
        try:
            return {mark(dict(op)) for op in self.now.idle(code, self.of.code, self.today)}
        except Unfit:
            return set()

    def _line(self, code: str, op: Row, state: str) -> Line:
        days = [date.fromisoformat(op[key]) if op.get(key) else None for key in ("from", "to")]
        return Line(
            mark(op), origin.says(self.base(code), op), Words.of(op["why"]), source_words(op["source"]), bool(op["sure"]),
            days[0], days[1], state, f"{self.of.path}/set/{code}/{key_of(op)}?op={mark(op)}",
        )  # fmt: skip

    def operation(self, code: str, marked: str) -> Row | None:
        """The operation with this mark, as it is written now."""
        return next((op for op in _operations(self.written, code) if mark(op) == marked), None)

    def misfits(self) -> tuple[tuple[str, Words], ...]:
        """Items on which what is in force here does not fit any more, because their files changed: they stay as published."""
        found = []
        for code in self.in_force:
            try:
                self.now.layered(code, self.of.code, self.today)
            except Unfit as why:
                found.append((code, why.flaws[0].words))
        return tuple(found)

    def choices(self, code: str) -> tuple[Choice, ...]:
        """What this level may do to an item, with how it is by the levels above and here."""
        above = self.now.with_items({self.of.code: {}}).layered(code, self.of.code, self.today)
        try:
            here = self.now.layered(code, self.of.code, self.today)
        except Unfit:
            here = above
        return choices(above, here, list(_operations(self.in_force, code)), self.of.level, self.today)

    def propose(self, items: Items, points: Points) -> Proposal:
        """What would come of it if the layer were this."""
        return propose(self.now, self.of, items, points)


def _items(own: Layer | None) -> Items:
    return own.raw["items"] if own else {}


def _points(own: Layer | None) -> Points:
    return own.raw.get("points") or {} if own else {}


def _operations(items: Items, code: str) -> list[Row]:
    return list((items.get(code) or {}).get("operations") or ())


def flawed(proposal: Proposal) -> tuple[Flawed, ...]:
    """Why a layer may not be, each reason once."""
    told = {
        (flaw.words.zh, layer.name): Flawed(
            flaw.words, None if layer.unit == proposal.of.code else Words.of(layer.raw["title"])
        )
        for layer, flaw in proposal.flaws
    }
    return tuple(told.values())


def effects(proposal: Proposal) -> tuple[Place, ...]:
    """What a proposal changes, item by item and place by place, as people read it."""
    return tuple(_place(proposal, one) for one in proposal.changes)


def _place(proposal: Proposal, one: Change) -> Place:
    packs = [found for found in proposal.drawn.versions.values() if found.code == one.code]
    found = packs[0]
    told = tuple(
        Effect(
            origin.title_of(found, each.pointer), _said(each.pointer, each.was), _said(each.pointer, each.now)
        )
        for each in one.differences
    )
    unit = town().units.get(one.unit)
    name = (
        unit.name
        if unit
        else Words("全市（没有自己规定的地方）", "the whole city, where no place says otherwise")
    )
    return Place(one.code, found.title, name, one.first, told, one.examples, one.failed, one.moving)


def _said(pointer: str, words: Words) -> Words:
    return origin.LEVELS.get(words.zh, words) if pointer == "/competent/level" else words


def head(desk: Desk) -> dict[str, Any]:
    """What every page about a unit's layer shows."""
    level, mine = origin.LEVELS[desk.of.level], sheet.may_lay(desk.of.id)
    return {"layering": True, "of": desk.of, "level": level, "mine": mine, "seen": desk.seen}


def as_file(desk: Desk) -> dict[str, Any]:
    """The layer in force as the file that it could be."""
    raw = desk.now.layer_of(desk.of.code).raw
    return {key: value for key, value in raw.items() if key not in ("items", "points") or value}
