"""What a reader of a matter sees beside its flow: who else is concerned, other matters, the place.

A matter that was never tied to anything costs no query here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Q

from doorstep.kernel.models import Event, Involved, Matter, Tie
from doorstep.kernel.party import Person, people
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.words import Words

#: Of each event: kind, the entry it is about, and what was typed.
Told = Sequence[tuple[str, str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class PartyView:
    """Somebody concerned beside the applicant. ``person`` is None while nobody knows who; ``described`` is what is known."""

    id: UUID
    role: str
    person: Person | None
    described: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TieView:
    """Another matter this one touches: linked, merged_from, merged_into, referred_to, referred_from, child, parent."""

    matter_id: UUID
    number: str
    title: Words
    state: str
    kind: str


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Where it is: degrees of WGS-84, and what the place is called."""

    lon: float
    lat: float
    address: str


def parties(viewer: Viewer, row: Matter, told: Told) -> tuple[PartyView, ...]:
    """Who else is concerned. The applicant is not told who: a witness or a neighbour has a right to that."""
    if not row.tied or viewer.is_resident:
        return ()
    found = list(Involved.objects.filter(matter_id=row.id).order_by("at", "id"))
    known = people(one.party_id for one in found if one.party_id)
    said = {
        entry: str(body["described"]) for kind, entry, body in told if kind == "involved" and "described" in body
    }  # fmt: skip
    return tuple(
        PartyView(one.id, one.role, known.get(one.party_id) if one.party_id else None, said.get(str(one.id), ""), one.at)
        for one in found
    )  # fmt: skip


_OTHER_SIDE = {
    "merged": ("merged_from", "merged_into"),
    "referred": ("referred_to", "referred_from"),
    "child": ("child", "parent"),
}


def ties(row: Matter) -> tuple[TieView, ...]:
    """The matters this one is tied to that the reader may see too; the others are not mentioned."""
    if not row.tied:
        return ()
    found = list(Tie.objects.filter(Q(matter_id=row.id) | Q(other_id=row.id)).order_by("at", "id"))
    ids = {t.other_id if t.matter_id == row.id else t.matter_id for t in found}
    seen = {m.id: m for m in Matter.objects.filter(id__in=ids).only("id", "number", "state", "pack")}
    views = []
    for tie in found:
        first = tie.matter_id == row.id
        other = seen.get(tie.other_id if first else tie.matter_id)
        if other is not None:
            kind = _OTHER_SIDE.get(tie.kind, (tie.kind, tie.kind))[0 if first else 1]
            views.append(
                TieView(other.id, other.number, pack.version(bytes(other.pack)).title, other.state, kind)
            )
    return tuple(views)


def place(row: Matter, told: Told) -> PlaceView | None:
    """Where it is, once somebody has said so."""
    if row.lon is None or row.lat is None:
        return None
    said = [str(body.get("address", "")) for kind, _, body in told if kind == "located"]
    return PlaceView(row.lon, row.lat, said[-1] if said else "")


def earlier(row: Matter) -> tuple[pack.Pack, ...]:
    """The packs that this matter went by before it was reclassified or moved to another version, the latest first."""
    if not row.tied:
        return ()
    pinning = ("opened", "reclassified", "repinned")
    kinds = Event.objects.filter(matter_id=row.id, kind__in=pinning).order_by("-seq")
    headers = [orjson.loads(text) for text in kinds.values_list("header", flat=True)]
    return tuple(pack.version(bytes.fromhex(header["pack"])) for header in headers[1:])
