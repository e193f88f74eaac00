"""Many matters from few: a life that was lived once (fill.py) is stamped again for other people, at other minutes.

A stamped matter has ids, number, keys, salts, hashes, search tokens and sealed bytes of its own: its chain verifies, its bodies
open, its papers are numbered without gaps. Only what was said and in which order is the template's. Rows go in as binary COPY.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from doorstep.kernel.crypto import new_key, open_small, pack_small, seal
from doorstep.kernel.event import canonical, genesis
from doorstep.kernel.issue import code_hash, holder_index
from doorstep.kernel.party import Person
from doorstep.kernel.trust import keys
from doorstep.rulebook.ids import link_code, matter_number, uuid7

ORDER = (
    "matter",
    "step",
    "share",
    "posting",
    "event",
    "event_body",
    "outbox",
    "file",
    "paper",
    "notice",
    "request_key",
    "access",
)
KEPT = timedelta(days=7)
"""Outbox and request rows older than this are gone from a real town (`trust.purge_outbox`, `trust.purge_requests`)."""
_PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SHIFT = 946_684_800_000_000  # microseconds from 1970 to 2000
_HEAD, _END, _NULL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff", b"\xff\xff\xff\xff"
_TYPES: dict[str, Callable[[Any], bytes]] = {
    "uuid": lambda v: v.bytes, "integer": lambda v: struct.pack(">i", v), "bigint": lambda v: struct.pack(">q", v),
    "smallint": lambda v: struct.pack(">h", v), "boolean": lambda v: b"\1" if v else b"\0",
    "double precision": lambda v: struct.pack(">d", v), "bytea": bytes, "text": lambda v: v.encode(),
    "character varying": lambda v: v.encode(), "date": lambda v: struct.pack(">i", (v - date(2000, 1, 1)).days),
    "jsonb": lambda v: b"\1" + orjson.dumps(v.obj if isinstance(v, Jsonb) else v),
    "timestamp with time zone": lambda v: struct.pack(">q", _ticks(v)),
}  # fmt: skip
_RANDOM = {("file", "sha256"): 32, ("request_key", "digest"): 32}
_CODES = {("notice", "check_code"), ("request_key", "request_id")}


def _ticks(moment: datetime) -> int:
    return (moment - _PG_EPOCH) // timedelta(microseconds=1)


def _long(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


Part = bytes | int


@dataclass(slots=True)
class Said:
    """What was typed at one event: as it was, or in pieces between which another person's details and files go."""

    seq: int
    digest: int
    salt: int
    sealed: int
    raw: bytes
    packed: bytes
    pieces: list[Part]


@dataclass(slots=True)
class Template:
    """One life in pieces: what is the same in every copy as bytes, what is each copy's own as the number of a slot."""

    person: Person
    unit_id: int
    division: str
    day: date
    slots: int = 0
    matter: int = 0
    tables: dict[str, list[list[Part]]] = field(default_factory=dict)
    named: dict[Any, int] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)
    random: list[tuple[int, int]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    files: list[tuple[int, int, int]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    form: list[Part] = field(default_factory=list)
    events: list[tuple[bytes, int, bytes, Said | None, bytes, int]] = field(default_factory=list)
    papers: list[tuple[int, int, int, int, int, str, tuple[int, str, int]]] = field(default_factory=list)

    def slot(self, name: Any) -> int:
        if name not in self.named:
            self.named[name] = self.slots
            self.slots += 1
        return self.named[name]


class Cutter:
    """Cuts lived lives into templates. ``types``: of each table's columns."""

    def __init__(self, conn: Connection[Any], since: datetime) -> None:
        self.since, self.types = since, dict[tuple[str, str], str]()
        for table, column, kind in conn.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'public'"
        ):
            self.types[(table, column)] = kind

    def cut(self, rows: Mapping[str, list[dict[str, Any]]], person: Person, division: str) -> Template:
        """A template from all rows of one matter, whose applicant was ``person``."""
        (matter,) = rows["matter"]
        opened = datetime.strptime(matter["number"][6:12], "%y%m%d").date()  # noqa: DTZ007 - a day
        made = Template(person, matter["unit_id"], division, opened)
        made.matter = made.slot(("id", matter["id"]))
        fresh = {row["id"] for name in ORDER for row in rows.get(name, []) if "id" in row}
        key = keys().unwrap(matter["key"], matter["id"].bytes)
        for one in sorted(fresh, key=lambda u: u.int):
            made.ids.append(made.slot(("id", one)))
            if any(row["id"] == one for row in rows.get("file", [])):
                made.files.append((made.slot(("id", one)), made.slot(("text", one)), made.slot(("key", one))))
        self._bodies(made, rows, matter, key)
        for name in ORDER:
            kept = [row for row in rows.get(name, []) if self._is_kept(name, row)]
            made.tables[name] = [self._row(made, name, row, n, matter, fresh) for n, row in enumerate(kept)]
        self._chain(made, rows["event"])
        return made

    def _is_kept(self, table: str, row: dict[str, Any]) -> bool:
        return table not in ("outbox", "request_key") or row["at"] > self.since

    def _bodies(self, made: Template, rows: Any, matter: Any, key: bytes) -> None:
        made.form = self._pieces(made, open_small(key, matter["sealed"], b"matter:" + matter["id"].bytes))
        for row in rows.get("event_body", []):
            place = f"event:{matter['id']}:{row['seq']}".encode()
            raw = open_small(key, row["sealed"], place)
            slots = [made.slot((name, row["seq"])) for name in ("body", "salt", "typed")]
            made.said.append(Said(row["seq"], *slots, raw, pack_small(raw), self._pieces(made, raw)))

    def _pieces(self, made: Template, raw: bytes) -> list[Part]:
        """Plain bytes, cut where they name the person or a file."""
        who = made.person
        known = {
            v.encode(): made.slot(("who", n)) for n, v in enumerate((who.name, who.id_no, who.phone)) if v
        }
        known |= {str(name[1]).encode(): at for name, at in made.named.items() if name[0] == "text"}
        cut = re.split(b"(" + b"|".join(map(re.escape, known)) + b")", raw)
        return [known.get(piece, piece) for piece in cut]

    def _row(
        self, made: Template, table: str, row: dict[str, Any], n: int, matter: Any, fresh: set[UUID]
    ) -> list[Part]:
        parts: list[Part] = [struct.pack(">h", len(row))]
        for column, value in row.items():
            if value is None:
                parts.append(_NULL)
                continue
            own = self._own(made, table, column, row, n, matter, fresh)
            if own is None:
                kind = self.types[(table, column)]
                parts.append(_long(_TYPES[kind](value)))
            else:
                parts += own
        return parts

    def _own(
        self,
        made: Template,
        table: str,
        column: str,
        row: dict[str, Any],
        n: int,
        matter: Any,
        fresh: set[UUID],
    ) -> list[Part] | None:
        """The pieces of a value that every copy has of its own; None if it is the same in all."""
        value, where = row[column], (table, column)
        if column == "recorded_at":
            value = row["at"]
        if isinstance(value, datetime):
            slot = made.slot(("time", value))
            if (slot, _ticks(value)) not in made.times:
                made.times.append((slot, _ticks(value)))
            return [struct.pack(">i", 8), slot]
        if isinstance(value, UUID):
            name = (
                ("id", value) if value in fresh else ("party",) if value == matter["applicant_id"] else None
            )
            return [struct.pack(">i", 16), made.slot(name)] if name else None
        if where in _RANDOM:
            made.random.append((made.slot((where, n)), _RANDOM[where]))
            return [struct.pack(">i", _RANDOM[where]), made.slot((where, n))]
        if where in _CODES:
            made.codes.append(made.slot((where, n)))
            return [struct.pack(">i", 16), made.slot((where, n))]
        if where == ("notice", "values"):
            return [struct.pack(">i", 35), b'\1{"number": "', made.slot(("number",)), b'"}']
        return self._keyed(made, where, row, n)

    def _keyed(
        self, made: Template, where: tuple[str, str], row: dict[str, Any], n: int
    ) -> list[Part] | None:
        table, column = where
        if where == ("matter", "number"):
            return [struct.pack(">i", 20), made.slot(("number",))]
        if where == ("file", "key"):
            return [made.slot(("key", row["id"]))]
        if where == ("posting", "token"):
            return [struct.pack(">i", 16), made.slot(("token", n))]
        if where in (("matter", "key"), ("matter", "sealed")):
            return [made.slot((column,))]
        if where == ("matter", "head"):
            return [struct.pack(">i", 32), made.slot(("hash", row["version"]))]
        if table in ("event", "event_body") and column in ("hash", "body", "salt"):
            return [struct.pack(">i", 32), made.slot((column, row["seq"]))]
        if where == ("event_body", "sealed"):
            return [made.slot(("typed", row["seq"]))]
        if table == "paper" and column in ("number", "code_hash", "holder", "sealed"):
            if column == "number":
                prefix, _, _ = row["number"].rpartition("-")
                slots = [made.slot((name, n)) for name in ("number", "code_hash", "holder", "sealed")]
                made.papers.append(
                    (
                        made.slot(("id", row["id"])),
                        *slots,
                        prefix,
                        (row["unit_id"], prefix[: -len("990000000-0000")], row["issued_at"].year),
                    )
                )
            return [made.slot((column, n))]
        return None

    def _chain(self, made: Template, events: list[dict[str, Any]]) -> None:
        said = {one.seq: one for one in made.said}
        for row in events:
            unit = "" if row["unit_id"] is None else row["unit_id"]
            before = f"|{row['seq']}|{row['kind']}|".encode()
            after = f"|{row['account_id']}|{unit}|".encode()
            at = made.slot(("time", row["at"]))
            header = f"|{row['header']}".encode()
            made.events.append(
                (before, at, after, said.get(row["seq"]), header, made.slot(("hash", row["seq"])))
            )


@dataclass
class Stamper:
    """Stamps templates into COPY buffers. Numbers of matters run ``sequence``, ``sequence + step``, …"""

    sequence: int
    step: int
    counters: dict[tuple[int, str, int], int]
    buffers: dict[str, list[bytes]] = field(default_factory=lambda: {name: [] for name in ORDER})
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _about: dict[UUID, tuple[bytes, ...]] = field(default_factory=dict)

    def stamp(self, one: Template, party: UUID, person: Person, later: int) -> UUID:
        """One more matter of ``one`` for ``person``, ``later`` microseconds after the first."""
        v: list[bytes] = [b""] * one.slots
        front, chance = uuid7().bytes[:8], os.urandom(7 * len(one.ids))
        for n, slot in enumerate(one.ids):  # at most 64: ids of one moment, in their order
            v[slot] = front + bytes((0x80 | n,)) + chance[7 * n : 7 * n + 7]
        at = {}
        for slot, ticks in one.times:
            at[slot] = ticks + later
            v[slot] = struct.pack(">q", ticks + later)
        for slot, length in one.random:
            v[slot] = os.urandom(length)
        for slot in one.codes:
            v[slot] = os.urandom(8).hex().encode()
        matter_id = UUID(bytes=v[one.matter])
        self._fill(one, v, at, matter_id, party, person)
        for name, rows in one.tables.items():
            out = self.buffers[name]
            for parts in rows:
                out.append(b"".join([p if p.__class__ is bytes else v[p] for p in parts]))  # type: ignore[misc, index]
        return matter_id

    def _fill(
        self, one: Template, v: list[bytes], at: dict[int, int], matter_id: UUID, party: UUID, person: Person
    ) -> None:
        key, name = new_key(), one.named
        self.sequence += self.step
        number = matter_number(one.division, one.day, self.sequence)
        v[name[("number",)]], v[name[("key",)]] = number.encode(), _long(keys().wrap(key, matter_id.bytes))
        if ("party",) in name:
            v[name[("party",)]] = party.bytes
        for n, value in enumerate((person.name, person.id_no, person.phone)):
            if ("who", n) in name:
                v[name[("who", n)]] = value.encode()
        for slot, text, wrapped in one.files:
            v[text] = str(UUID(bytes=v[slot])).encode()
            v[wrapped] = _long(keys().wrap(new_key(), v[slot]))
        for n, token in enumerate((keys().blind("number", number), *self._tokens(party, person))):
            if ("token", n) in name:
                v[name[("token", n)]] = token
        form = seal(key, pack_small(_whole(one.form, v)), b"matter:" + matter_id.bytes)
        v[name[("sealed",)]] = _long(form)
        self._say(one, v, at, matter_id, key)
        self._papers(one, v, key, person)

    def _say(self, one: Template, v: list[bytes], at: dict[int, int], matter_id: UUID, key: bytes) -> None:
        """Bodies sealed anew, and the chain over them."""
        text = str(matter_id)
        for said in one.said:
            raw = said.raw if len(said.pieces) == 1 else _whole(said.pieces, v)
            packed = said.packed if len(said.pieces) == 1 else pack_small(raw)
            v[said.salt] = salt = os.urandom(32)
            v[said.digest] = hashlib.sha256(salt + raw).digest()
            v[said.sealed] = _long(seal(key, packed, f"event:{text}:{said.seq}".encode()))
        link, told = genesis(matter_id), text.encode()
        for before, slot, after, typed, header, out in one.events:
            body = v[typed.digest].hex().encode() if typed else b""
            v[out] = link = hashlib.sha256(
                b"".join((link, told, before, str(at[slot] + _SHIFT).encode(), after, body, header))
            ).digest()

    def _papers(self, one: Template, v: list[bytes], key: bytes, person: Person) -> None:
        for slot, number, hashed, holder, sealed, prefix, counter in one.papers:
            self.counters[counter] = last = self.counters.get(counter, 0) + 1
            code = link_code()
            v[number] = _long(f"{prefix}-{last:06d}".encode())
            v[hashed], v[holder] = _long(code_hash(code)), _long(holder_index(person.name))
            v[sealed] = _long(seal(key, canonical({"code": code}), b"paper:" + v[slot]))

    def _tokens(self, party: UUID, person: Person) -> tuple[bytes, ...]:
        known = self._about.get(party)
        if known is None:
            known = self._about[party] = (
                keys().blind("party", str(party)), keys().blind("name", person.name), keys().blind("id_no", person.id_no)
            )  # fmt: skip
        return known

    def flush(self, conn: Connection[Any]) -> None:
        """Write what is buffered (as a role above row security)."""
        with conn.transaction(), conn.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            for table, rows in self.buffers.items():
                if rows:
                    columns = sql.SQL(", ").join(map(sql.Identifier, self.columns[table]))
                    line = sql.SQL("copy {} ({}) from stdin (format binary)").format(
                        sql.Identifier(table), columns
                    )
                    with cursor.copy(line) as out:
                        out.write(_HEAD + b"".join(rows) + _END)
                    rows.clear()

    def close(self, conn: Connection[Any]) -> None:
        """Write what is left, and let the town count on from here."""
        self.flush(conn)
        conn.execute(
            "select setval('matter_number', greatest(%s, (select last_value from matter_number)))",
            [self.sequence],
        )
        for (unit, template, year), last in self.counters.items():
            conn.execute(
                "insert into paper_counter (unit_id, template, year, last) values (%s, %s, %s, %s) on conflict"
                " (unit_id, template, year) do update set last = greatest(paper_counter.last, excluded.last)",
                [unit, template, year, last],
            )


def _whole(pieces: list[Part], v: list[bytes]) -> bytes:
    return b"".join([p if isinstance(p, bytes) else v[p] for p in pieces])
