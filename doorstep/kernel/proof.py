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
from doorstep.kernel import event, flow, pack
from doorstep.kernel.models import Event, Matter, Step
from doorstep.kernel.trust import enter_system, keys

_BATCH = 500


@dataclass
class Proof:
    """What was looked at, and every fault in words for the auditor."""

    matters: int = 0
    events: int = 0
    erased: int = 0
    faults: list[str] = field(default_factory=list)


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


def _replay(events: list[tuple[str, dict[str, Any]]]) -> flow.State:
    """The state that the headers alone amount to; from a reclassification on it is that of the other item's flow."""
    since = max(
        (at for at, (kind, _) in enumerate(events) if kind in ("opened", "reclassified")), default=None
    )
    if since is None:
        return flow.State()  # a matter without its first event, which the chain has been found lacking for
    told = [flow.Happening.from_codes(one) for _, header in events[since:] for one in header["happened"]]
    return flow.replay(pack.version(bytes.fromhex(events[since][1]["pack"])).flow, told)


def prove(matter_id: UUID, proof: Proof) -> None:
    """Prove one matter, within a transaction that sees it; what is wrong is added to ``proof``."""
    row = Matter.objects.get(id=matter_id)
    key = keys().unwrap(bytes(row.key), row.id.bytes) if row.key is not None else None
    proof.matters += 1
    proof.events += row.version
    proof.erased += key is None
    proof.faults += event.verify(matter_id, key)
    erased = Event.objects.filter(matter_id=matter_id, seq=row.version, kind="erased").exists()
    if erased != (key is None):
        proof.faults.append(
            f"{row.number}: the key is gone without the event that says so, or the other way round"
        )
    kept = Event.objects.filter(matter_id=matter_id).order_by("seq").values_list("kind", "header")
    state = _replay([(kind, orjson.loads(header)) for kind, header in kept])
    if state != flow.State.from_json(row.flow):
        proof.faults.append(f"{row.number}: the headers replay to another state than the matter's")
    opens = set(Step.objects.filter(matter_id=matter_id, closed_at=None).values_list("name", flat=True))
    if opens != ({*state.open} if not state.ended else set()):
        proof.faults.append(
            f"{row.number}: step rows and state differ: {sorted(opens)} / {sorted(state.open)}"
        )
