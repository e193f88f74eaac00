"""The demo town: its people, and lives of matters that went through the real verbs before you came.

Nothing here writes a row of its own: residents apply, clerks take in, units decide, points hand out, each signed in as
somebody, at the hour the calendar says. Only the accounts are made by the personnel office (`doorstep.sim.office`).
"""

from __future__ import annotations

import io
import json
import os
import random
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from PIL import Image, ImageDraw

from doorstep.domains.ratings import rate
from doorstep.kernel import clock, file, matter, org, trust
from doorstep.kernel.idempotency import Done
from doorstep.kernel.party import Person, find_or_add
from doorstep.kernel.region import Region, region
from doorstep.kernel.trust import Viewer
from doorstep.kernel.words import Refused
from doorstep.sim.office import Office, open_office
from doorstep.sim.people import Citizen, citizen

LIVES = 300
FIRST = 12
"""Lives that are over when the door opens; the others are lived behind the open page."""
RESIDENTS = 24
FEW = 4
_NOTED = 10
"""After so many lives it is written down how far the town is, for one that is interrupted."""
_COUNTER = {"clerk": "窗口", "approver": "审批"}
_POSTS = {
    "station": _COUNTER,
    "hall": _COUNTER,
    "county": {"supervisor": "督办"},
    "city": {"supervisor": "督办"},
}
_START = {"resident": "/", "clerk": "/counter/", "approver": "/counter/desk/"}  # as /start would lead them


@dataclass
class Town:
    """Who can be asked where, while the town is being lived in."""

    place: Region
    seed: int
    chance: random.Random
    today: datetime
    office: Office
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    clerk_of: dict[int, str] = field(default_factory=dict)
    approver_of: dict[int, str] = field(default_factory=dict)
    residents: list[tuple[str, Citizen]] = field(default_factory=list)


def build(progress: Callable[[str], None], opened: Callable[[], None] = lambda: None) -> None:
    """Make the town if it is not there: staff, residents, `demo.json`, and lives. A second call does nothing.

    ``progress`` is told, in words, what is being done; ``opened`` is called once there is something to see, while the
    rest is still being lived. DOORSTEP_DEMO_FAST=1 leaves out the history and the staff whom only the history needs.
    """
    if trust.demo_fact("demo_lives") is None:
        with open_office() as office:
            _build(office, progress, opened)
    else:
        opened()


def _build(office: Office, progress: Callable[[str], None], opened: Callable[[], None]) -> None:
    seed = int(os.environ.get("DOORSTEP_SEED", "1"))
    town = Town(region(), seed, random.Random(seed), clock.now(), office)  # noqa: S311  # a town, not a secret
    org.forget_town()
    progress("请大家上岗 / people take up their posts")
    logins = _staff(town) + _people(town)
    office.ask([{"fact": ["demo_logins", logins]}])
    _print_logins(logins)
    lives = 0 if _fast() else LIVES
    progress(f"过 {lives} 件事 / {lives} matters are lived")
    before = int(trust.demo_fact("demo_lived") or 0)
    for number in range(before, lives):
        if number == max(FIRST, before):
            opened()
        try:
            _live(town, number)
        except Refused as no:
            if no.code != "request-reused":  # lived before an interruption; the town goes on from there
                raise
        if number % _NOTED == 0:
            office.ask([{"fact": ["demo_lived", number]}])
    office.ask([{"fact": ["demo_lives", lives]}])


def _division(town: Town) -> str:
    """Where the residents are registered: the first district of the region."""
    return str(next(u["division"] for u in town.place.units if u["kind"] == "county"))


def _fast() -> bool:
    return os.environ.get("DOORSTEP_DEMO_FAST") == "1"


def _staff(town: Town) -> list[dict[str, Any]]:
    """The cast of the region, and for every station a clerk and an approver so that life can go on everywhere."""
    units = {u["code"]: u for u in town.place.units}
    orders, logins = [], []
    for one in town.place.cast:
        if one.get("as", one["role"]) == "resident":
            continue
        unit = units[one["unit"]]
        orders.append(_order(town, one["login"], one.get("as", one["role"]), one["name"], unit["id"]))
        logins.append(_login(one, orders[-1]["make"]["password"], unit["name"]["zh"]))
    for unit in [] if _fast() else town.place.units:
        for role, post in _POSTS.get(unit["kind"], {}).items():
            name = {"zh": f"{unit['name']['zh']}{post}", "en": f"{unit['name']['en']} {role}"}
            orders.append(_order(town, f"{role}.{unit['id']}", role, name, unit["id"]))
    orders = _hire(town, "demo_staff", orders)
    posts = {"clerk": town.clerk_of, "approver": town.approver_of}
    for order in orders:
        made = order["make"]
        if made["role"] in posts:
            posts[made["role"]][made["unit"]] = made["login"]
    return _with_passwords(town, logins)


def _people(town: Town) -> list[dict[str, Any]]:
    """Residents: entered once at a window, as a person who comes for the first time is, then given an account."""
    cast = [one for one in town.place.cast if one.get("as", one["role"]) == "resident"]
    clerk = next(iter(town.clerk_of.values()))
    orders, logins = [], []
    for number in range(FEW if _fast() else RESIDENTS):
        someone = citizen(town.seed, number, _division(town), town.place.streets)
        one = cast[number] if number < len(cast) else None
        name = one["name"] if one else {"zh": someone.name, "en": someone.name}
        someone = _named(someone, name["zh"])
        login = one["login"] if one else f"resident.{number}"
        with _enter(town, clerk) as viewer:
            party = find_or_add(
                viewer, Person(someone.name, someone.id_no, someone.phone), purpose="identify"
            )
        order = _order(town, login, "resident", name, None)
        order["make"]["party"] = str(party)
        orders.append(order)
        town.residents.append((login, someone))
        if one:
            logins.append(_login(one, order["make"]["password"], ""))
    _hire(town, "demo_residents", orders)
    return _with_passwords(town, logins)


def _hire(town: Town, fact: str, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have the accounts made, together with the fact that they were; after an interruption, those made before."""
    before = trust.demo_fact(fact)
    if before is None:
        town.office.ask([*orders, {"fact": [fact, orders]}])
    else:
        orders = list(before)
    town.passwords |= {order["make"]["login"]: order["make"]["password"] for order in orders}
    return orders


def _with_passwords(town: Town, logins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [login | {"password": town.passwords[login["login"]]} for login in logins]


def _enter(town: Town, login: str) -> AbstractContextManager[Viewer]:
    """A transaction of this person, who signs in when first needed."""
    if login not in town.tokens:
        town.tokens[login] = trust.sign_in(login, town.passwords[login])
    return trust.enter(town.tokens[login])


def _named(someone: Citizen, name: str) -> Citizen:
    return Citizen(
        someone.number, name, someone.id_no, someone.phone, someone.sex, someone.born, someone.address
    )


def _order(town: Town, login: str, role: str, name: dict[str, str], unit: int | None) -> dict[str, Any]:
    return {
        "make": {
            "login": login, "password": f"{login}-{secrets.randbelow(9000) + 1000}", "role": role, "unit": unit,
            "kind": "resident" if role == "resident" else "officer", "rights": list(town.place.roles[role]),
            "name": [name["zh"], name["en"]], "assurance": 2,
        }
    }  # fmt: skip


def _login(one: dict[str, Any], password: str, unit: str) -> dict[str, Any]:
    role = one.get("as", one["role"])
    return {"role": one["role"], "name": one["name"]["zh"], "name_en": one["name"]["en"], "login": one["login"],
            "title": [one["title"]["zh"], one["title"]["en"]],
            "password": password, "unit": unit, "start_url": _START.get(role, "/start")}  # fmt: skip


def _print_logins(logins: list[dict[str, Any]]) -> None:
    path = Path(settings.DATA_DIR) / "demo.json"
    path.write_text(json.dumps(logins, ensure_ascii=False, indent=1), encoding="utf-8")
    path.chmod(0o600)


# ---- lives ----


def _live(town: Town, number: int) -> None:
    """One matter, from somebody's door to its end (or to where it stands today)."""
    chance = town.chance = random.Random(f"{town.seed}:life:{number}")  # noqa: S311  # the same after an interruption
    start = _workday_moment(town, days_ago=chance.randrange(0, 22))
    with clock.clock_at(start):
        if chance.random() < 0.72:
            _temporary_card(town, number, start)
        else:
            _let_home(town, number)


def _workday_moment(town: Town, days_ago: int) -> datetime:
    calendar = town.place.calendar
    day = calendar.day_of(clock.now()) - timedelta(days=days_ago)
    while not calendar.is_workday(day):
        day -= timedelta(days=1)
    minutes = town.chance.randrange(0, 180)
    moment = datetime.combine(day, time(8, 35), calendar.zone) + timedelta(minutes=minutes)
    return min(moment, clock.now() - timedelta(minutes=5))


def _stations(town: Town) -> list[dict[str, Any]]:
    return [u for u in town.place.units if u["kind"] == "station"]


def _point_of(town: Town, unit: int) -> dict[str, Any]:
    code = next(u["code"] for u in town.place.units if u["id"] == unit)
    return next(p for p in town.place.points if p["unit"] == code and p["kind"] != "room")


def _temporary_card(town: Town, number: int, start: datetime) -> None:
    chance = town.chance
    x, y = chance.choice(_stations(town)), chance.choice(_stations(town))
    z = x if chance.random() < 0.7 else chance.choice(_stations(town))
    online = chance.random() < 0.4
    login, someone = (
        chance.choice(town.residents[1:])
        if online
        else ("", citizen(town.seed, 1000 + number, _division(town), town.place.streets))
    )
    by = login or town.clerk_of[x["id"]]
    photo = _upload(town, by, "PHO", number)
    data = {
        "applicant": {"name": someone.name, "id_no": someone.id_no, "mobile": someone.phone},
        "household": {"address": f"{town.place.name.zh}{someone.address}", "station": y["code"]},
        "reason": chance.choice(["lost", "lost", "expired", "damaged"]),
        "photo": str(photo),
        "pick_up": {"point": _point_of(town, z["id"])["code"]},
    }
    person = None if online else Person(someone.name, someone.id_no, someone.phone)
    with _enter(town, by) as viewer:
        opened = matter.open_matter(
            viewer, item="HZ-078", point=_point_of(town, x["id"])["code"], channel="online" if online else "station",
            data=data, request_id=f"life-{number}", applicant=person,
        )  # fmt: skip
    _card_goes_on(town, opened, (x["id"], y["id"], z["id"]), by if online else "", data, start)


def _card_goes_on(
    town: Town,
    opened: Done,
    places: tuple[int, int, int],
    resident: str,
    data: dict[str, Any],
    start: datetime,
) -> None:
    """The steps after the application; how far it gets depends on chance."""
    chance, (x, y, z) = town.chance, places
    clerk, approver, giver = town.clerk_of[x], town.approver_of[y], town.clerk_of[z]
    fate = chance.random()
    plan: list[tuple[str, str, str, str]] = [(clerk, "intake", "done", "")]
    if fate < 0.12 and resident:
        plan += [(approver, "review", "return", "photo_unclear"), (resident, "correct:review", "done", "")]
    if fate > 0.95:
        plan += [(approver, "review", "refuse", "no_application")]
    else:
        plan += [
            (approver, "review", "approve", ""),
            (approver, "issue", "done", ""),
            (giver, "hand_out", "done", ""),
        ]
    recent = start > town.today - timedelta(days=2)
    if recent or chance.random() < 0.02:  # a few lie overdue, as they do
        plan = plan[: chance.randrange(0, len(plan))]
    moment = start
    for who, step, outcome, reason in plan:
        moment += timedelta(minutes=chance.randrange(6, 60))
        fixed = data if step.startswith("correct:") else None
        if moment > town.today:
            return
        _do(town, who, opened.matter_id, step, outcome, reason, fixed, moment)
    rated_at = moment + timedelta(hours=2)
    if resident and len(plan) > 3 and rated_at < town.today and chance.random() < 0.8:
        level = chance.choice([5, 5, 5, 5, 4, 4, 3, 2])
        with clock.clock_at(rated_at), _enter(town, resident) as viewer:
            rate.rate(
                viewer, opened.matter_id, level=level, may_call=chance.random() < 0.7, request_id=f"rate-{opened.matter_id}"
            )  # fmt: skip


def _do(
    town: Town,
    who: str,
    matter_id: UUID,
    step: str,
    outcome: str,
    reason: str,
    data: dict[str, Any] | None,
    at: datetime,
) -> None:
    with clock.clock_at(at), _enter(town, who) as viewer:
        matter.act(
            viewer, matter_id, step=step, outcome=outcome, reason=reason, data=data,
            request_id=f"{matter_id}-{step}-{at:%d%H%M%S}",
        )  # fmt: skip


def _let_home(town: Town, number: int) -> None:
    """A landlord's entry: most are the owner's own and settled at once; an agent's is looked at."""
    chance = town.chance
    y = chance.choice(_stations(town))
    login, someone = chance.choice(town.residents[1:])
    tenant = citizen(town.seed, 5000 + number, _division(town), town.place.streets)
    right = "owner" if chance.random() < 0.7 else "agent"
    title = _upload(town, login, "PRO", number)
    today = clock.now().astimezone(town.place.calendar.zone).date()
    data: dict[str, Any] = {
        "landlord": {"name": someone.name, "id_no": someone.id_no, "mobile": someone.phone},
        "home": {
            "address": f"{town.place.name.zh}{tenant.address}", "station": y["code"], "right": right, "title": str(title),
        },
        "tenants": [{"name": tenant.name, "id_no": tenant.id_no, "from": today.isoformat()}],
    }  # fmt: skip
    with _enter(town, login) as viewer:
        opened = matter.open_matter(
            viewer, item="HZ-106", point=_point_of(town, y["id"])["code"], channel="online", data=data,
            request_id=f"life-{number}",
        )  # fmt: skip
    at = clock.now() + timedelta(minutes=chance.randrange(10, 200))
    if opened.state == "open" and at < town.today and chance.random() < 0.96:
        _do(town, town.approver_of[y["id"]], opened.matter_id, "look", "approve", "", None, at)


def _upload(town: Town, login: str, material: str, number: int) -> UUID:
    stored = file.receive([picture(number)])
    with _enter(town, login) as viewer:
        return file.add(viewer, stored, material)


def picture(number: int) -> bytes:
    """A drawn figure, never a photograph of anybody."""
    image = Image.new("RGB", (179, 220), "white")
    draw = ImageDraw.Draw(image)
    shade = (120 + number % 60, 130 + number % 40, 150)
    draw.ellipse((54, 45, 124, 125), fill=shade)
    draw.ellipse((29, 135, 149, 280), fill=shade)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()
