"""How a matter, its history and its lists look in JSON."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from doorstep.api.answer import Duration, Moment, Money, Out, Text
from doorstep.api.items import fee_of
from doorstep.api.session import UnitRef
from doorstep.kernel.idempotency import Done
from doorstep.kernel.lists import Row
from doorstep.kernel.org import point_named
from doorstep.kernel.party import Person
from doorstep.kernel.read import EventView, FileView, Look, MatterView, PaperView, StepView
from doorstep.kernel.tied import PartyView, PlaceView, TieView
from doorstep.rulebook import document
from doorstep.rulebook.flow import Stop


class Acknowledged(Out):
    """What a verb did is kept: the matter, its state and version right after."""

    id: UUID
    number: str
    state: str
    version: int

    @classmethod
    def of(cls, made: Done) -> Acknowledged:
        return cls(id=made.matter_id, number=made.number, state=made.state, version=made.version)


class PointRef(Out):
    code: str
    name: Text
    address: Text

    @classmethod
    def at(cls, code: str) -> PointRef:
        point = point_named(code)
        return cls(code=point.code, name=Text.of(point.name), address=Text.of(point.address))


DocumentKind = Literal["id", "passport", "permanent", "hkmo", "taiwan", "residence", "birth", "none"]


class PartyOut(Out):
    """Identity number and mobile are masked unless it is one's own matter or waits in one's hands. ``document``: what ``id_no`` is
    the number of, ``state``: who issued it."""

    role: str
    name: str
    id_no: str
    phone: str
    document: DocumentKind = "id"
    state: str = ""
    latin: str = ""
    entry: UUID | None = None
    described: str = ""


class TieOut(Out):
    """Another matter this one touches, if the caller may see it: linked, merged_from, merged_into, referred_to, referred_from,
    child, parent."""

    id: UUID
    number: str
    title: Text
    state: str
    kind: str


class PlaceOut(Out):
    """Degrees of WGS-84."""

    lon: float
    lat: float
    address: str


class StepOut(Out):
    """``mine``: it waits for the caller, who may `act` with one of ``outcomes``."""

    step: str
    title: Text
    by: str
    unit: Text | None
    opened_at: Moment
    due_at: Moment | None
    provisional: bool
    late: bool
    closed_at: Moment | None
    outcome: str | None
    mine: bool
    outcomes: list[str]


class StopOut(Out):
    """A stop of the way as it is drawn: done, here, wait, next, refused or stopped."""

    step: str
    title: Text
    status: str
    by: str
    late: bool


class EventOut(Out):
    seq: int
    kind: str
    at: Moment
    title: Text
    unit: Text
    by_applicant: bool
    step: str
    outcome: str
    body: dict[str, Any]
    hash: str


class Events(Out):
    results: list[EventOut]
    count: int


class PaperOut(Out):
    number: str
    title: Text
    state: str
    issued_at: Moment
    valid_until: date | None
    url: str


class FileOut(Out):
    id: UUID
    material: str
    media: str
    size: int
    at: Moment
    url: str


class FaultOut(Out):
    """What a reviewer wants changed: the field, a reason of the item's list, and words of their own."""

    field: str
    reason: str
    text: str


class MatterDetail(Out):
    """One matter in full. ``due_at`` counts ``promise`` from ``accepted_at``; both are null before.

    ``version`` goes into `act`, so that an old page cannot overwrite what happened since.
    """

    id: UUID
    number: str
    item: str
    title: Text
    state: str
    channel: str
    version: int
    opened_at: Moment
    accepted_at: Moment | None
    due_at: Moment | None
    due_provisional: bool
    promise: Duration
    closed_at: Moment | None
    point: PointRef
    hand_out: PointRef
    unit: UnitRef
    fee: Money | None
    parties: list[PartyOut]
    related: list[TieOut]
    place: PlaceOut | None
    data: dict[str, Any]
    steps: list[StepOut]
    way: list[StopOut]
    events: list[EventOut]
    papers: list[PaperOut]
    files: list[FileOut]
    reason: str
    faults: list[FaultOut]
    may_withdraw: bool


class MatterRow(Out):
    """A matter in a list: of the person no more than a masked name."""

    id: UUID
    number: str
    item: str
    title: Text
    state: str
    name: str
    unit: Text | None
    opened_at: Moment
    due_at: Moment | None
    late: bool
    step: str
    step_title: Text | None


class Matters(Out):
    """A page of at most 100; ``more`` says that there is a next one, ``next`` what to send as ``after`` for it."""

    results: list[MatterRow]
    count: int
    page: int
    more: bool
    next: str = ""


class LookOut(Out):
    at: Moment
    unit: Text
    purpose: Text
    what: Text
    explained: bool


class Looks(Out):
    results: list[LookOut]
    count: int


def _text(words: Any) -> Text | None:
    return Text.of(words) if words is not None else None


def row_of(row: Row) -> MatterRow:
    return MatterRow(
        id=row.id, number=row.number, item=row.item, title=Text.of(row.title), state=row.state, name=row.name,
        unit=_text(row.unit), opened_at=row.opened_at, due_at=row.due_at, late=row.late, step=row.step,
        step_title=_text(row.step_title),
    )  # fmt: skip


def event_of(one: EventView) -> EventOut:
    return EventOut(
        seq=one.seq, kind=one.kind, at=one.at, title=Text.of(one.title), unit=Text.of(one.unit),
        by_applicant=one.by_applicant, step=one.step, outcome=one.outcome, body=one.body, hash=one.hash,
    )  # fmt: skip


def look_of(one: Look) -> LookOut:
    return LookOut(
        at=one.at, unit=Text.of(one.unit), purpose=Text.of(one.purpose), what=Text.of(one.what), explained=one.explained
    )  # fmt: skip


def matter_of(view: MatterView, *, in_clear: bool) -> MatterDetail:
    """``in_clear``: identity number and mobile as they are, otherwise masked."""
    return MatterDetail(
        id=view.id, number=view.number, item=view.item, title=Text.of(view.title), state=view.state,
        channel=view.channel, version=view.version, opened_at=view.opened_at, due_at=view.due_at,
        due_provisional=view.provisional, accepted_at=view.accepted_at,
        promise=Duration.of(view.pack.promise), closed_at=view.closed_at,
        point=PointRef.at(view.point.code), hand_out=PointRef.at(view.hand_out.code),
        unit=UnitRef.at(view.unit_id), fee=fee_of(view.pack), data=view.data,
        parties=[_party(view.applicant, in_clear), *(_concerned(p, in_clear) for p in view.parties)],
        related=[_tie(t) for t in view.ties], place=_place(view.place),
        steps=[_step(s) for s in view.steps], way=[_stop(s) for s in view.stops],
        events=[event_of(e) for e in view.events], papers=[_paper(p) for p in view.papers],
        files=[_file(f) for f in view.files], reason=view.reason, faults=[_fault(f) for f in view.faults],
        may_withdraw=view.may_withdraw,
    )  # fmt: skip


def _party(person: Person, in_clear: bool) -> PartyOut:
    shown = person if in_clear else person.masked()
    return PartyOut(
        role="applicant", name=person.name, phone=shown.phone, latin=person.latin, **_by(shown.id_no)
    )


def _by(id_no: str) -> dict[str, Any]:
    """The document of a person in its parts."""
    one = document.parts(id_no)
    return {"id_no": one.number, "document": one.kind, "state": one.state}


def _concerned(one: PartyView, in_clear: bool) -> PartyOut:
    if one.person is None:
        return PartyOut(role=one.role, name="", id_no="", phone="", entry=one.id, described=one.described)
    shown = one.person if in_clear else one.person.masked()
    return PartyOut(
        role=one.role,
        name=one.person.name,
        phone=shown.phone,
        latin=one.person.latin,
        **_by(shown.id_no),
        entry=one.id,
        described=one.described,
    )


def _tie(one: TieView) -> TieOut:
    return TieOut(
        id=one.matter_id, number=one.number, title=Text.of(one.title), state=one.state, kind=one.kind
    )


def _place(one: PlaceView | None) -> PlaceOut | None:
    return PlaceOut(lon=one.lon, lat=one.lat, address=one.address) if one else None


def _step(s: StepView) -> StepOut:
    return StepOut(
        step=s.name, title=Text.of(s.title), by=s.by, unit=_text(s.unit), opened_at=s.opened_at, due_at=s.due_at,
        provisional=s.provisional, late=s.late, closed_at=s.closed_at, outcome=s.outcome, mine=s.mine,
        outcomes=list(s.outcomes),
    )  # fmt: skip


def _stop(s: Stop) -> StopOut:
    return StopOut(step=s.id, title=Text.of(s.title), status=s.status, by=s.by, late=s.late)


def _paper(p: PaperView) -> PaperOut:
    return PaperOut(
        number=p.number, title=Text.of(p.title), state=p.state, issued_at=p.issued_at, valid_until=p.valid_until,
        url=f"/api/v1/papers/{p.number}.pdf",
    )  # fmt: skip


def _file(f: FileView) -> FileOut:
    return FileOut(
        id=f.id, material=f.material, media=f.media, size=f.size, at=f.at, url=f"/api/v1/files/{f.id}"
    )  # fmt: skip


def _fault(f: dict[str, str]) -> FaultOut:
    return FaultOut(field=f.get("field", ""), reason=f.get("reason", ""), text=f.get("text", ""))
