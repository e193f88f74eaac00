"""Proving the log: every chain links, every body fits its header, headers alone replay to the state, step rows agree.

Runs as the worker, matter by matter, as the system; what was erased is proved by its headers alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

import doorstep.kernel.change  # noqa: F401 - says where packs are kept that no file holds any more
from doorstep.kernel import event
from doorstep.kernel.models import Event, Fact, Matter, Step
from doorstep.kernel.trust import enter_system, keys
from doorstep.rulebook import flow, pack

_BATCH = 500
_PINNING = ("opened", "reclassified", "repinned")


@dataclass
class Proof:
    """What was looked at, and every fault in words for the auditor. ``since_copy``: matters erased after the copy was made from
    which this database came back, as the restoring told: the event of their erasure is not in it.
    """

    matters: int = 0
    events: int = 0
    erased: int = 0
    faults: list[str] = field(default_factory=list)
    since_copy: frozenset[str] = field(
        default_factory=lambda: frozenset(
            *Fact.objects.filter(name="erased_since_copy").values_list("value", flat=True)
        )
    )


def verify_log() -> Proof:
    """Prove every matter of this database. Needs the worker role."""
    proof = Proof()
    for matter_id in _matters():
        with enter_system(matter_id):
            prove(matter_id, proof)
    return proof


def _matters() -> Iterator[UUID]:
    after: UUID | None = None
    while True:
        with connection.cursor() as cursor:
            cursor.execute("select id from trust.matters_after(%s, %s)", [after, _BATCH])
            ids = [row[0] for row in cursor.fetchall()]
        yield from ids
        if len(ids) < _BATCH:
            return
        after = ids[-1]


def _replay(events: list[tuple[str, dict[str, Any]]]) -> tuple[flow.State, bytes]:
    """The state that the headers alone amount to, and the version that they say it goes by: as it was opened, from a
    reclassification on that of the other item from its start, and another version of the same from where it stood.
    """
    state, digest = flow.State(), b""  # nothing, without a first event: then the chain has been found lacking
    for kind, header in events:
        digest = bytes.fromhex(header["pack"]) if kind in _PINNING else digest
        state = flow.State() if kind == "reclassified" else state
        told = [flow.Happening.from_codes(one) for one in header["happened"]]
        if told and digest:
            state = flow.replay(pack.version(digest).flow, told, state)
    return state, digest


def prove(matter_id: UUID, proof: Proof) -> None:
    """Prove one matter, within a transaction that sees it; what is wrong is added to ``proof``."""
    row = Matter.objects.get(id=matter_id)
    key = keys().unwrap(bytes(row.key), row.id.bytes) if row.key is not None else None
    proof.matters += 1
    proof.events += row.version
    proof.erased += key is None
    proof.faults += event.verify(matter_id, key)
    erased = Event.objects.filter(matter_id=matter_id, seq=row.version, kind="erased").exists()
    if (erased or str(matter_id) in proof.since_copy) != (key is None):
        proof.faults.append(
            f"{row.number}: the key is gone without the event that says so, or the other way round"
        )
    kept = Event.objects.filter(matter_id=matter_id).order_by("seq").values_list("kind", "header")
    state, digest = _replay([(kind, orjson.loads(header)) for kind, header in kept])
    if digest and digest != bytes(row.pack):
        proof.faults.append(f"{row.number}: the headers say another version than the matter goes by")
    if state != flow.State.from_json(row.flow):
        proof.faults.append(f"{row.number}: the headers replay to another state than the matter's")
    opens = set(Step.objects.filter(matter_id=matter_id, closed_at=None).values_list("name", flat=True))
    if opens != ({*state.open} if not state.ended else set()):
        proof.faults.append(
            f"{row.number}: step rows and state differ: {sorted(opens)} / {sorted(state.open)}"
        )
