"""One life: a matter from somebody's door to its end, or to where it stands this morning, through the real verbs.

Which item, who, where, when and how far follows from (seed, number) and the day alone, and so do its ids, salts and numbers: the
same town has the same chains. A life is one transaction, so that nobody meets it half lived; what a worker adds afterwards
happens in real time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from doorstep.domains.family import kin
from doorstep.domains.outlets import errand
from doorstep.kernel import file, matter
from doorstep.kernel.idempotency import Done
from doorstep.kernel.models import File, Point
from doorstep.kernel.org import police_of, reach, town
from doorstep.kernel.party import Person
from doorstep.kernel.row import first
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, document, ids, pack
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.region import calendar
from doorstep.sim import answers
from doorstep.sim.people import Citizen, born_like
from doorstep.sim.shape import shape
from doorstep.sim.staff import ACCOUNTS, Staff
from doorstep.sim.way import Way

DAYS = 30
"""How far back the town is remembered."""
_OTHERS = 1_000_000
_COURSES = {"granted": 70, "corrected": 20, "refused": 10}


@dataclass(frozen=True)
class Wish:
    """What a life is to be, where that is not left to chance: whose desk it waits at, who lives it, or which item."""

    x: str = ""
    y: str = ""
    z: str = ""
    stop_at: str = ""
    account: int | None = None
    course: str = ""
    item: str = ""
    since: int = 1
    """So many working days ago it began, if it is to be waiting still."""
    back: bool = False
    """The fee was too much: it is to go back, and still lies there."""
    today: bool = False
    """It begins this morning, or comes at the first time that is free: there is something of today to be seen."""


@dataclass
class Life:
    """One life under way. ``attempt``: the same number is lived with another item when one could not be."""

    staff: Staff
    seed: int
    number: int
    horizon: datetime
    wish: Wish = field(default_factory=Wish)
    attempt: int = 0
    others: dict[str, Citizen] = field(default_factory=dict)
    signers: dict[str, str] = field(default_factory=dict)
    """Identity number to login of those who sign online."""

    def __post_init__(self) -> None:
        self.named = f"{self.number}:{self.attempt}" if self.attempt else f"{self.number}"
        self.chance = random.Random(f"{self.seed}:life:{self.named}")  # noqa: S311  # a town, not a secret
        self.at = self.horizon
        self.hands = ""  # whose upload it is, if not that of who brought the matter
        self.account: int | None = None
        self.resident = ""
        self.on_behalf: UUID | None = None
        self.uploads = 0
        self.post = self.chance.choice(("clerk", "clerk", "second"))  # who sits at the window
        self.of, self.example = self._item()

    # ---- what it is ----

    def live(self) -> UUID:
        """Live it, whole or not at all. Raises what a verb refused, and anything else that stopped it."""
        late = any(move.get("late") or move.get("hears") == "closed" for move in self.example.get("do") or ())
        self.at = self._begins(online=self.example["channel"] == "online", long_ago=late)
        with whole(self.staff, f"ids:{self.named}", self.at):
            return self._live()

    def _item(self) -> tuple[pack.Pack, Mapping[str, Any]]:
        offered = self._offered()
        if not offered:
            raise LookupError("nothing is offered that can be lived")
        often = offering(self.horizon).often
        of = self.chance.choices(offered, [often[one.code] for one in offered])[0]
        usual = "granted" if self.wish.stop_at == "hand_out" else ""
        course = self.wish.course or usual or self.chance.choices(list(_COURSES), list(_COURSES.values()))[0]
        fits = [one for one in usable(of) if one["course"] == course] or usable(of)
        if self.wish.account is not None or (self.wish.stop_at == "received"):
            fits = [one for one in fits if one["channel"] == "online"] or [
                {**one, "channel": "online"} for one in fits if "online" in of.channels
            ] or fits  # fmt: skip
        example = self.chance.choice(self._there(fits) or fits)
        return of, {**example, "channel": self._channel(of, example)}

    def _offered(self) -> Sequence[pack.Pack]:
        offered: Sequence[pack.Pack] = offering(self.horizon).packs
        if self.wish.stop_at:
            return [one for one in offered if self._can_stop(one)]
        wished = [one for one in offered if one.code == self.wish.item]
        if self.attempt:  # who gives times out gives them in the order of the numbers
            offered = [one for one in offered if "appointment" not in waits_for(one)]
        return wished if wished and not self.attempt else offered

    def _can_stop(self, of: pack.Pack) -> bool:
        """Does it come to where this life is wished to wait, without anybody else before?"""
        kinds = {step.kind for step in of.flow.steps.values()}
        if self.wish.account is not None:  # for the person, online
            by = {step.by for step in of.flow.steps.values()}
            there = {"wait": "wait" in kinds, "applicant": "correct" in kinds}
            return (
                "online" in of.channels
                and not kinds & {"call", "sub"}
                and there.get(self.wish.stop_at, self.wish.stop_at in by)
            )
        if waits_for(of) or not any(self.wish.stop_at == step.by for step in of.flow.steps.values()):
            return False
        if self.wish.stop_at == "competent":
            return not self.wish.y or self._decides(of, self.wish.y)
        if self.wish.stop_at == "received":  # what awaits a window came from elsewhere
            return "online" in of.channels
        return "hand_out" in of.raw or bool(self.wish.x and self._there(usable(of)))

    def _decides(self, of: pack.Pack, code: str) -> bool:
        """Is this unit one of those among which whoever brings it chooses who decides?"""
        chosen = of.form.field(str(of.raw["competent"].get("field", "")))
        return chosen is not None and chosen.options_from == f"units.{town().by_code[code].kind}"

    def _there(self, told: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The examples that can be brought at the wished point."""
        point = town().point_by_code.get(self.wish.x)
        return [one for one in told if point is None or one["channel"] in point.channels]

    def _channel(self, of: pack.Pack, example: Mapping[str, Any]) -> str:
        """Where it is brought: as the example says where a table looks at that, else anywhere that has people."""
        told = str(example["channel"])
        asked = {column.name for table in of.tables.values() for column in table.inputs}
        if "channel" in asked or told == "online" or self.wish.stop_at or self.wish.x:
            return told
        return self.chance.choice([c for c in of.channels if c in _with_people() and c != "online"] or [told])

    def _begins(self, *, online: bool, long_ago: bool) -> datetime:
        """A moment of the last month, or of the one before if something has to run out, as the region's months are shaped; in the
        afternoon of a working day if it is to be waiting still.
        """
        days, today = calendar(), calendar().day_of(self.horizon)
        if self.wish.today and self.wish.account is not None:
            return self.horizon - timedelta(minutes=self.chance.randrange(40, 95))
        if self.wish.stop_at or self.wish.today:
            for _ in range(self.wish.since):
                today = days.last_workday(today - timedelta(days=1))
            return days.closes(today) - timedelta(minutes=self.chance.randrange(115, 175))
        before = (today - timedelta(days=n + (DAYS if long_ago else 0)) for n in range(1, DAYS + 1))
        on = [day for day in before if online or days.is_workday(day)]
        return shape().moment(self.of, on, online=online, calendar=days, chance=self.chance)

    # ---- who and where ----

    def _other(self, group: str, like: str) -> Citizen:
        if group not in self.others:
            self.others[group] = self._signer(group) or self.staff.citizen(
                _OTHERS + self.number * 50 + len(self.others)
            )
        if like and self.others[group].id_no not in self.signers:
            self.others[group] = born_like(self.others[group], like)
        return self.others[group]

    def _signer(self, group: str) -> Citizen | None:
        """Of those who are to sign many do it online, and so have an account."""
        asked = any(one.get("who") == group for one in self.of.asks.values())
        if not asked or self.chance.random() < 0.5:
            return None
        number = self.chance.choice(
            [n for n in range(len(self.staff.cast), ACCOUNTS) if n != self.account] or [0]
        )
        someone = self.staff.resident(number)
        self.signers[someone.id_no] = self.staff.account(number)
        return someone

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
        self.uploads += 1
        stored = self._stored(f"{self.seed}:file:{self.named}:{self.uploads}")
        if isinstance(stored, str):
            return stored
        with self.staff.enter(self.hands or self.login) as viewer:
            return str(file.add(viewer, stored, material))

    def _stored(self, source: str, *, again: bool = False) -> file.Stored | str:
        """The paper on disk; only its id if it was handed in before an interruption. One that came to nothing is taken anew."""
        with ids.drawn_from(random.Random(source), clock.now):  # noqa: S311
            try:
                return file.receive([self.staff.picture(self.number)])
            except FileExistsError as kept:
                known = str(kept.args[0]).rpartition("/")[2]
        with self.staff.enter(self.hands or self.login):
            if again or first(File, "where id = %s", known):
                return known
        file.store().delete(UUID(known))
        return self._stored(source, again=True)

    # ---- the way it goes ----

    def _live(self) -> UUID:
        self.settles()
        person = None if self.login == self.resident else self.person
        with self.staff.enter(self.login) as viewer:
            opened = self._bring(viewer, person)
        if not opened.replayed:  # it was lived before an interruption
            self._goes(opened.matter_id)
        return opened.matter_id

    def settles(self) -> None:
        """Who brings it, where, and what they answer."""
        of, example, channel = self.of, self.example, self.example["channel"]
        account = self.wish.account if self.wish.account is not None else self.staff.some_account(self.chance)
        withdraws = any(m.get("withdraw") and not m.get("error") for m in example.get("do") or ())
        known = channel == "online" or withdraws or self.wish.account is not None
        known, guest = known or self.chance.random() < 0.1, guest_of(of, example)
        self.account = account if known and not guest else None
        self.someone = self._applicant(of, example)
        self.x = self._point(channel)
        self.resident = self.staff.account(self.account) if self.account is not None else ""
        self.login = self.resident if channel == "online" else self.staff.bringer(self.x)
        self.town = answers.Town(
            applicant=self.someone,
            city=self.staff.place.name.zh,
            place=self._place,
            other=self._other,
            upload=self._upload,
        )
        self.data = self._answers(pack.current(of.code, reach(town().units[self.x.unit_id])))

    def _bring(self, viewer: Viewer, person: Person | None) -> Done:
        told: dict[str, Any] = {"item": self.of.code, "point": self.x.code, "channel": self.example["channel"],
                                "data": self.data, "request_id": f"life-{self.named}"}  # fmt: skip
        if viewer.kind not in ("outlet", "kiosk"):
            return matter.open_matter(viewer, applicant=person, on_behalf=self.on_behalf, **told)
        if viewer.kind == "kiosk":
            return errand.bring(viewer, errand.How("card", "own"), applicant=self.person, **told)
        how = errand.How("document", "sheet", UUID(self._upload(errand.SHEET)))
        return errand.bring(viewer, how, applicant=self.person, **told)

    def _answers(self, there: pack.Pack) -> dict[str, Any]:
        return answers.answers(there.form, self.example["data"], self.town)

    def _goes(self, matter_id: UUID) -> None:
        Way(self, matter_id).go()

    @property
    def clerk(self) -> str:
        """Who sits at the window where it was brought."""
        return self.staff.at(police_of(town().units[self.x.unit_id]).id, self.post)

    @property
    def person(self) -> Person:
        """Who brings it, as a document says."""
        return Person(self.someone.name, self.someone.id_no, self.someone.phone)

    def _applicant(self, of: pack.Pack, example: Mapping[str, Any]) -> Citizen:
        """Whose account it is; else somebody as old as the person of the example."""
        if self.account is not None:
            return self.staff.resident(self.account)
        someone = self.staff.citizen(_OTHERS * 2 + self.number)
        shown = guest_of(of, example)
        if shown:
            name = str(_told_of(of, example, "applicant.name") or someone.name)
            return replace(someone, name=name, id_no=another(shown, self.number))
        return born_like(someone, _told_of(of, example, "applicant.id_no"))


def _told_of(of: pack.Pack, example: Mapping[str, Any], fact: str) -> str:
    """What an example says of its applicant."""
    named = next((one.pointer for one in of.form.fields if one.fact == fact), "")
    return str(at_pointer(example["data"], named) or "") if named else ""


def guest_of(of: pack.Pack, example: Mapping[str, Any]) -> str:
    """The document of an applicant who has no identity number of a resident: they have no account, and come to a window."""
    told = _told_of(of, example, "applicant.id_no")
    return told if document.parts(told).kind != "id" else ""


def another(shown: str, number: int) -> str:
    """A document of the same kind with a number of its own, where the number carries nothing but itself."""
    one = document.parts(shown)
    if one.kind not in ("passport", "hkmo", "taiwan"):
        return shown
    digits = f"{number % 10**6:06d}"
    return document.compose(one.kind, one.state, one.number[: -len(digits)] + digits)


@contextmanager
def whole(staff: Staff, what: str, at: datetime) -> Iterator[None]:
    """Something of the town's past, whole or not at all: ids and salts follow from the seed and ``what``, its hour is ``at``."""
    source = random.Random(f"{staff.seed}:{what}")  # noqa: S311  # a town, not a secret
    tokens = dict(staff.tokens)
    try:
        with transaction.atomic(), clock.clock_at(at), ids.drawn_from(source, clock.now):
            yield
    except BaseException:
        staff.tokens = tokens  # who signed in meanwhile has not
        raise


@dataclass(frozen=True)
class Offering:
    """What is offered now and can be lived: all ``codes``, the ``packs`` of those that are drawn, and how ``often`` each is."""

    codes: Sequence[str]
    packs: Sequence[pack.Pack]
    often: Mapping[str, float]


def offering(horizon: datetime) -> Offering:
    """What can be lived, as often as in the middle of the month before; the same until something is published."""
    day = horizon.date() - timedelta(days=DAYS // 2)
    key = (calendar().day_of(clock.now()), day)
    if key not in _offering:
        known = [one for one in pack.listed() if usable(one)]
        drawn = [one for one in known if kin.MESSAGE not in waits_for(one)]
        often = {one.code: _often(one) * shape().often(one, day) for one in drawn}
        _offering[key] = Offering(sorted(one.code for one in known), drawn, often)
    return _offering[key]


_offering: dict[tuple[date, date], Offering] = {}
pack.when_published(_offering.clear)


def usable(of: pack.Pack) -> Sequence[Mapping[str, Any]]:
    """The examples of an item that can be lived: sound ones, through a channel that somebody here is at."""
    if of.hash not in _usable:
        _usable[of.hash] = _sound(of)
    return _usable[of.hash]


_usable: dict[bytes, Sequence[Mapping[str, Any]]] = {}


def _sound(of: pack.Pack) -> Sequence[Mapping[str, Any]]:
    known = _with_people()
    return [
        one for one in of.raw.get("examples") or ()
        if "faults" not in one["expect"] and one["channel"] in of.channels and one["channel"] in known
    ]  # fmt: skip


def waits_for(of: pack.Pack) -> set[str]:
    """What the steps of an item wait for besides people: messages, other systems, other persons' matters."""
    return {str(one.asks) for one in of.flow.steps.values() if one.asks}


def _with_people() -> set[str]:
    return {"online"} | {c for p in town().points.values() for c in p.channels if c in matter.CHANNELS}


def _often(of: pack.Pack) -> int:
    """How frequent an item is, by what its pack says: people come more often than firms, and for quick things far more."""
    quick = of.promise.within(Limit.parse("1 workday"))
    signed = any(step.kind == "sub" for step in of.flow.steps.values())  # rare, and to be seen
    return ((4 if quick else 2) * (2 if "person" in of.raw["for"] else 1)) ** 2 + (100 if signed else 0)
