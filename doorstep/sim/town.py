"""The demo town: its people, and lives of matters that went through the real verbs before you came.

Nothing here writes a row of its own: residents apply, clerks take in, units decide, points hand out, each signed in as
somebody, at the hour the calendar says. Only the accounts are made by the personnel office (`doorstep.sim.office`).
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from datetime import time as hour
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError

from doorstep.domains.appointments import verbs as appointments
from doorstep.kernel import org, plug, trust
from doorstep.kernel.models import Point
from doorstep.rulebook import clock
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused
from doorstep.sim import duty, scenes
from doorstep.sim.life import Life, Wish, offering, waits_for
from doorstep.sim.office import Office, open_office
from doorstep.sim.staff import Staff, order, picture
from doorstep.sim.writers import Tally, apart, drawn

__all__ = ["LIVES", "build", "horizon", "live", "picture", "wish"]

LIVES = 1200
FIRST = 16
"""Lives that are over when the door opens, among them what waits at every desk; the others are lived behind the open page."""
FEW = 4
WHOLE = 400
"""From so many lives on the month has scenes, too: families, leave, mandates, second looks."""
_THEIRS = (("granted", ""), ("corrected", "applicant"), ("granted", "wait"), ("granted", ""))
"""What the residents of the cast find of theirs: done, to be corrected, to be paid or come for."""
_TRIES = 3
"""With so many items it is tried to live one life."""
_log = logging.getLogger(__name__)
_START = {"resident": "/", "clerk": "/counter/", "approver": "/counter/desk/"}  # as /start would lead them
_MORNING = hour(8, 25)
_BEGAN = time.monotonic()


def build(progress: Callable[[str], None], opened: Callable[[], None] = lambda: None) -> None:
    """Make the town if it is not there: staff, residents, `demo.json`, and lives. A second call does nothing.

    ``progress`` is told, in words, what is being done; ``opened`` is called once there is something to see, while the
    rest is still being lived. DOORSTEP_DEMO_FAST=1 leaves out the history and the staff whom only the history needs.
    """
    if not trust.is_demo():
        raise RuntimeError("not a demo database: nobody is invented here")
    if trust.demo_fact("demo_lives") is None:
        plug.register(settings.DOMAINS)  # their machines move what is lived
        with open_office() as office:
            _build(office, progress, opened)
    else:
        opened()


def _build(office: Office, progress: Callable[[str], None], opened: Callable[[], None]) -> None:
    org.forget_town()
    progress("请大家上岗 / people take up their posts")
    staff = people(office)
    lives = 0 if _fast() else int(os.environ.get("DOORSTEP_DEMO_LIVES", LIVES))
    if lives:
        duty.sign_on(staff, all_units=lives >= WHOLE)
    progress(f"过 {lives} 件事 / {lives} matters are lived")
    if lives:
        staff.fill_posts()
    whole = lives >= WHOLE
    tally = Tally(lives, lambda count: progress(_lived(count, whole=whole)))
    for number in range(min(FIRST, lives)):
        _count(staff, number, tally)
    opened()
    os.nice(10)  # who opens a page goes first
    now = scenes.at_once(staff, horizon()) if whole else ()
    side_by_side(staff, range(FIRST, lives), writers(), tally, lambda: _play(staff, office, now, tally))
    tally.look(at_last=True)
    office.ask([{"fact": ["demo_town", lives]}])  # from here on its day may be played beside
    if whole:
        _play(staff, office, scenes.later(staff, horizon()))
        _play(staff, office, scenes.at_last(staff, horizon()))
    office.ask([{"fact": ["demo_lives", lives]}])


def _play(staff: Staff, office: Office, wanted: Iterable[scenes.Scene], tally: Tally | None = None) -> None:
    """Each scene once, also over an interruption. One that could not be is named in the log, and the others go on."""
    done = set(trust.demo_fact("demo_scenes") or ())
    for name, scene in wanted:
        if name in done:
            continue
        try:
            scene()
            if tally and name.startswith(scenes.LIVES):
                tally.add()
                tally.look()
        except Exception as no:
            _skip(staff, name, "scene", no)
        done.add(name)
        office.ask([{"fact": ["demo_scenes", sorted(done)]}])


def _lived(count: int, *, whole: bool) -> str:
    """How many, and how long after the start of the whole demonstration."""
    seconds = time.monotonic() - float(os.environ.get("DOORSTEP_BEGAN", _BEGAN))
    zh, en = ("，这个月接着过", ", the month goes on") if whole else ("", "")
    return f"{count} 件事过完了，启动后 {seconds:.0f} 秒{zh} / {count} matters lived, {seconds:.0f} s after the start{en}"


def writers() -> int:
    """How many live lives at once: two, if there are cores for them."""
    return min(2, len(os.sched_getaffinity(0)))


def side_by_side(
    staff: Staff, numbers: Iterable[int], many: int, tally: Tally, before: Callable[[], None] = lambda: None
) -> None:
    """Live the lives of ``numbers``, ``many`` at a time. Who is given a time at a point is given one in the order of the numbers,
    by this writer, after what comes ``before``; all others change nothing for each other, and are lived by whoever is free.

    Raises RuntimeError if another writer stopped early; the next start lives the rest.
    """
    times: list[int] = []
    others: list[int] = []
    for number in numbers:
        (times if gives_times(staff, number) else others).append(number)
    with drawn(others) as free:
        beside = [apart(lambda number: _count(staff, number, tally), free) for _ in range(many - 1)]
        before()
        for number in chain(times, free):
            _count(staff, number, tally)
            tally.look()
    if any(os.waitpid(pid, 0)[1] for pid in beside):
        raise RuntimeError("a writer of the town stopped early; its reason is on standard error")


def _count(staff: Staff, number: int, tally: Tally) -> None:
    if live(staff, number) is not None:
        tally.add()


def gives_times(staff: Staff, number: int) -> bool:
    """Is somebody given a time at a point in this life, which is then not free for others?"""
    try:
        return appointments.MESSAGE in waits_for(_life(staff, number).of)
    except LookupError:
        return False


def _fast() -> bool:
    return os.environ.get("DOORSTEP_DEMO_FAST") == "1"


def people(office: Office) -> Staff:
    """The cast, with `demo.json` written; everybody else is taken on when first needed."""
    place, seed = region(), int(os.environ.get("DOORSTEP_SEED", "1"))
    staff = Staff(place, seed, office, {one["login"]: one for one in trust.demo_fact("demo_people") or ()})
    staff.cast = tuple(one["login"] for one in place.cast if _role(one) == "resident")
    units = {u["code"]: u for u in place.units}
    staff.take_on(
        [
            order(place, seed, one["login"], _role(one), one["name"], units[one["unit"]]["id"], _point(one))
            for one in place.cast
            if _role(one) != "resident"
        ]
    )
    for number in range(FEW if _fast() else len(staff.cast)):
        staff.account(number)
    logins = [_login(one, staff, units) for one in place.cast]
    office.ask([{"fact": ["demo_logins", logins]}])
    path = Path(settings.DATA_DIR) / "demo.json"
    path.write_text(json.dumps(logins, ensure_ascii=False, indent=1), encoding="utf-8")
    path.chmod(0o600)
    return staff


def _role(one: dict[str, Any]) -> str:
    return str(one.get("as", one["role"]))


def _point(one: dict[str, Any]) -> Point | None:
    return org.point_named(one["point"]) if "point" in one else None


def _login(one: dict[str, Any], staff: Staff, units: dict[str, dict[str, Any]]) -> dict[str, Any]:
    unit = units[one["unit"]]["name"]["zh"] if "unit" in one else ""
    return {
        "role": one["role"], "name": one["name"]["zh"], "name_en": one["name"]["en"], "login": one["login"],
        "title": [one["title"]["zh"], one["title"]["en"]], "password": staff.known[one["login"]]["password"], "unit": unit,
        "start_url": _START.get(_role(one), "/start"),
    }  # fmt: skip


# ---- lives ----


def horizon() -> datetime:
    """Up to when lives are lived: this morning before the doors open, so that the same day makes the same town."""
    zone = region().calendar.zone
    now = clock.now().astimezone(zone)
    morning = datetime.combine(now.date(), _MORNING, zone)
    return morning if now > morning else datetime.combine(now.date(), hour(0), zone)


def live(staff: Staff, number: int) -> Any:
    """Live one life; answers the id of its matter. An item whose example cannot be lived is named in the log, and another is
    lived instead; None if that came to nothing, too.
    """
    for attempt in range(_TRIES):
        item = "?"
        try:
            for again in (True, True, False):
                life = _life(staff, number, attempt)
                item = life.of.code
                try:
                    return life.live()
                except OperationalError:  # two writers stood in each other's way
                    if not again:
                        raise
        except Exception as no:
            _skip(staff, number, item, no)
    return None


def _life(staff: Staff, number: int, attempt: int = 0) -> Life:
    return Life(staff, staff.seed, number, horizon(), wish(staff, number), attempt)


def _skip(staff: Staff, number: int | str, item: str, no: Exception) -> None:
    """Say which item could not be lived and why: at length the first time."""
    faults = ", ".join(pointer for pointer, _ in no.faults) if isinstance(no, Refused) else ""
    why = f"{no.code} {faults}".strip() if isinstance(no, Refused) else f"{type(no).__name__}: {no}"
    key = f"{item}: {why}"
    staff.unlived[key] = staff.unlived.get(key, 0) + 1
    if staff.unlived[key] == 1:
        _log.warning(
            "life %s: %s could not be lived: %s", number, item, why, exc_info=not isinstance(no, Refused)
        )


def wish(staff: Staff, number: int) -> Wish:
    """What the first lives are to be: something open at the desk of everybody of the cast, and something of each resident's own."""
    if number >= FIRST:
        return Wish(item=_turn_of(number - FIRST))
    desks = [one for one in staff.place.cast if "unit" in one and _may(staff, one, "receive", "decide")]
    who = desks[number % len(desks)]
    if number % 4 == 3 and staff.cast:
        course, stop_at = _THEIRS[number // 4 % len(_THEIRS)]
        return Wish(account=number // 4 % len(staff.cast), course=course, stop_at=stop_at)
    point = next((p["code"] for p in staff.place.points if p["unit"] == who["unit"] and p["channels"]), "")
    unit = next(u for u in staff.place.units if u["code"] == who["unit"])
    turn, takes = number // len(desks), _may(staff, who, "receive")
    if not takes or (_may(staff, who, "decide") and turn % 2 == 0):
        return Wish(y=who["unit"] if unit["kind"] == "station" else "", stop_at="competent")
    if unit["kind"] == "hall" or turn % 2:
        return Wish(z=point, stop_at="hand_out")
    return Wish(x=point, stop_at="received")


def _turn_of(place: int) -> str:
    """Everything that is offered is lived once before it goes by how frequent it is."""
    codes = offering(horizon()).codes
    return codes[place] if place < len(codes) else ""


def _may(staff: Staff, one: dict[str, Any], *verbs: str) -> bool:
    """Does the role of this member of the cast hold any of these rights wherever the branch?"""
    return any(right.startswith(f"{verb}:*") for right in staff.place.roles[_role(one)] for verb in verbs)
