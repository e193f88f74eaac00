"""What a month has besides single matters: families at windows, who is away, who acts for whom, what is paid this morning,
and second looks. Each scene is whole or not at all; what cannot be is named in the log, and the others go on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from doorstep.domains.appointments import verbs as appointments
from doorstep.domains.blanks import stock
from doorstep.domains.counter import absence, sampling
from doorstep.domains.counter.models import Sample
from doorstep.domains.family import mandate
from doorstep.domains.payments import service
from doorstep.domains.payments import verbs as payments
from doorstep.kernel.models import Point
from doorstep.kernel.org import town
from doorstep.kernel.party import Person
from doorstep.kernel.row import rows
from doorstep.kernel.trust import BRANCHES
from doorstep.rulebook import clock, pack
from doorstep.rulebook.pack.blank import kinds
from doorstep.rulebook.region import calendar
from doorstep.sim import family
from doorstep.sim.after import refused_is_lived
from doorstep.sim.life import Life, Wish, usable, waits_for, whole
from doorstep.sim.people import HOUSEHOLD, Citizen
from doorstep.sim.staff import Staff

Scene = tuple[str, Callable[[], object]]
LIVES = ("waits:", "back:", "pays:", "comes:")
"""How scenes are called that are one matter's whole life."""
_NUMBERS = 4_000_000
"""Lives of scenes are those from this number on."""
_VISITS, _ELSEWHERE = 4, 12
"""Families that came to each window of the cast, and to others."""
_PAY, _COME = 6, 3
"""Who pays online this morning, and who comes to each window of the cast today."""
_LOOKED = 0.7
"""How many of the decisions that are looked at again have been looked at."""
_WAITS_DESK = (1, 1, 1, 1, 2, 2, 3, 4, 6)
_WAITS_INTAKE, _WAITS_HAND_OUT = (1, 1, 1, 2, 3), (1, 2, 3, 5, 9)
"""Since when what waits at a desk of the cast waits there, in working days."""
_MINE = (("corrected", "applicant"), ("granted", "wait"), ("granted", "competent"), ("granted", "hand_out"))
_BUNDLE, _SHIFT = 60, 10
_FOUND = {"agree": 84, "form": 12, "differs": 4}
_CHILD, _GROWN = 16, 18


def at_once(staff: Staff, horizon: datetime) -> Iterator[Scene]:
    """What somebody who has just opened the door looks for."""
    windows = list(_windows(staff))
    yield from _desks(staff, horizon, windows)
    yield from _away(staff, horizon)
    for place, (login, point) in enumerate(windows):
        yield f"parked:{point.code}", partial(_comes, staff, place * 10, point, login, horizon, "parked")
        colleague = staff.at(point.unit_id, "second")
        yield (
            f"offered:{point.code}",
            partial(_comes, staff, place * 10 + 1, point, colleague, horizon, "offered"),
        )
    yield from _for_others(staff, horizon)
    yield from _this_morning(staff, horizon, windows)


def later(staff: Staff, horizon: datetime) -> Iterator[Scene]:
    """What fills the month."""
    for place, (login, point) in enumerate(_windows(staff)):
        for turn in range(_VISITS):
            number = 100 + place * 10 + turn
            yield f"visit:{number}", partial(_comes, staff, number, point, login, horizon, "taken")
    stations = sorted((p for p in town().points.values() if p.kind == "station"), key=lambda p: p.id)
    for turn in range(_ELSEWHERE):
        point = stations[turn * 7 % len(stations)]
        clerk = staff.at(point.unit_id, "second")
        yield f"visit:{200 + turn}", partial(_comes, staff, 200 + turn, point, clerk, horizon, "taken")


def at_last(staff: Staff, horizon: datetime) -> Iterator[Scene]:
    """What looks back at the rest."""
    for unit in sorted(u.id for u in town().units.values() if u.kind == "county"):
        yield f"looked:{unit}", partial(_look_again, staff, unit, horizon)


def _windows(staff: Staff) -> Iterator[tuple[str, Point]]:
    """Who of the cast takes people in, and at which window."""
    for one in staff.place.cast:
        rights = staff.place.roles[str(one.get("as", one["role"]))]
        there = [
            p
            for p in town().points.values()
            if town().units[p.unit_id].code == one.get("unit") and p.channels
        ]
        if there and any(right.startswith("receive:") for right in rights):
            yield one["login"], min(there, key=lambda p: p.id)


def _chance(staff: Staff, what: str) -> random.Random:
    return random.Random(f"{staff.seed}:{what}")  # noqa: S311  # a town, not a secret


def _worked(horizon: datetime, ago: int) -> date:
    """The working day so many working days before this morning's."""
    day = calendar().day_of(horizon)
    for _ in range(ago):
        day = calendar().last_workday(day - timedelta(days=1))
    return day


def _comes(staff: Staff, number: int, point: Point, login: str, horizon: datetime, ends: str) -> None:
    """In the opening hours of a day of the month; what is not over yet was begun yesterday before they closed."""
    chance = _chance(staff, f"comes:{number}")
    day = _worked(horizon, 1 if ends != "taken" else chance.randrange(1, 20))
    closes = calendar().closes(day)
    before = chance.randrange(12, 70) if ends != "taken" else chance.randrange(45, 200)
    at = closes - timedelta(minutes=before)
    family.come(staff, family.Coming(number, point, login, at, ends), horizon)


# ---- what waits ----


def _desks(staff: Staff, horizon: datetime, windows: list[tuple[str, Point]]) -> Iterator[Scene]:
    """Each desk and window of the cast has work, some of it overdue; each resident has something to do and to wait for."""
    wishes: list[Wish] = []
    for one in staff.place.cast:
        unit = town().by_code.get(one.get("unit", ""))
        rights = staff.place.roles[str(one.get("as", one["role"]))]
        if (
            unit
            and unit.kind in ("station", "county")
            and any(right.startswith("decide:*") for right in rights)
        ):
            wishes += [Wish(y=unit.code, stop_at="competent", since=ago) for ago in _WAITS_DESK]
    for _, point in windows:
        wishes += [Wish(x=point.code, stop_at="received", since=ago) for ago in _WAITS_INTAKE]
        wishes += [Wish(x=point.code, z=point.code, stop_at="hand_out", since=ago) for ago in _WAITS_HAND_OUT]
    for number in range(len(staff.cast)):
        wishes += [Wish(account=number, course=course, stop_at=at, since=1 + number) for course, at in _MINE]
    for number, wish in enumerate(wishes):
        yield f"waits:{number}", partial(_lives, staff, _NUMBERS + 1000 + number, wish, horizon)
    for login, point in windows:
        yield f"blanks:{point.code}", partial(_sheets, staff, login, point, horizon)
        fees = sorted(_waiting_for(payments.MESSAGE, *(c for c in point.channels if c != "online")))
        if fees:
            wish = Wish(
                item=_chance(staff, f"back:{point.code}").choice(fees),
                x=point.code,
                course="granted",
                back=True,
            )
            yield f"back:{point.code}", partial(_lives, staff, _NUMBERS + 2000 + point.id, wish, horizon)


def _sheets(staff: Staff, login: str, point: Point, horizon: datetime) -> None:
    """Sheets came last week; yesterday's shift of a colleague is counted and waits for a second signature."""
    chance, other = _chance(staff, f"blanks:{point.code}"), staff.at(point.unit_id, "second")
    came, last = (calendar().closes(_worked(horizon, ago)) for ago in (6, 1))
    for place, kind in enumerate(sorted(kinds())):
        first = f"{point.unit_id:03d}{9_000_000 + place * 10_000}"
        with clock.clock_at(came - timedelta(hours=7)), staff.enter(login) as viewer:
            stock.receive(viewer, kind, first, _BUNDLE)
        with staff.enter(other) as viewer:
            with clock.clock_at(last - timedelta(hours=8)):
                shift = stock.issue(viewer, kind, first, _SHIFT)
            with clock.clock_at(last - timedelta(hours=chance.randrange(2, 6))):
                stock.spoil(viewer, kind, first, "打印走纸歪了")
            with clock.clock_at(last + timedelta(minutes=5 + place)):
                stock.count(viewer, shift.id, _SHIFT - 1, "", "")


# ---- who is away ----


@dataclass(frozen=True)
class _Leave:
    """``told``: so many working days ago; it begins on the day after, or, if it is still to come, tomorrow."""

    who: str
    stands_in: str
    told: int
    days: int
    to_come: bool = False


def _away(staff: Staff, horizon: datetime) -> Iterator[Scene]:
    """Somebody beside each of the cast who decides or takes in, and a few others."""
    seen: set[int] = set()
    for number, one in enumerate(one for one in staff.place.cast if "unit" in one):
        unit = town().by_code[one["unit"]]
        posts = {
            staff.at(unit.id, post): other for post, other in (("clerk", "second"), ("approver", "colleague"))
        }
        if unit.id not in seen and one["login"] in posts:
            seen.add(unit.id)
            who = staff.at(unit.id, posts[one["login"]])
            to_come = who == staff.at(unit.id, "second")
            leave = _Leave(who, one["login"], 2 + number % 3, 5 + number % 4, to_come)
            yield f"away:{unit.id}", partial(_tell, staff, leave, horizon)
    stations = sorted(u.id for u in town().units.values() if u.kind == "station" and u.id not in seen)
    for turn, unit_id in enumerate(stations[::3]):
        leave = _Leave(staff.at(unit_id, "approver"), staff.at(unit_id, "colleague"), 1 + turn, 2 + turn % 5)
        yield f"away:{unit_id}", partial(_tell, staff, leave, horizon)


def _tell(staff: Staff, leave: _Leave, horizon: datetime) -> None:
    """Said in the evening of a working day."""
    day = _worked(horizon, leave.told)
    begins = (calendar().day_of(horizon) if leave.to_come else day) + timedelta(days=1)
    with (
        whole(staff, f"away:{leave.who}", calendar().closes(day) - timedelta(minutes=20)),
        staff.enter(leave.who) as viewer,
    ):
        absence.tell(
            viewer, who=staff.id_of(leave.who), substitute=staff.id_of(leave.stands_in), first=begins,
            last=begins + timedelta(days=leave.days), request_id=f"away-{leave.who}",
        )  # fmt: skip


# ---- who acts for whom ----


@dataclass
class _ForAnother(Life):
    """A matter that somebody brings for another by a mandate."""

    whom: Citizen | None = None

    def _applicant(self, of: pack.Pack, example: object) -> Citizen:
        return self.whom or super()._applicant(of, self.example)


def _for_others(staff: Staff, horizon: datetime) -> Iterator[Scene]:
    """Each resident of the cast acts for a parent online, and for a child by what a window entered; others do, too."""
    for number in range(len(staff.cast)):
        yield f"mandate:{number}", partial(_acts_for_parent, staff, number, 20 + number, horizon)
        yield f"child:{number}", partial(_acts_for_child, staff, number, horizon)
    for number in range(30, 36):
        yield f"mandate:{number}", partial(_gives, staff, number, number + 10, horizon, "spouse")


def _person(someone: Citizen) -> Person:
    return Person(someone.name, someone.id_no, someone.phone)


def _gives(staff: Staff, giver: int, agent: int, horizon: datetime, relation: str) -> object:
    at = horizon - timedelta(days=8 + giver % 9, hours=12)
    with whole(staff, f"mandate:{giver}", at), staff.enter(staff.account(giver)) as viewer:
        return mandate.give(
            viewer, agent=_person(staff.resident(agent)), until=at + timedelta(days=180), branches=("household", "traffic"),
            relation=relation, request_id=f"mandate-{giver}",
        ).matter_id  # fmt: skip


def _acts_for_parent(staff: Staff, number: int, parent: int, horizon: datetime) -> None:
    """The parent gave it online, and a matter was brought by it."""
    staff.account(number)
    made = _gives(staff, parent, number, horizon, "child")
    items = [
        one for one in pack.listed()
        if "online" in one.channels and one.branch in ("household", "traffic") and not one.own_hand and not waits_for(one)
        and "person" in one.raw["for"] and any(e["course"] == "granted" for e in usable(one))
    ]  # fmt: skip
    of = _chance(staff, f"for:{number}").choice(sorted(items, key=lambda one: one.code))
    wish = Wish(item=of.code, account=number, course="granted")
    life = _ForAnother(staff, staff.seed, _NUMBERS + number, horizon, wish, whom=staff.resident(parent))
    life.on_behalf = made  # type: ignore[assignment]
    life.live()


def _acts_for_child(staff: Staff, number: int, horizon: datetime) -> None:
    """Somebody on early duty saw the household book, and entered it: who enters one sees it for a day, by the machine's clock."""
    child = _minor(staff, number, horizon)
    unit = next(u for u in town().units.values() if u.code == child.station)
    at = horizon - timedelta(minutes=20 + number)
    with whole(staff, f"child:{number}", at), staff.enter(staff.at(unit.id, "clerk")) as viewer:
        mandate.give(
            viewer, principal=_person(child), agent=_person(staff.resident(number)), kind="parent", relation="parent",
            branches=tuple(BRANCHES), until=mandate.of_age(child.born), proof="户口簿、出生医学证明", request_id=f"child-{number}",
        )  # fmt: skip


def _minor(staff: Staff, number: int, horizon: datetime) -> Citizen:
    """A child of the town."""
    last = date(horizon.year - _CHILD, 1, 1)
    numbers = range(HOUSEHOLD - 1, 60_000, HOUSEHOLD)
    young = (one for n in numbers if (one := staff.citizen(n)).born > last)
    for _ in range(number):
        next(young)
    return next(young)


# ---- today ----


def _this_morning(staff: Staff, horizon: datetime, windows: list[tuple[str, Point]]) -> Iterator[Scene]:
    """Somebody has paid online before the doors open, and some come today at a time they chose."""
    paid = sorted(_waiting_for(payments.MESSAGE, "online"))
    for turn in range(_PAY if paid and service.available() else 0):
        item = _chance(staff, f"pays:{turn}").choice(paid)
        life = partial(
            _lives,
            staff,
            _NUMBERS + 100 + turn,
            Wish(item=item, account=20 + turn * 3, course="granted", today=True),
            horizon,
        )
        yield f"pays:{turn}", life
    for place, (_, point) in enumerate(windows):
        comes = sorted(_waiting_for(appointments.MESSAGE, *point.channels))
        for turn in range(_COME if comes else 0):
            number = 200 + place * 10 + turn
            wish = Wish(
                item=_chance(staff, f"comes:{number}").choice(comes),
                x=point.code,
                z=point.code,
                course="granted",
                today=True,
            )
            yield f"comes:{number}", partial(_lives, staff, _NUMBERS + number, wish, horizon)


def _waiting_for(message: str, *channels: str) -> Iterator[str]:
    for one in pack.listed():
        fits = any(e["course"] == "granted" and e["channel"] in channels for e in usable(one))
        if waits_for(one) == {message} and fits and set(channels) & set(one.channels):
            yield one.code


def _lives(staff: Staff, number: int, wish: Wish, horizon: datetime) -> None:
    Life(staff, staff.seed, number, horizon, wish).live()


# ---- second looks ----


def _look_again(staff: Staff, county: int, horizon: datetime) -> None:
    """A supervisor has looked at most of what was drawn, some days later."""
    login = staff.at(county, "supervisor")
    with staff.enter(login):
        drawn = [(one.id, one.at) for one in rows(Sample, "where result = '' order by at, id limit %s", 200)]
    for sample_id, at in drawn:
        chance = _chance(staff, f"look:{sample_id}")
        on = at + timedelta(days=chance.randrange(1, 5), minutes=chance.randrange(90))
        if on >= horizon or chance.random() > _LOOKED:
            continue
        found = chance.choices(list(_FOUND), list(_FOUND.values()))[0]
        with clock.clock_at(on), refused_is_lived(), staff.enter(login) as viewer:
            sampling.look(viewer, sample_id, found, request_id=f"look-{sample_id}")
