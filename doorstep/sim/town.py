"""The demo town: its people, and lives of matters that went through the real verbs before you came.

Nothing here writes a row of its own: residents apply, clerks take in, units decide, points hand out, each signed in as
somebody, at the hour the calendar says. Only the accounts are made by the personnel office (`doorstep.sim.office`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError

from doorstep.kernel import lists, matter, org, trust
from doorstep.rulebook import clock, pack
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused
from doorstep.sim.life import Life, Wish, refused_is_lived
from doorstep.sim.office import Office, open_office
from doorstep.sim.staff import Staff, order, picture

__all__ = ["LIVES", "build", "horizon", "live", "picture", "wish"]

LIVES = 1200
FIRST = 16
"""Lives that are over when the door opens, among them what waits at every desk; the others are lived behind the open page."""
FEW = 4
_NOTED = 10
"""After so many lives it is written down how far the town is, for one that is interrupted."""
_START = {"resident": "/", "clerk": "/counter/", "approver": "/counter/desk/"}  # as /start would lead them
_MORNING = time(8, 25)


def build(progress: Callable[[str], None], opened: Callable[[], None] = lambda: None) -> None:
    """Make the town if it is not there: staff, residents, `demo.json`, and lives. A second call does nothing.

    ``progress`` is told, in words, what is being done; ``opened`` is called once there is something to see, while the
    rest is still being lived. DOORSTEP_DEMO_FAST=1 leaves out the history and the staff whom only the history needs.
    """
    if not trust.is_demo():
        raise RuntimeError("not a demo database: nobody is invented here")
    if trust.demo_fact("demo_lives") is None:
        with open_office() as office:
            _build(office, progress, opened)
    else:
        opened()


def _build(office: Office, progress: Callable[[str], None], opened: Callable[[], None]) -> None:
    org.forget_town()
    progress("请大家上岗 / people take up their posts")
    staff = people(office)
    lives = 0 if _fast() else int(os.environ.get("DOORSTEP_DEMO_LIVES", LIVES))
    progress(f"过 {lives} 件事 / {lives} matters are lived")
    before = int(trust.demo_fact("demo_lived") or 0)
    for number in range(before, lives):
        if number == max(FIRST, before):
            opened()
            _step_back()
        live(staff, number)
        if number % _NOTED == 0:
            office.ask([{"fact": ["demo_lived", number]}])
    _call_backs(staff)
    office.ask([{"fact": ["demo_lives", lives]}])


def _step_back() -> None:
    """From here on, who opens a page goes first."""
    os.nice(10)


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
            order(place, seed, one["login"], _role(one), one["name"], units[one["unit"]]["id"])
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
    return morning if now > morning else datetime.combine(now.date(), time(0), zone)


def live(staff: Staff, number: int) -> Any:
    """Live one life; answers the id of its matter, None if it came to nothing or was lived before an interruption."""
    try:
        return Life(staff, staff.seed, number, horizon(), wish(staff, number)).live()
    except (Refused, IntegrityError, FileExistsError) as no:  # the latter two: lived before an interruption
        code = no.code if isinstance(no, Refused) else "again"
        staff.unlived[code] = staff.unlived.get(code, 0) + 1
        return None


def wish(staff: Staff, number: int) -> Wish:
    """What the first lives are to be: something open at the desk of everybody of the cast, and something of each resident's own."""
    if number >= FIRST:
        return Wish()
    desks = [one for one in staff.place.cast if "unit" in one and _may(staff, one, "receive", "decide")]
    who = desks[number % len(desks)]
    if number % 4 == 3 and staff.cast:
        return Wish(
            account=number // 4 % len(staff.cast), course=("granted", "corrected", "granted")[number // 4 % 3]
        )
    point = next((p["code"] for p in staff.place.points if p["unit"] == who["unit"] and p["channels"]), "")
    unit = next(u for u in staff.place.units if u["code"] == who["unit"])
    turn, takes = number // len(desks), _may(staff, who, "receive")
    if not takes or (_may(staff, who, "decide") and turn % 2 == 0):
        return Wish(y=who["unit"] if unit["kind"] == "station" else "", stop_at="competent")
    if unit["kind"] == "hall" or turn % 2:
        return Wish(z=point, stop_at="hand_out")
    return Wish(x=point, stop_at="received")


def _may(staff: Staff, one: dict[str, Any], *verbs: str) -> bool:
    """Does the role of this member of the cast hold any of these rights wherever the branch?"""
    return any(right.startswith(f"{verb}:*") for right in staff.place.roles[_role(one)] for verb in verbs)


def _call_backs(staff: Staff) -> None:
    """Supervisors ring up those who were dissatisfied; the last few still wait."""
    codes = {one.code for one in pack.every() if one.part_of == "rating"}
    for unit in (u for u in org.town().units.values() if u.kind in ("county", "city")):
        with staff.enter(staff.at(unit.id, "supervisor")) as viewer:
            open_ = [row for row in lists.unit_matters(viewer, state="open").rows if row.item in codes]
        for place, row in enumerate(sorted(open_, key=lambda row: row.opened_at)[:-2]):
            at = min(row.opened_at + timedelta(days=1, hours=place % 7), horizon())
            with (
                clock.clock_at(at),
                refused_is_lived(),
                staff.enter(staff.at(unit.id, "supervisor")) as viewer,
            ):
                matter.act(
                    viewer, row.id, step="call", outcome=("explained", "mended", "explained")[place % 3],
                    reason="已经打过电话，说明了情况", request_id=f"call-{row.id}",
                )  # fmt: skip
