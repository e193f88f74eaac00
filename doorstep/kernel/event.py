"""The chain of a matter: header bytes, hashes, sealed bodies, and their proof.

Header: canonical JSON with codes only, so that replay needs no personal data and survives erasure. What a person typed
goes to the body: ``sha256(salt + bytes)`` stands beside the header, salt and sealed bytes in a table of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from doorstep.kernel.crypto import open_small, seal_small
from doorstep.kernel.models import Event, EventBody, Matter
from doorstep.kernel.row import fetch, run
from doorstep.rulebook.ids import salt as new_salt
from doorstep.rulebook.ids import uuid7

_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event ready to be written: chain position, hashes, header, and its body if any."""

    id: UUID
    matter_id: UUID
    seq: int
    kind: str
    at: datetime
    account_id: UUID
    unit_id: int | None
    header: str
    body: bytes | None
    hash: bytes
    typed: tuple[bytes, bytes] | None


def genesis(matter_id: UUID) -> bytes:
    """What the first event of a matter links to."""
    return hashlib.sha256(str(matter_id).encode()).digest()


def canonical(value: object) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def entry(
    matter_id: UUID,
    *,
    seq: int,
    prev: bytes,
    kind: str,
    at: datetime,
    account_id: UUID,
    unit_id: int | None,
    codes: Mapping[str, Any],
    body: Mapping[str, Any] | None = None,
    key: bytes = b"",
) -> Entry:
    """Make the next event of a chain. ``body`` is sealed under the matter's ``key``; ``codes`` stay in clear."""
    header, digest, typed = canonical(codes).decode(), None, None
    if body:
        salt, raw = new_salt(), canonical(body)
        digest, typed = (
            hashlib.sha256(salt + raw).digest(),
            (salt, seal_small(key, raw, _place(matter_id, seq))),
        )
    link = link_of(prev, matter_id, seq, kind, at, account_id, unit_id, digest, header)
    return Entry(uuid7(), matter_id, seq, kind, at, account_id, unit_id, header, digest, link, typed)


def link_of(
    prev: bytes, matter_id: UUID, seq: int, kind: str, at: datetime, account_id: UUID, unit_id: int | None,
    body: bytes | None, header: str,
) -> bytes:  # fmt: skip
    """The hash of an event: over the hash before it and everything the event says (as in `event_links`, tables.sql)."""
    unit, typed = "" if unit_id is None else unit_id, body.hex() if body else ""
    told = f"{matter_id}|{seq}|{kind}|{(at - _EPOCH) // _TICK}|{account_id}|{unit}|{typed}|{header}"
    return hashlib.sha256(prev + told.encode()).digest()


def _place(matter_id: UUID, seq: int) -> bytes:
    return f"event:{matter_id}:{seq}".encode()


def append(entry: Entry, state: str) -> None:
    """Write an event, its body and one outbox row. The database refuses a link that does not fit."""
    run(
        """insert into event (id, matter_id, seq, kind, at, recorded_at, account_id, unit_id, header, body, hash)
        values (%s, %s, %s, %s, %s, now(), %s, %s, %s, %s, %s)""",
        entry.id, entry.matter_id, entry.seq, entry.kind, entry.at, entry.account_id, entry.unit_id,
        entry.header, entry.body, entry.hash,
    )  # fmt: skip
    if entry.typed:
        body = "insert into event_body (matter_id, seq, salt, sealed) values (%s, %s, %s, %s)"
        run(body, entry.matter_id, entry.seq, *entry.typed)
    outbox = "insert into outbox (event_id, matter_id, kind, state, at) values (%s, %s, %s, %s, %s)"
    run(outbox, entry.id, entry.matter_id, entry.kind, state, entry.at)


HISTORY = """select e.seq, e.kind, e.at, e.account_id, e.unit_id, e.header, e.hash, b.sealed from event e
left join event_body b on b.matter_id = e.matter_id and b.seq = e.seq where e.matter_id = %s order by e.seq"""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is read again: what its header says, and what was typed."""

    seq: int
    kind: str
    at: datetime
    account_id: UUID
    unit_id: int | None
    header: dict[str, Any]
    hash: bytes
    body: dict[str, Any]


def history(matter_id: UUID, key: bytes, found: list[Any] | None = None) -> Iterator[Told]:
    """The events of a matter, oldest first; of what `HISTORY` ``found``, if it was asked before. Raises `crypto.Unreadable`
    if what was typed was altered or moved.
    """
    for seq, kind, at, account_id, unit_id, header, link, sealed in (
        fetch(HISTORY, matter_id) if found is None else found
    ):
        body = orjson.loads(open_small(key, sealed, _place(matter_id, seq))) if sealed else {}
        yield Told(seq, kind, at, account_id, unit_id, orjson.loads(header), link, body)


def verify(matter_id: UUID, key: bytes | None) -> list[str]:
    """Every fault of one chain, in words for the auditor; empty when it holds.

    Checks links and hashes, that bodies match their hashes (unless erased, ``key`` None), and that the matter's head is the
    last event.
    """
    faults: list[str] = []
    prev, seq = genesis(matter_id), 0
    bodies = {b.seq: b for b in EventBody.objects.filter(matter_id=matter_id)} if key else {}
    for row in Event.objects.filter(matter_id=matter_id).order_by("seq"):
        seq += 1
        faults += _faults_of(row, seq, prev)
        if key:
            faults += _body_faults(row, bodies.get(row.seq), key)
        prev = bytes(row.hash)
    matter = Matter.objects.filter(id=matter_id).values("head", "version").first()
    if not key and EventBody.objects.filter(matter_id=matter_id).exists():
        faults.append(f"{matter_id}: erased, but what was typed is still there")
    if matter is None or seq == 0 or bytes(matter["head"]) != prev or matter["version"] != seq:
        faults.append(f"{matter_id}: the matter's head is not its last event")
    return faults


def _faults_of(row: Event, seq: int, prev: bytes) -> list[str]:
    name = f"{row.matter_id}#{row.seq}"
    faults = []
    if row.seq != seq:
        faults.append(f"{name}: expected event {seq}")
    body = bytes(row.body) if row.body is not None else None
    link = link_of(
        prev, row.matter_id, row.seq, row.kind, row.at, row.account_id, row.unit_id, body, row.header
    )
    if bytes(row.hash) != link:
        faults.append(f"{name}: does not continue the chain")
    return faults


def _body_faults(row: Event, body: EventBody | None, key: bytes) -> list[str]:
    if row.body is None:
        return []
    if body is None:
        return [f"{row.matter_id}#{row.seq}: body is missing"]
    raw = open_small(key, bytes(body.sealed), _place(row.matter_id, row.seq))
    if hashlib.sha256(bytes(body.salt) + raw).digest() != bytes(row.body):
        return [f"{row.matter_id}#{row.seq}: body does not match its hash"]
    return []
