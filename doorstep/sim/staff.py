"""Who can be asked where in the demo town: people are taken on, and residents entered, when somebody first needs them."""

from __future__ import annotations

import io
import random
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw

from doorstep.kernel import trust
from doorstep.kernel.org import town
from doorstep.kernel.party import Person, find_or_add
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, ids
from doorstep.rulebook.region import Region
from doorstep.sim.office import Office
from doorstep.sim.people import Citizen, Home, resident

ACCOUNTS = 60
"""How many residents apply online; all others come to a window."""
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_NAMED = {"clerk": "窗口", "approver": "审批", "supervisor": "督办"}


@dataclass
class Staff:
    """The town's people with an account. ``known`` are those who were made before: login to the order that made them."""

    place: Region
    seed: int
    office: Office
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    cast: tuple[str, ...] = ()
    """The logins of residents anybody may sign in as: the first numbers of the town."""
    unlived: dict[str, int] = field(default_factory=dict)
    """How many lives came to nothing, by why."""

    def __post_init__(self) -> None:
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
            self.tokens[login] = trust.sign_in(login, self.known[login]["password"])
        return trust.enter(self.tokens[login])

    def at(self, unit_id: int, role: str) -> str:
        """The login of somebody with this post in a unit; taken on if there is nobody yet."""
        found = next(
            (
                login
                for login, one in self.known.items()
                if one.get("unit") == unit_id and one["role"] == role
            ),
            None,
        )
        if found is None:
            unit = town().units[unit_id]
            found = f"{role}.{unit_id}"
            name = {"zh": f"{unit.zh}{_NAMED[role]}", "en": f"{unit.en} {role}"}
            self.take_on([order(self.place, self.seed, found, role, name, unit_id)])
        return found

    def take_on(self, orders: list[dict[str, Any]]) -> None:
        """Have these accounts made, and written down with their passwords."""
        new = [one for one in orders if one["make"]["login"] not in self.known]
        if new:
            self.known |= {one["make"]["login"]: one["make"] for one in new}
            self.office.ask([*new, {"fact": ["demo_people", list(self.known.values())]}])

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
        login = self.cast[number] if number < len(self.cast) else f"resident.{number}"
        if login not in self.known:
            someone = self.resident(number)
            name = next((one["name"] for one in self.place.cast if one["login"] == login), None)
            clerk = self.at(next(u["id"] for u in self.place.units if u["kind"] == "station"), "clerk")
            source = random.Random(f"{self.seed}:party:{number}")  # noqa: S311  # an id, not a secret
            with ids.drawn_from(source, clock.now), self.enter(clerk) as viewer:
                person = Person(someone.name, someone.id_no, someone.phone)
                party = find_or_add(viewer, person, purpose="identify")
            made = order(
                self.place,
                self.seed,
                login,
                "resident",
                name or {"zh": someone.name, "en": someone.name},
                None,
            )
            made["make"]["party"] = str(party)
            self.take_on([made])
        return login

    @staticmethod
    def picture(number: int) -> bytes:
        """A drawn figure, never a photograph of anybody."""
        return picture(number)


def order(
    place: Region, seed: int, login: str, role: str, name: dict[str, str], unit: int | None
) -> dict[str, Any]:
    """What the personnel office is asked to make. The id follows from seed and login, so that chains come out the same."""
    source = random.Random(f"{seed}:account:{login}")  # noqa: S311  # an id, not a secret
    with ids.drawn_from(source, lambda: _LONG_AGO):
        account_id: UUID = ids.uuid7()
    return {
        "make": {
            "id": str(account_id), "login": login, "password": f"{login}-{secrets.randbelow(9000) + 1000}", "role": role,
            "unit": unit, "kind": "resident" if role == "resident" else "officer", "rights": list(place.roles[role]),
            "name": [name["zh"], name["en"]], "assurance": 2,
        }
    }  # fmt: skip


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
