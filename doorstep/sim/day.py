"""A day in the town, for as long as the demonstration runs: calls come in, units go and do their work, patrols drive.

Everybody here is signed in as somebody and does it by the real verbs: a dispatcher takes calls, sends and closes; in every duty
unit somebody signs on, answers, drives along the streets and reports where they are. ``speed`` says how many times faster than
life they drive and work; the clock itself is never touched. What they do follows from a seed, apart from who happens to be free.
"""

from __future__ import annotations

import logging
import math
import os
import random
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from doorstep.domains.command.calls import kinds, reading, send, verbs
from doorstep.domains.command.units import duty, feed
from doorstep.domains.command.units.fixes import Fix
from doorstep.geo.crs import Degrees, metres
from doorstep.geo.router import Unreachable
from doorstep.geo.talk import Away
from doorstep.kernel import plug, trust
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused
from doorstep.sim.beat import Beat
from doorstep.sim.office import open_office
from doorstep.sim.people import latin, name_of
from doorstep.sim.shape import rung
from doorstep.sim.staff import Staff, order
from doorstep.web import ground

TICK_S: Final = 1.0
EVERY_S: Final = 5.0
"""How often a unit says where it is."""
CALLS_AN_HOUR: Final = 40.0
"""In a whole town of this size at a busy hour; times ``speed``."""
WORK_S: Final = (240.0, 900.0)
_TRIES: Final = 12
"""So often another call is thought of, until one is as urgent as it is to be."""
_ASKED: Final = 0.35
"""Of the questions of a kind, so many are answered on the telephone."""
_LEFT: Final = timedelta(minutes=2)
"""A call that is open for so long when the day begins was left by the day before."""
_LOOK_S: Final = 15.0
"""How often it is looked whether there is another plan of patrols."""
ANSWER_S: Final = (3.0, 20.0)
_FASTEST: Final = 2.0
"""Driving is never played faster than this: positions that nobody could have reached are refused."""
_DRIVES_MPS: Final = 8.3
_WALKS_MPS: Final = 1.4
_ON_FOOT_M: Final = 1_200.0
SHIFT: Final = timedelta(hours=8)
_ENDED: Final = ("已处理，当事人自行协商。",)
"""Of a call that somebody else took: what there is to say of it here."""
_PASSED: Final = "已转有关单位，回执号已告知来电人。"
_DOES: Final = {"foot": ("foot", "car")}
"""Who else does what a plan wants: a car, where no patrol on foot is near."""
_ANYBODY: Final = (kinds.Wanted("foot", "", 1, 1),)
_CREWS: Final = "demo_crews"
"""Where the accounts of the crews are written down."""
_log = logging.getLogger(__name__)


@dataclass
class Crew:
    """One duty unit and who rides in it, as this day plays it."""

    unit: int
    callsign: str
    login: str
    home: Degrees
    at: Degrees
    way: list[tuple[float, Degrees]] = field(default_factory=list)
    """Where it will be after so many seconds of driving, from the last start on."""
    begun: float = 0.0
    call: UUID | None = None
    state: str = "free"
    until: float = 0.0
    told: float = 0.0
    speed_kmh: float = 0.0
    on_foot: bool = False
    stays: float = 0.0
    """So many seconds more, once it is where it drives to."""

    def drives(self, now: float, faster: float) -> bool:
        """Move along the way; whether there is still some left."""
        gone = (now - self.begun) * faster
        for (a, here), (b, there) in pairwise(self.way):
            if gone < b:
                share = (gone - a) / (b - a) if b > a else 1.0
                self.at = (here[0] + (there[0] - here[0]) * share, here[1] + (there[1] - here[1]) * share)
                self.speed_kmh = metres(here, there) / max(b - a, 0.1) * 3.6
                return True
        if self.way:
            self.at, self.way, self.speed_kmh = self.way[-1][1], [], 0.0
        return False


@dataclass
class Day:
    """The town while it is played."""

    staff: Staff
    chance: random.Random
    speed: float
    crews: list[Crew] = field(default_factory=list)
    next_call: float = 0.0
    waits: dict[UUID, float] = field(default_factory=dict)
    """Calls that nobody was sent to yet, and when the dispatcher gets to them."""
    out: set[UUID] = field(default_factory=set)
    ends: dict[UUID, str] = field(default_factory=dict)
    """How a call that was sent for will have ended."""
    plans: bool = False
    """Whether patrols are planned, if nobody has; else cars go about as they like."""
    beat: Beat = field(default_factory=Beat)
    looked: float = -math.inf

    @property
    def dispatcher(self) -> str:
        centre = verbs.centre()[0]
        return self.staff.at(centre.id, "dispatcher")

    def sign_on(self, only: Container[int] | None = None) -> None:
        """Somebody takes every unit of the roster, or of ``only``; one that is on duty already goes on."""
        with self.staff.enter(self.dispatcher):
            known = [one for one in duty.roster() if only is None or one.id in only]
        orders, logins = [], {}
        for one in known:
            logins[one.id] = f"duty.{one.callsign}".lower()
            name = name_of(self.staff.seed, f"duty:{one.callsign}")
            told = {"zh": name, "en": latin(name)}
            orders.append(
                order(self.staff.place, self.staff.seed, logins[one.id], "officer", told, one.unit_id)
            )
        self.staff.take_on(orders)
        played = self._of_the_cast()
        for one in known:
            if one.id in played:
                continue  # somebody at a screen rides in it
            home = (
                (one.home_lon, one.home_lat)
                if one.home_lon is not None and one.home_lat is not None
                else None
            )
            if home is not None:
                self._take(one, logins[one.id], (float(home[0]), float(home[1])))

    def go_on(self, now: float) -> None:
        """Calls that an earlier day left open, and nobody at a screen has touched for a while, are this day's."""
        with self.staff.enter(self.dispatcher) as viewer:
            left = reading.open_calls(viewer, log=False)
        long_ago = clock.now() - _LEFT
        for one in left:
            if one.told_at > long_ago or any(crew.call == one.id for crew in self.crews):
                continue
            if one.sent:
                self.out.add(one.id)
            else:
                self.waits[one.id] = now + self.chance.uniform(0, 40) / self.speed

    def _of_the_cast(self) -> set[int]:
        """The units that people of the cast ride in: whoever signs in as one of them answers for it."""
        found = set()
        for member in self.staff.place.cast:
            if member["login"] in self.staff.known and "unit" in member:
                try:
                    with self.staff.enter(member["login"]) as viewer:
                        mine = duty.mine(viewer) if viewer.may("duty") else None
                except Refused:  # locked just now: whoever that is answers for no car
                    mine = None
                if mine is not None:
                    found.add(mine.id)
        return found

    def _take(self, one: Any, login: str, home: Degrees) -> None:
        try:
            with self.staff.enter(login) as viewer:
                if duty.mine(viewer) is None:
                    duty.sign_on(viewer, one.id, _once(), until=clock.now() + SHIFT)
        except Refused as no:
            _log.info("%s does not sign on: %s", one.callsign, no.code)
            return
        at = (float(one.lon), float(one.lat)) if one.lon is not None and one.lat is not None else home
        crew = Crew(one.id, one.callsign, login, home, at, on_foot=one.vehicle == "foot")
        if one.on_matter is not None:
            crew.call, crew.state = one.on_matter, "working"
            self.out.add(one.on_matter)
        self.crews.append(crew)

    def step(self, now: float) -> None:
        """One tick: whoever rings rings, the dispatcher sends and closes, every unit moves on."""
        if self.plans and now - self.looked >= _LOOK_S:
            self.looked = now
            with self.staff.enter(self.dispatcher) as viewer:
                self.beat.look(viewer)
        if now >= self.next_call:
            self.next_call = now + self.chance.expovariate(CALLS_AN_HOUR * self.speed / 3600.0)
            self._ring(now)
        for matter_id in [one for one, at in self.waits.items() if now >= at]:
            self._send(matter_id, now)
        for crew in self.crews:
            try:
                self._moves(crew, now)
            except Refused as no:  # somebody at a screen did something else with it: that holds
                _log.info("%s: %s", crew.callsign, no.code)
                crew.state, crew.call, crew.way = "free", None, []
        for matter_id in list(self.out):
            self._close(matter_id)

    # ---- who rings, and who answers ----

    def _ring(self, now: float) -> None:
        kind, answers = self._what()
        at = self._somewhere()
        place, code = _place(at)
        said = {"place": place, "words": self.chance.choice(rung().says[kind])}
        report = verbs.Report(kind, "phone", said, answers, at[0], at[1], code)
        with self.staff.enter(self.dispatcher) as viewer:
            made = verbs.take(viewer, report, request_id=_once())
        self.waits[made.matter_id] = now + self.chance.uniform(8, 40) / self.speed

    def _what(self) -> tuple[str, dict[str, str]]:
        """A kind and answers to some of its questions, as urgent as calls of the region mostly are."""
        told = rung()
        known = {one.code: one for one in kinds.kinds() if one.code in told.often}
        wanted = self.chance.choices(list(told.levels), list(told.levels.values()))[0]
        for _ in range(_TRIES):
            kind = self.chance.choices(list(known), [told.often[code] for code in known])[0]
            asked = [one for one in known[kind].questions if one.options and self.chance.random() < _ASKED]
            answers = {one.name: self.chance.choice(one.options)[0] for one in asked}
            if kinds.judge(kind, answers).level == wanted:
                break
        return kind, answers

    def _somewhere(self) -> Degrees:
        """Near some unit's home: where people live."""
        home = self.chance.choice(self.crews).home
        far, turn = abs(self.chance.gauss(0, 1_400)), self.chance.uniform(0, 2 * math.pi)
        lat = home[1] + far * math.cos(turn) / 110_570
        lon = home[0] + far * math.sin(turn) / (111_320 * math.cos(math.radians(lat)))
        return round(lon, 6), round(lat, 6)

    def _send(self, matter_id: UUID, now: float) -> None:
        """The nearest free units that the plan of its kind wants, most urgent calls first; nobody free: it waits on."""
        with self.staff.enter(self.dispatcher) as viewer:
            calls = reading.open_calls(viewer, ids=[matter_id], log=False)
            call = calls[0] if calls else None
            if call is None or call.lon is None or call.lat is None:
                self.waits.pop(matter_id)
                return
            plan = kinds.plan(call.kind, call.level)
            if not plan.send and plan.pass_on:
                self._pass_on(viewer, matter_id, plan.pass_on[0])
                return
            chosen = self._who(plan.send or _ANYBODY, (call.lon, call.lat))
            if not chosen:
                self.waits[matter_id] = now + 30 / self.speed
                return
            send.send(viewer, matter_id, units=[one.unit for one in chosen], request_id=_once())
        self.waits.pop(matter_id)
        self.out.add(matter_id)
        self.ends[matter_id] = self.chance.choice(rung().ends.get(call.kind, _ENDED))
        for crew in chosen:
            crew.call, crew.state, crew.way, crew.stays = matter_id, "called", [], 0.0
            crew.until = now + self.chance.uniform(*ANSWER_S) / self.speed

    def _pass_on(self, viewer: Viewer, matter_id: UUID, to: str) -> None:
        """Not for the police: another service has it, and the call is over."""
        self.waits.pop(matter_id)
        verbs.pass_on(
            viewer, matter_id, to=to, number=f"{self.chance.randrange(10**6):06}", request_id=_once()
        )
        verbs.close(viewer, matter_id, result=_PASSED, request_id=_once())

    def _who(self, wanted: Sequence[Any], at: Degrees) -> list[Crew]:
        standing = {one.id: one for one in duty.standing()}
        free = sorted(
            (one for one in self.crews if one.call is None and one.unit in standing and standing[one.unit].state == "available"),
            key=lambda one: metres(one.at, at),
        )  # fmt: skip
        found: list[Crew] = []
        for want in wanted:
            fit = [
                one for one in free if one not in found
                and (standing[one.unit].vehicle != "foot" or metres(one.at, at) < _ON_FOOT_M)
                and (standing[one.unit].team == want.team if want.team else
                     standing[one.unit].kind in _DOES.get(want.kind, (want.kind,)) and not standing[one.unit].team)
            ]  # fmt: skip
            found += fit[: want.count]
        return found

    def _close(self, matter_id: UUID) -> None:
        if any(one.call == matter_id for one in self.crews):
            return
        self.out.discard(matter_id)
        with self.staff.enter(self.dispatcher) as viewer:
            try:
                verbs.close(viewer, matter_id, result=self._ended(matter_id), request_id=_once())
                self.ends.pop(matter_id, None)
            except Refused as no:
                _log.info("a call stays open: %s", no.code)

    def _ended(self, matter_id: UUID | None) -> str:
        return self.ends.get(matter_id, _ENDED[0]) if matter_id else _ENDED[0]

    # ---- a unit ----

    def _moves(self, crew: Crew, now: float) -> None:
        driving = crew.drives(now, min(self.speed, _FASTEST))
        if crew.state == "called" and now >= crew.until:
            self._says(crew, "coming")
            self._go(crew, now, (self._where(crew),))
            crew.state = "driving"
        elif crew.state == "driving" and not driving:
            self._says(crew, "there")
            crew.state, crew.until = "working", now + self.chance.uniform(*WORK_S) / self.speed
        elif crew.state == "working" and now >= crew.until:
            self._says(crew, "cleared", self._ended(crew.call))
            crew.state, crew.call = "free", None
        elif crew.state == "free" and not driving and crew.stays:
            crew.until, crew.stays = now + crew.stays, 0.0
        elif crew.state == "free" and not driving and now >= crew.until:
            self._patrols(crew, now)
        if now - crew.told >= EVERY_S:
            crew.told = now
            self._report(crew)

    def _says(self, crew: Crew, what: str, text: str = "") -> None:
        if crew.call is not None:
            with self.staff.enter(crew.login) as viewer:
                send.say(viewer, crew.call, outcome=what, text=text, request_id=_once())

    def _where(self, crew: Crew) -> Degrees:
        with self.staff.enter(self.dispatcher) as viewer:
            calls = reading.open_calls(viewer, ids=[crew.call] if crew.call else [], log=False)
        found = calls[0] if calls else None
        return (
            (found.lon, found.lat) if found and found.lon is not None and found.lat is not None else crew.home
        )

    def _patrols(self, crew: Crew, now: float) -> None:
        """To the next stop of the plan; else somewhere on the own ground, and home now and then."""
        errand = self.beat.next(crew.unit)
        if errand is not None:
            crew.stays = float(errand.stay)
            self._go(crew, now, errand.places)
            return
        crew.until = now + self.chance.uniform(20, 240) / self.speed
        near = (crew.home[0] + self.chance.gauss(0, 0.009), crew.home[1] + self.chance.gauss(0, 0.007))
        self._go(crew, now, (crew.home if self.chance.random() < 0.3 else near,))

    def _go(self, crew: Crew, now: float, through: Sequence[Degrees]) -> None:
        crew.way, crew.begun = _way((crew.at, *through), crew.on_foot), now

    def _report(self, crew: Crew) -> None:
        fix = Fix(
            clock.now(), round(crew.at[0], 6), round(crew.at[1], 6), None, round(crew.speed_kmh / 3.6, 1), 8.0
        )
        try:
            with self.staff.enter(crew.login) as viewer:
                feed.report(viewer, crew.unit, [fix])
        except Refused as no:
            _log.info("%s: position refused: %s", crew.callsign, no.code)


def _way(stops: Sequence[Degrees], on_foot: bool = False) -> list[tuple[float, Degrees]]:
    """Where one is after so many seconds, along the streets; straight ahead where nobody knows them."""
    try:
        told = ground.beside().route(stops, mode="pedestrian" if on_foot else "auto")
        line, seconds = told.line, told.seconds
    except (Away, Unreachable):
        far = sum(metres(a, b) for a, b in pairwise(stops))
        line, seconds = tuple(stops), far * 1.4 / (_WALKS_MPS if on_foot else _DRIVES_MPS)
    lengths = [metres(a, b) for a, b in pairwise(line)]
    whole, gone, found = sum(lengths) or 1.0, 0.0, [(0.0, line[0])]
    for length, place in zip(lengths, line[1:], strict=True):
        gone += length
        found.append((seconds * gone / whole, place))
    return found


def _place(at: Degrees) -> tuple[str, str]:
    """What the place is called, and the code of its station."""
    try:
        hit = ground.beside().at(at)
    except Away:
        return "", ""
    station = hit.ground("station") if hit else None
    return (hit.name if hit else ""), (station.code if station else "")


def _once() -> str:
    return os.urandom(12).hex()


def run(speed: float, seed: int = 1) -> None:
    """Play until ended. Does nothing where the region has no command centre. Demonstrations only (RuntimeError otherwise)."""
    if not trust.is_demo():
        raise RuntimeError("not a demo database: nobody rings here")
    plug.register(settings.DOMAINS)
    if not verbs.has_centre() or speed <= 0:
        return
    with open_office() as office:
        told = [*(trust.demo_fact("demo_people") or ()), *(trust.demo_fact(_CREWS) or ())]
        staff = Staff(region(), seed, office, {one["login"]: one for one in told}, _CREWS)
        day = Day(staff, random.Random(seed), speed, plans=True)  # noqa: S311 - a play
        day.sign_on()
        day.go_on(time.monotonic())
        for now in _ticks():
            day.step(now)


def _ticks() -> Iterator[float]:
    while True:
        begun = time.monotonic()
        yield begun
        time.sleep(max(0.05, TICK_S - (time.monotonic() - begun)))
