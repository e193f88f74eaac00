"""A visit goes to a colleague who accepts it: offered to one or to the unit, taken by one, and then the giver has it no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.models import VisitOffer
from doorstep.domains.counter.visit import Visit
from doorstep.kernel import assign, file
from doorstep.kernel.crypto import new_key, open_sealed, seal
from doorstep.kernel.event import canonical
from doorstep.kernel.party import mask_name
from doorstep.kernel.trust import Viewer, keys, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_GONE = Words(
    "这次来访已经不在名单里：可能别的同事接了，或者给的人收回了。",
    "This visit is not on offer any more: another colleague took it, or it was taken back.",
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A visit that waits for a colleague: whose (masked), what for, a word about it."""

    id: UUID
    visit_id: UUID
    mark: str
    title: Words
    note: str
    giver: Words
    at: datetime
    mine: bool
    for_me: bool


def offer(viewer: Viewer, visit: Visit, to: UUID | None, note: str) -> Visit:
    """Offer a visit to a colleague of the unit, or to whoever of it is free. What it holds can be taken back until it is taken.

    Refused: "no-colleague"; "not-found" for a visit of somebody else.
    """
    known = assign.colleagues().get(to) if to else None
    if to and (
        known is None
        or known.unit_id != viewer.unit_id
        or "receive" not in known.verbs
        or to == viewer.account_id
    ):
        raise Refused(
            "no-colleague",
            Words("请选一位本单位窗口的同事。", "Choose a colleague at a window of your unit."),
        )
    withdraw(viewer, visit)
    kept = visits.keep(viewer, replace(visit, parked=True, before={}))
    files = file.pending(viewer, visits.uploads(kept))
    names = [mask_name(one.person.name) for one in kept.guests if one.person.name]
    titles = visits.names_of(kept, kept.items)
    told = {"zh": "、".join([*names, *(t.zh for t in titles)]), "en": ", ".join([*names, *(t.en for t in titles)]),
            "note": note.strip()[:200]}  # fmt: skip
    offer_id, key = uuid7(), new_key()
    VisitOffer.objects.create(
        id=offer_id, visit_id=kept.id or offer_id, unit_id=viewer.unit_id or 0,
        from_account=viewer.account_id, to_account=to, mark=visits.mark(kept),
        files=list(files), key=keys().wrap(key, offer_id.bytes), sealed=seal(key, canonical(told), b"offer:" + offer_id.bytes),
        at=clock.now(),
    )  # fmt: skip
    return visits.keep(viewer, replace(kept, offer=str(offer_id)))


def withdraw(viewer: Viewer, visit: Visit) -> Visit:
    """The giver goes on with it: nobody can take it any more."""
    if visit.offer:
        VisitOffer.objects.filter(id=visit.offer, from_account=viewer.account_id, ended_at=None).update(
            ended_at=clock.now()
        )
    return replace(visit, offer="")


def take(viewer: Viewer, offer_id: UUID) -> UUID:
    """Take an offered visit over. Answers its id. Refused: "gone" (409) if somebody was faster."""
    viewer.need("receive")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select trust.take_visit(%s, %s)", [offer_id, clock.now()])
        visit_id: UUID | None = cursor.fetchone()[0]
        if visit_id is None:
            raise Refused("gone", _GONE, status=409)
        visits.keep(viewer, replace(visits.load(viewer, visit_id), offer="", parked=False))
    return visit_id


def offered(viewer: Viewer) -> list[Offered]:
    """The visits of the viewer's unit that wait for somebody to take them; those meant for the viewer first."""
    rows = (
        list(VisitOffer.objects.filter(unit_id=viewer.unit_id, ended_at=None).order_by("at")[:20])
        if viewer.unit_id
        else []
    )
    people = assign.colleagues() if rows else {}
    found = [_offered(viewer, row, people) for row in rows]
    return sorted(found, key=lambda one: (one.mine, not one.for_me))


def _offered(viewer: Viewer, row: VisitOffer, people: dict[UUID, assign.Colleague]) -> Offered:
    key = keys().unwrap(bytes(row.key), row.id.bytes)
    told = orjson.loads(open_sealed(key, bytes(row.sealed), b"offer:" + row.id.bytes))
    giver = people[row.from_account].name if row.from_account in people else Words("同事", "A colleague")
    return Offered(
        row.id, row.visit_id, row.mark, Words(told["zh"], told["en"]), told["note"], giver, row.at,
        row.from_account == viewer.account_id, row.to_account == viewer.account_id,
    )  # fmt: skip


# ---- pages ----


def pass_on(request: HttpRequest, viewer: Viewer, visit_id: UUID) -> HttpResponse:
    """Choose a colleague, say a word, hand it over. Refused: "not-found" for a visit that is done or somebody else's."""
    found = visits.load(viewer, visit_id)
    if found.done:
        raise not_found()
    refusal = None
    if request.method == "POST":
        to = request.POST.get("to", "")
        try:
            offer(viewer, found, UUID(to) if FORMATS["upload"].ok(to) else None, request.POST.get("note", ""))
            return HttpResponseRedirect("/counter/")
        except Refused as refused:
            refusal = refused
    mine = [
        one
        for one in assign.colleagues().values()
        if one.unit_id == viewer.unit_id and one.id != viewer.account_id and "receive" in one.verbs
    ]
    names = [mask_name(one.person.name) for one in found.guests if one.person.name]
    context = {
        "colleagues": mine, "names": "、".join(names) or "…", "titles": visits.names_of(found, found.items),
        "url": f"/counter/visit/{visit_id}", "mark": visits.mark(found), "refusal": refusal and refusal.words,
        "note": request.POST.get("note", ""),
    }  # fmt: skip
    return frame.show(request, viewer, "pass_on", context, refusal.status if refusal else 200)


def accept(request: HttpRequest, viewer: Viewer, offer_id: UUID) -> HttpResponse:
    """A colleague takes it and sees it at once."""
    return HttpResponseRedirect(f"/counter/visit/{take(viewer, offer_id)}")
