"""A region of the five as an installation of its own: a database founded for it, its clerks, and one resident."""

from __future__ import annotations

import contextlib
import os
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from doorstep.rulebook import pack
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import Region, load_region, region
from doorstep.run.place import Place
from doorstep.run.roles import DATABASE, SUPERUSER, dsn, furnish
from doorstep.sim.people import Citizen, Home, born_like, resident
from tests.cast import fresh

PRISTINE = "doorstep_pristine"
"""The database as it was migrated and before anybody came in; nobody connects to it, so it can be copied."""


def superuser(place: Place, dbname: str) -> psycopg.Connection[Any]:
    """A connection as the owner of everything, to make and drop databases."""
    told = dsn("backup", place) | {"user": SUPERUSER, "password": place.secret(SUPERUSER), "dbname": dbname}
    return psycopg.connect(**told, autocommit=True)  # type: ignore[arg-type]


def copy_database(place: Place, source: str, target: str) -> None:
    """Another database with the same tables and rows."""
    names = sql.Identifier(target), sql.Identifier(source)
    with superuser(place, "postgres") as conn:
        conn.execute(sql.SQL("drop database if exists {}").format(names[0]))
        conn.execute(sql.SQL("create database {} template {} strategy file_copy").format(*names))
    with superuser(place, target) as conn:
        furnish(conn)


@dataclass
class Elsewhere:
    """One region, running in this process. ``clerk(unit)`` and ``resident`` are tokens."""

    place: Region
    clerks: dict[str, str] = field(default_factory=dict)
    resident: str = ""
    someone: Citizen | None = None

    def open(self, item: str, point: str, channel: str) -> Any:
        """Begin an item with sound answers, as one of its own examples tells them, at a point through a channel."""
        from doorstep.kernel import matter, trust
        from doorstep.kernel.party import Person

        online = channel == "online"
        unit = next(one["unit"] for one in self.place.points if one["code"] == point)
        token = self.resident if online else self.clerks[unit]
        data, who = self._answers(item, point, token, online)
        person = None if online else Person(who.name, who.id_no, who.phone)
        with trust.enter(token) as viewer:
            return matter.open_matter(
                viewer,
                item=item,
                point=point,
                channel=channel,
                data=data,
                request_id=fresh(),
                applicant=person,
            )

    def _answers(self, item: str, point: str, token: str, online: bool) -> tuple[dict[str, Any], Citizen]:
        from doorstep.kernel.org import reach_at
        from doorstep.sim import answers

        of = pack.current(item, reach_at(point))
        example = sound(of)
        named = next((one.pointer for one in of.form.fields if one.fact == "applicant.id_no"), "")
        own = self.someone or self.citizen(0)
        who = (
            own
            if online
            else born_like(self.citizen(zlib.crc32(item.encode()) % 900 + 9), _at(example, named))
        )
        town = answers.Town(
            applicant=who, city=self.place.name.zh, place=lambda wanted, _: self._choose(wanted, point),
            other=lambda group, like: born_like(self.citizen(1000 + zlib.crc32(group.encode()) % 500), like),
            upload=lambda material: self._upload(token, material),
        )  # fmt: skip
        return answers.answers(of.form, example, town), who

    def citizen(self, number: int) -> Citizen:
        """Somebody who lives here."""
        stations = [one for one in self.place.units if one["kind"] == "station"]
        homes = [Home(str(one["division"]), one["code"], self.place.streets) for one in stations]
        return resident(1, number, homes)

    def _choose(self, wanted: str, point: str) -> str:
        what, _, kind = wanted.partition(".")
        if what == "units":
            return next(str(one["code"]) for one in self.place.units if one["kind"] == kind)
        kinds = {"hall", "station"} if kind == "hand_out" else {kind}
        return next(str(one["code"]) for one in self.place.points if kinds & set(one["channels"]))

    @staticmethod
    def _upload(token: str, material: str) -> str:
        from doorstep.kernel import file, trust
        from doorstep.sim.town import picture

        stored = file.receive([picture(1)])
        with trust.enter(token) as viewer:
            return str(file.add(viewer, stored, material))


def sound(of: Pack) -> dict[str, Any]:
    """The answers of the first example of an item that the form takes."""
    told = [one for one in of.raw["examples"] if "faults" not in one["expect"]]
    return dict(next(iter(told))["data"])


def _at(data: dict[str, Any], pointer: str) -> str:
    from doorstep.rulebook.field import at_pointer

    return str(at_pointer(data, pointer) or "") if pointer else ""


@contextlib.contextmanager
def elsewhere(name: str, place: Place) -> Iterator[Elsewhere]:
    """The region called ``name``, founded in a database of its own; gone afterwards."""
    from doorstep.kernel import org, trust
    from doorstep.kernel.party import Person, find_or_add

    target, was = f"{DATABASE}_{name}", os.environ.get("DOORSTEP_REGION")
    copy_database(place, PRISTINE, target)
    os.environ["DOORSTEP_REGION"] = name
    here = Elsewhere(load_region(name))
    try:
        with _as("migrator", place, target):
            _found(here)
        with _as("app", place, target):
            org.forget_town()
            first = next(iter(here.clerks))
            tokens = {unit: trust.sign_in(f"clerk.{unit}".lower(), b"k" * 32) for unit in here.clerks}
            here.someone = here.citizen(0)
            with trust.enter(tokens[first]) as viewer:
                someone = Person(here.someone.name, here.someone.id_no, here.someone.phone)
                party = find_or_add(viewer, someone, purpose="identify")
            here.clerks = tokens
        with _as("migrator", place, target):
            _account(here.place, "resident", "resident", None, party)
        with _as("town", place, target):
            here.resident = trust.sign_in("resident", b"k" * 32)
            yield here
    finally:
        os.environ.pop("DOORSTEP_REGION")
        if was is not None:
            os.environ["DOORSTEP_REGION"] = was
        _forget()
        with superuser(place, "postgres") as conn:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(target)))


def _found(here: Elsewhere) -> None:
    """What `doorstep migrate` does at the founding of a region, and a clerk at each unit that has points."""
    from django.db import connection

    from doorstep.domains.studio.publish import found_packs
    from doorstep.kernel.found import found

    with connection.cursor() as cursor:
        cursor.execute("delete from point; delete from unit; delete from fact where name = 'region'")
    found(demo=True)
    found_packs()
    for unit in dict.fromkeys(one["unit"] for one in here.place.points):
        _account(
            here.place,
            f"clerk.{unit}".lower(),
            "clerk",
            next(u["id"] for u in here.place.units if u["code"] == unit),
        )
        here.clerks[unit] = ""


def _account(place: Region, login: str, role: str, unit: int | None, party: Any = None) -> None:
    from doorstep.kernel import trust
    from doorstep.rulebook.words import Words

    trust.create_account(
        login=login, password=b"k" * 32, kind="resident" if party else "officer", role=role, rights=list(place.roles[role]),
        name=Words(login, login), party_id=party, unit_id=unit, assurance=2,
    )  # fmt: skip


@contextlib.contextmanager
def _as(role: str, place: Place, dbname: str) -> Iterator[None]:
    """Django speaks to another database as another role; nothing that it was told before is believed."""
    from django.db import connection, connections

    def close() -> None:
        for one in connections.all(initialized_only=True):
            one.close()
            one.close_pool()  # type: ignore[attr-defined]

    params, before = dsn(role, place), dict(connection.settings_dict)
    close()
    connection.settings_dict |= {"USER": params["user"], "PASSWORD": params["password"], "NAME": dbname}
    _forget()
    try:
        yield
    finally:
        close()
        connection.settings_dict |= before
        _forget()


def _forget() -> None:
    from doorstep.web.portal import find

    region.cache_clear()
    find._drawn.clear()
    pack.heard(-random.randrange(1, 1 << 30))  # another publication than any: all is asked anew
