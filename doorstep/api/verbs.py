"""The verbs on one matter: act, note, share, hand over, erase, withdraw, and those that tie it to others."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import AwareDatetime, Field

from doorstep.api.answer import In, done
from doorstep.api.guard import Asked, operation
from doorstep.api.matter_out import Acknowledged, DocumentKind
from doorstep.api.matters import matter_id, pointing
from doorstep.kernel import erase as verb
from doorstep.kernel import matter as verbs
from doorstep.kernel import repin as another
from doorstep.kernel import ties
from doorstep.kernel.idempotency import Done
from doorstep.kernel.party import Person
from doorstep.rulebook.document import compose
from doorstep.web.routes import SIGNED_IN

router = Router(tags=["verbs"])


class Fault(In):
    """One thing to change: the JSON pointer of the field, a reason of the item's list, and words of one's own."""

    field: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=80)
    text: str = Field(default="", max_length=2000)


class Act(In):
    """``version`` is that of the matter as it was read: if somebody was faster, nothing is changed (409)."""

    step: str
    outcome: str
    data: dict[str, Any] | None = None
    reason: str = Field(default="", max_length=2000)
    faults: list[Fault] = Field(default_factory=list, max_length=50)
    version: int | None = None


class Added(In):
    """``step`` is the token of a step that the flow lists under ``adhoc``; for a question to another unit, `@` and its code
    behind it. ``reason`` says why, or asks; ``days``: the working days that a longer limit is asked for; ``shows``: the answers
    (pointers) and files that the unit which is asked may see."""

    step: str = Field(max_length=128)
    reason: str = Field(default="", max_length=2000)
    days: int | None = None
    shows: list[str] = Field(default_factory=list, max_length=60)


class Note(In):
    text: str = Field(max_length=4000)


class Share(In):
    """Let one more unit see the matter, for a reason and, if wanted, until a time."""

    unit: str
    reason: str = Field(min_length=1, max_length=48)
    role: Literal["reader", "leg"] = "reader"
    until: AwareDatetime | None = None


class HandOver(In):
    unit: str
    reason: str = Field(min_length=1, max_length=2000)


class Erase(In):
    """``document`` is the number of the decision it rests on; no names in it, for it is kept."""

    reason: Literal["order", "request", "unlawful"]
    document: str = Field(min_length=1, max_length=40)


class Erasure(Acknowledged):
    """``erased`` is false after the first person, who ordered it."""

    erased: bool

    @classmethod
    def made_by(cls, made: Done) -> Erasure:
        return cls(**Acknowledged.of(made).model_dump(), erased=not made.made)


class Link(In):
    """``matter`` is the id or number of the other one."""

    matter: str


class Named(In):
    name: str = Field(min_length=1, max_length=60)
    id_no: str = Field(default="", max_length=100)
    document: DocumentKind = "id"
    state: str = Field(default="", max_length=3)
    latin: str = Field(default="", max_length=80)
    phone: str = Field(default="", max_length=20)

    def person(self) -> Person:
        number = (
            self.id_no.strip() if self.document == "id" else compose(self.document, self.state, self.id_no)
        )
        return Person(self.name, number, self.phone, latin=self.latin.strip())


class Concerned(In):
    """``role`` is a code (respondent, witness, owner); without ``person`` they are unknown, and ``described`` says what is
    known. ``known_as`` is the id of an unknown one whose name is known now.
    """

    role: str = Field(max_length=16)
    person: Named | None = None
    described: str = Field(default="", max_length=2000)
    known_as: UUID | None = None


class Involvement(Acknowledged):
    """``entry`` is the id under which this person stands in the matter."""

    entry: UUID

    @classmethod
    def made_by(cls, made: Done) -> Involvement:
        return cls(**Acknowledged.of(made).model_dump(), entry=UUID(made.made))


class Place(In):
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    address: str = Field(default="", max_length=300)


class Merge(In):
    """``matter`` is the id or number of the one that ends."""

    matter: str
    reason: str = Field(min_length=1, max_length=2000)


class Refer(In):
    item: str
    data: dict[str, Any]
    reason: str = Field(min_length=1, max_length=2000)


class Repin(In):
    reason: str = Field(min_length=1, max_length=2000)


class Reclassify(In):
    """``data``: the answers that the other item asks; without it those given so far are kept, if they fit."""

    item: str
    reason: str = Field(min_length=1, max_length=2000)
    data: dict[str, Any] | None = None


class Withdraw(In):
    reason: str = Field(default="", max_length=2000)


@operation(router, "POST", "/matters/{matter}/act", right=SIGNED_IN, answer=Acknowledged)
def act(request: Asked, matter: str, what: Act) -> HttpResponse:
    """Finish one open step with an outcome of its flow."""
    viewer = request.viewer
    with pointing({"invalid": "/data"}):
        made = verbs.act(
            viewer,
            matter_id(viewer, matter),
            step=what.step,
            outcome=what.outcome,
            request_id=request.request_id,
            data=what.data,
            reason=what.reason,
            faults=[fault.model_dump() for fault in what.faults],
            version=what.version,
        )
    return _done(made)


@operation(router, "POST", "/matters/{matter}/steps", right=SIGNED_IN, answer=Acknowledged)
def add_step(request: Asked, matter: str, what: Added) -> HttpResponse:
    """Add a step by hand that the flow lets be added now."""
    viewer = request.viewer
    made = verbs.add_step(
        viewer,
        matter_id(viewer, matter),
        step=what.step,
        request_id=request.request_id,
        reason=what.reason,
        days=what.days,
        shows=what.shows,
    )
    return _done(made)


@operation(router, "POST", "/matters/{matter}/note", right="note", answer=Acknowledged)
def note(request: Asked, matter: str, what: Note) -> HttpResponse:
    """Put a remark into the chain of a matter."""
    viewer = request.viewer
    return _done(verbs.note(viewer, matter_id(viewer, matter), text=what.text, request_id=request.request_id))


@operation(router, "POST", "/matters/{matter}/share", right="share", answer=Acknowledged)
def share(request: Asked, matter: str, what: Share) -> HttpResponse:
    """Let one more unit see a matter."""
    viewer = request.viewer
    made = verbs.share(
        viewer, matter_id(viewer, matter), unit=what.unit, role=what.role, reason=what.reason,
        request_id=request.request_id, until=what.until,
    )  # fmt: skip
    return _done(made)


@operation(router, "POST", "/matters/{matter}/hand_over", right="hand_over", answer=Acknowledged)
def hand_over(request: Asked, matter: str, what: HandOver) -> HttpResponse:
    """Make another unit competent; dues stay, and the applicant is told."""
    viewer = request.viewer
    made = verbs.hand_over(
        viewer, matter_id(viewer, matter), unit=what.unit, reason=what.reason, request_id=request.request_id
    )
    return _done(made)


@operation(router, "POST", "/matters/{matter}/erase", right="erase", answer=Erasure)
def erase(request: Asked, matter: str, what: Erase) -> HttpResponse:
    """Order the contents of an ended matter destroyed. The second person who orders the same destroys them: codes and
    figures stay, and it answers 410 from then on. The same person again: 409.
    """
    viewer = request.viewer
    made = verb.erase(
        viewer,
        matter_id(viewer, matter),
        reason=what.reason,
        document=what.document,
        request_id=request.request_id,
    )
    return done(Erasure.made_by(made), replayed=made.replayed)


@operation(router, "POST", "/matters/{matter}/parties", right="involve", answer=Involvement)
def parties(request: Asked, matter: str, what: Concerned) -> HttpResponse:
    """Somebody is concerned: named, or unknown and described; being concerned gives no sight of the matter."""
    viewer = request.viewer
    person = what.person.person() if what.person else None
    made = ties.add_party(
        viewer, matter_id(viewer, matter), role=what.role, person=person, described=what.described,
        known_as=what.known_as, request_id=request.request_id,
    )  # fmt: skip
    return done(Involvement.made_by(made), replayed=made.replayed)


@operation(router, "POST", "/matters/{matter}/locate", right="locate", answer=Acknowledged)
def locate(request: Asked, matter: str, what: Place) -> HttpResponse:
    """Say where it is, in degrees of WGS-84."""
    viewer = request.viewer
    made = ties.locate(
        viewer, matter_id(viewer, matter), lon=what.lon, lat=what.lat, address=what.address,
        request_id=request.request_id,
    )  # fmt: skip
    return _done(made)


@operation(router, "POST", "/matters/{matter}/merge", right="merge", answer=Acknowledged)
def merge(request: Asked, matter: str, what: Merge) -> HttpResponse:
    """Another matter is the same thing: it ends, this one goes on, and both chains stay."""
    viewer = request.viewer
    other = matter_id(viewer, what.matter)
    made = ties.merge(
        viewer, matter_id(viewer, matter), other=other, reason=what.reason, request_id=request.request_id
    )
    return _done(made)


@operation(router, "POST", "/matters/{matter}/refer", right="refer", answer=Acknowledged)
def refer(request: Asked, matter: str, what: Refer) -> HttpResponse:
    """Open a matter of another item for the same person, with this one as its provenance; answers the new one."""
    viewer = request.viewer
    with pointing({"invalid": "/data"}):
        made = ties.refer(
            viewer, matter_id(viewer, matter), item=what.item, data=what.data, reason=what.reason,
            request_id=request.request_id,
        )  # fmt: skip
    return _done(made)


@operation(router, "POST", "/matters/{matter}/reclassify", right="reclassify", answer=Acknowledged)
def reclassify(request: Asked, matter: str, what: Reclassify) -> HttpResponse:
    """It is another item than it was taken for: number and chain stay, the other item's way begins."""
    viewer = request.viewer
    with pointing({"invalid": "/data"}):
        made = ties.reclassify(
            viewer, matter_id(viewer, matter), item=what.item, data=what.data, reason=what.reason,
            request_id=request.request_id,
        )  # fmt: skip
    return _done(made)


@operation(router, "POST", "/matters/{matter}/repin", right="repin", answer=Acknowledged)
def repin(request: Asked, matter: str, what: Repin) -> HttpResponse:
    """Move a running matter to the version of its item in force now, if it can go on there from where it stands."""
    viewer = request.viewer
    made = another.repin(viewer, matter_id(viewer, matter), reason=what.reason, request_id=request.request_id)
    return _done(made)


@operation(router, "POST", "/matters/{matter}/link", right="link", answer=Acknowledged)
def link(request: Asked, matter: str, what: Link) -> HttpResponse:
    """Say that two matters, both visible to the caller, belong together."""
    viewer = request.viewer
    other = matter_id(viewer, what.matter)
    return _done(ties.link(viewer, matter_id(viewer, matter), other=other, request_id=request.request_id))


@operation(router, "POST", "/matters/{matter}/withdraw", right=SIGNED_IN, answer=Acknowledged)
def withdraw(request: Asked, matter: str, what: Withdraw | None = None) -> HttpResponse:
    """Take one's own application back before it is decided."""
    viewer = request.viewer
    reason = what.reason if what else ""
    return _done(
        verbs.withdraw(viewer, matter_id(viewer, matter), request_id=request.request_id, reason=reason)
    )


def _done(made: Done) -> HttpResponse:
    return done(Acknowledged.of(made), replayed=made.replayed)
