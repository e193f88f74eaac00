"""Who can be asked where in the demo town: people are taken on, and residents entered, when somebody first needs them."""

from __future__ import annotations

import io
import random
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw

from doorstep.kernel import trust
from doorstep.kernel.models import Point
from doorstep.kernel.org import town
from doorstep.kernel.party import Person, find_or_add
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, ids
from doorstep.rulebook.region import Region
from doorstep.sim.office import Office
from doorstep.sim.people import Citizen, Home, latin, name_of, resident

ACCOUNTS = 60
"""How many residents apply online; all others come to a window."""
_AT_DESKS = ("clerk", "second", "approver", "colleague")
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_OUTLETS = ("agent", "post", "partner", "kiosk")
"""Kinds of points where no police stand."""
_ROLE = {"colleague": "approver", "second": "clerk"}
"""Posts of another name than their role: who grants what an approver asks for, or signs what a clerk counted, is somebody else."""


@dataclass
class Staff:
    """The town's people with an account. ``known`` are those who were made before: login to the order that made them."""

    place: Region
    seed: int
    office: Office
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    fact: str = "demo_people"
    """Under which name those who are taken on are written down."""
    tokens: dict[str, str] = field(default_factory=dict)
    cast: tuple[str, ...] = ()
    """The logins of residents anybody may sign in as: the first numbers of the town."""
    unlived: dict[str, int] = field(default_factory=dict)
    """How many lives came to nothing, by why."""
    posts: dict[tuple[int, str], str] = field(default_factory=dict)
    """Who has a post: unit and role to login."""

    def __post_init__(self) -> None:
        self._know(dict(self.known))
        stations = [u for u in self.place.units if u["kind"] == "station"]
        share = max(1, len(self.place.streets) // max(1, len(stations)))
        self.homes = tuple(
            Home(
                str(u["division"]),
                u["code"],
                self.place.streets[n * share : n * share + share] or self.place.streets[-share:],
            )
            for n, u in enumerate(stations)
        )

    def enter(self, login: str) -> AbstractContextManager[Viewer]:
        """A transaction of this person, who signs in when first needed."""
        if login not in self.tokens:
            made = self.known[login]
            proof = made["password"] if "password" in made else bytes.fromhex(made["key"])
            self.tokens[login] = trust.sign_in(login, proof)
        return trust.enter(self.tokens[login])

    def nobody(self) -> AbstractContextManager[Viewer]:
        """Somebody who is not signed in, whoever was before in this transaction."""
        fetch("select set_config('doorstep.ctx', '', true)")
        return trust.enter(None)

    def at(self, unit_id: int, role: str) -> str:
        """The login of somebody with this post in a unit; taken on if there is nobody yet."""
        found = self.posts.get((unit_id, role))
        if found is None:
            self.take_on([self._posted(unit_id, role)])
        return found or self.posts[(unit_id, role)]

    def _posted(self, unit_id: int, role: str) -> dict[str, Any]:
        name = name_of(self.seed, f"{role}:{unit_id}")
        told = {"zh": name, "en": latin(name)}
        return order(self.place, self.seed, f"{role}.{unit_id}", _ROLE.get(role, role), told, unit_id)

    def id_of(self, login: str) -> UUID:
        """The account of somebody who was taken on."""
        return UUID(str(self.known[login]["id"]))

    def bringer(self, point: Point) -> str:
        """Who brings matters at a point: somebody at its window, or where no police stand, the account bound to it."""
        if point.kind not in _OUTLETS:
            return self.at(point.unit_id, "clerk")
        bound = self._bound(point)
        self.take_on([bound])
        return str(bound["make"]["login"])

    def _bound(self, point: Point) -> dict[str, Any]:
        role = "kiosk" if point.kind == "kiosk" else "partner"
        login, name = f"at.{point.code}".lower(), {"zh": point.zh, "en": point.en}
        return order(self.place, self.seed, login, role, name, point.unit_id, point)

    def fill_posts(self) -> None:
        """Everybody whom lives may need is taken on at once: clerks, deciders, supervisors, and those who apply online."""
        units = [u for u in town().units.values() if u.active and u.kind != "partner"]
        wanted = [(u.id, role) for u in units for role in _AT_DESKS]
        wanted += [(u.id, "supervisor") for u in units if u.kind in ("county", "city")]
        bound = [self._bound(p) for p in town().points.values() if p.kind in _OUTLETS]
        self.take_on([*(self._posted(*one) for one in wanted if one not in self.posts), *bound])
        self.enter_residents(range(ACCOUNTS))

    def take_on(self, orders: list[dict[str, Any]]) -> None:
        """Have these accounts made, and written down with their passwords."""
        new = [one for one in orders if one["make"]["login"] not in self.known]
        if new:
            self._know({one["make"]["login"]: one["make"] for one in new})
            self.office.ask([*new, {"fact": [self.fact, list(self.known.values())]}])

    def _know(self, made: dict[str, dict[str, Any]]) -> None:
        self.known |= made
        for login, one in made.items():
            if one.get("unit") is not None:
                if one.get("point"):
                    continue
                post = login.partition(".")[0]
                self.posts.setdefault((one["unit"], post if post in _ROLE else one["role"]), login)

    # ---- residents ----

    def citizen(self, number: int) -> Citizen:
        """Anybody of the town."""
        return resident(self.seed, number, self.homes)

    def resident(self, number: int) -> Citizen:
        """The person behind the ``number``-th account, under the name of the cast if it is one of theirs."""
        someone = self.citizen(number)
        if number < len(self.cast):
            name = next(one["name"]["zh"] for one in self.place.cast if one["login"] == self.cast[number])
            return Citizen(
                someone.number, name, someone.id_no, someone.phone, someone.sex, someone.born, someone.address,
                someone.household, someone.station,
            )  # fmt: skip
        return someone

    def some_account(self, chance: random.Random) -> int:
        """One of those who apply online, mostly not of the cast."""
        return chance.randrange(len(self.cast), ACCOUNTS)

    def account(self, number: int) -> str:
        """The login of a resident, who was entered once at a window as a person who comes for the first time is."""
        self.enter_residents([number])
        return self._login(number)

    def enter_residents(self, numbers: Iterable[int]) -> None:
        """The accounts of these residents, as far as they have none yet."""
        missing = [number for number in numbers if self._login(number) not in self.known]
        if missing:
            clerk = self.at(next(u["id"] for u in self.place.units if u["kind"] == "station"), "clerk")
            with self.enter(clerk) as viewer:
                made = [self._entered(viewer, number) for number in missing]
            self.take_on(made)

    def _login(self, number: int) -> str:
        return self.cast[number] if number < len(self.cast) else f"resident.{number}"

    def _entered(self, viewer: Viewer, number: int) -> dict[str, Any]:
        someone, login = self.resident(number), self._login(number)
        source = random.Random(f"{self.seed}:party:{number}")  # noqa: S311  # an id, not a secret
        with ids.drawn_from(source, clock.now):
            person = Person(someone.name, someone.id_no, someone.phone)
            party = find_or_add(viewer, person, purpose="identify")
        name = next((one["name"] for one in self.place.cast if one["login"] == login), None)
        called = name or {"zh": someone.name, "en": latin(someone.name)}
        made = order(self.place, self.seed, login, "resident", called, None)
        made["make"]["party"] = str(party)
        return made

    @staticmethod
    def picture(number: int) -> bytes:
        """A drawn figure, never a photograph of anybody."""
        return picture(number)


def order(
    place: Region, seed: int, login: str, role: str, name: dict[str, str], unit: int | None, point: Point | None = None
) -> dict[str, Any]:  # fmt: skip
    """What the personnel office is asked to make. The id follows from seed and login, so that chains come out the same.

    The cast has passwords to type; everybody else signs in by a key, which costs no stretching.
    """
    cast = any(one["login"] == login for one in place.cast)
    proof = (
        {"password": f"{login}-{secrets.randbelow(9000) + 1000}"} if cast else {"key": secrets.token_hex(32)}
    )
    source = random.Random(f"{seed}:account:{login}")  # noqa: S311  # an id, not a secret
    with ids.drawn_from(source, lambda: _LONG_AGO):
        account_id: UUID = ids.uuid7()
    return {
        "make": {
            **proof, "id": str(account_id), "login": login, "role": role, "unit": unit,
            "kind": _kind(role, point), "rights": list(place.roles[role]),
            "name": [name["zh"], name["en"]], "assurance": 2, **({"point": point.id} if point else {}),
        }
    }  # fmt: skip


def _kind(role: str, point: Point | None) -> str:
    if point is not None:
        return "kiosk" if point.kind == "kiosk" else "outlet"
    return "resident" if role == "resident" else "officer"


@lru_cache(maxsize=64)
def _drawn(shade: int) -> bytes:
    image = Image.new("RGB", (179, 220), "white")
    draw = ImageDraw.Draw(image)
    colour = (120 + shade % 60, 130 + shade % 40, 150)
    draw.ellipse((54, 45, 124, 125), fill=colour)
    draw.ellipse((29, 135, 149, 280), fill=colour)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def picture(number: int) -> bytes:
    """A drawn figure, never a photograph of anybody."""
    return _drawn(number % 60)
