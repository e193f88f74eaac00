"""Matters: open one, read it, its history and its readers, and lists of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from doorstep.api.answer import In, done, said
from doorstep.api.guard import Asked, operation
from doorstep.api.matter_out import (
    Acknowledged,
    DocumentKind,
    Events,
    Looks,
    MatterDetail,
    Matters,
    event_of,
    look_of,
    matter_of,
    row_of,
)
from doorstep.kernel import lists, read
from doorstep.kernel.matter import open_matter
from doorstep.kernel.org import point_named
from doorstep.kernel.party import Person, own_person
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook.document import compose
from doorstep.rulebook.ids import is_matter_number
from doorstep.rulebook.words import Refused, Words
from doorstep.web.routes import SIGNED_IN

router = Router(tags=["matters"])

_NEW = {
    "invalid": "/data",
    "no-name": "/parties/0",
    "wrong-number": "/parties/0",
    "no-applicant": "/parties",
    "no-item": "/item",
    "no-point": "/point",
}
_DEEP = ("invalid", "no-name", "wrong-number")
"""Refusals whose faults already say where, seen from the place that we name."""

State = Literal["", "open", "returned", "granted", "refused", "withdrawn", "closed"]
PageNumber = Annotated[int, Query(ge=1, le=10_000)]


class Party(In):
    """Somebody the matter concerns, as a card or the person says. ``document`` says what ``id_no`` is the number of, ``state`` who
    issued a passport (three letters, ICAO 9303); ``latin`` is the name in Latin letters beside a Chinese one."""

    role: Literal["applicant"] = "applicant"
    name: str = Field(default="", max_length=80)
    id_no: str = Field(default="", max_length=100)
    document: DocumentKind = "id"
    state: str = Field(default="", max_length=3)
    latin: str = Field(default="", max_length=80)
    phone: str = Field(default="", max_length=40)
    kind: Literal["person", "firm"] = "person"


class NewMatter(In):
    """``item`` (or ``kind``) is what is brought, ``point`` where it comes in, ``hand_out`` where the result is fetched.

    A resident applies for themself and needs no ``parties``, or ``on_behalf`` of somebody, by the id of the mandate that
    they were given; a clerk names the applicant.
    """

    item: str = ""
    kind: str = ""
    point: str
    hand_out: str | None = None
    channel: str | None = None
    parties: list[Party] = Field(default_factory=list, max_length=1)
    on_behalf: UUID | None = None
    data: dict[str, Any] = Field(default_factory=dict)


@operation(router, "POST", "/matters", right=SIGNED_IN, answer=Acknowledged, status=201)
def create_matter(request: Asked, new: NewMatter) -> HttpResponse:
    """Take an application in."""
    viewer = request.viewer
    with pointing(_NEW):
        made = open_matter(
            viewer,
            item=_item(new),
            point=new.point,
            channel=new.channel or ("online" if viewer.is_resident else point_named(new.point).kind),
            data=new.data,
            request_id=request.request_id,
            hand_out=new.hand_out,
            applicant=_applicant(viewer, new.parties),
            on_behalf=new.on_behalf,
        )
    return done(Acknowledged.of(made), replayed=made.replayed, location=f"/api/v1/matters/{made.matter_id}")


@operation(router, "GET", "/matters", right=SIGNED_IN, answer=Matters)
def list_matters(
    request: Asked,
    mine: Annotated[str | None, Query(description="one's own as an applicant")] = None,
    unit: Annotated[str | None, Query(description="those one's unit took in, decides or hands out")] = None,
    work: Annotated[
        str | None, Query(description="open steps that wait for one's unit, most urgent first")
    ] = None,
    party: Annotated[str, Query(max_length=100, description="exact name, identity or matter number")] = "",
    state: State = "",
    page: PageNumber = 1,
    after: Annotated[
        str, Query(max_length=80, description="`next` of the page before: quicker than its number")
    ] = "",
) -> HttpResponse:
    """A page of matters with masked names: mine, my unit's, its work, or by exact identifier.

    Without a choice, a resident's own or the unit's.
    """
    viewer = request.viewer
    if party:
        found = lists.search(viewer, party)
    elif work is not None:
        found = lists.work_list(viewer, page=page, after=after)
    elif mine is not None or (unit is None and viewer.is_resident):
        found = lists.my_matters(viewer, page=page, state=state, after=after)
    else:
        found = lists.unit_matters(viewer, page=page, state=state, after=after)
    rows = [row_of(row) for row in found.rows if not state or row.state == state]
    return said(Matters(results=rows, count=len(rows), page=found.page, more=found.more, next=found.after))


@operation(router, "GET", "/matters/{matter}", right=SIGNED_IN, answer=MatterDetail)
def read_matter(request: Asked, matter: str, purpose: str | None = None, reason: str = "") -> HttpResponse:
    """One matter, by id or number, with its way, steps, papers and history.

    Being its applicant or holding an open step of it is purpose enough; anybody else names a ``purpose`` (403 "purpose"
    lists the choices) and says in ``reason`` why; the applicant sees that they looked, flagged if no reason was given.
    """
    view = _view(request, matter, purpose, reason)
    return said(matter_of(view, in_clear=request.viewer.is_resident or bool(view.mine)))


@operation(router, "GET", "/matters/{matter}/events", right=SIGNED_IN, answer=Events)
def list_events(request: Asked, matter: str, purpose: str | None = None) -> HttpResponse:
    """The history of a matter, oldest first, each entry with the hash that chains it to the one before."""
    found = [event_of(one) for one in _view(request, matter, purpose).events]
    return said(Events(results=found, count=len(found)))


@operation(router, "GET", "/matters/{matter}/readers", right=SIGNED_IN, answer=Looks)
def list_readers(request: Asked, matter: str) -> HttpResponse:
    """Who looked at a matter of one's own: unit, purpose and time, never a name."""
    if not request.viewer.is_resident:
        raise refuse_right()
    found = [look_of(one) for one in read.readers(request.viewer, matter_id(request.viewer, matter))]
    return said(Looks(results=found, count=len(found)))


def _view(request: Asked, matter: str, purpose: str | None, reason: str = "") -> read.MatterView:
    return read.read_matter(request.viewer, matter_id(request.viewer, matter), purpose=purpose, reason=reason)


def matter_id(viewer: Viewer, text: str) -> UUID:
    """The id behind an id or a number in a path. Refused: "not-found" for a number that is not the viewer's to see."""
    if is_matter_number(text):
        return read.read_number(viewer, text)
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None


@contextmanager
def pointing(places: Mapping[str, str]) -> Iterator[None]:
    """Faults that a verb names by its own parts point, for the caller, into the body that was sent."""
    try:
        yield
    except Refused as refusal:
        place = places.get(refusal.code)
        if place is None:
            raise
        named = refusal.faults if refusal.code in _DEEP else (("", refusal.words),)
        faults = tuple((place + pointer, words) for pointer, words in named)
        status = 422 if refusal.status == 404 else refusal.status
        raise Refused(refusal.code, refusal.words, status=status, faults=faults) from refusal


def _item(new: NewMatter) -> str:
    named = {code for code in (new.item, new.kind) if code}
    if len(named) != 1:
        raise Refused(
            "item",
            Words("请用 item 写明一个事项。", "Name one item in `item`."),
            faults=(("/item", Words("必填", "Required")),),
        )
    return named.pop()


def _applicant(viewer: Viewer, parties: list[Party]) -> Person | None:
    """Who applies. A resident applies for themself: somebody else's details are refused, not ignored."""
    if not parties:
        return None
    one = parties[0]
    number = one.id_no.strip() if one.document == "id" else compose(one.document, one.state, one.id_no)
    if not viewer.is_resident:
        return Person(one.name.strip(), number, one.phone.strip(), one.kind, one.latin.strip())
    own = own_person(viewer)
    if own is None or (number or own.id_no, one.name or own.name) != (own.id_no, own.name):
        raise Refused(
            "not-you",
            Words(
                "网上只能为自己办；替别人办请到窗口，或先取得授权。什么都没有改动。",
                "Online you can apply for yourself only. For somebody else come to a window; nothing was changed.",
            ),
            faults=(("/parties/0", Words("不是您本人", "This is not you")),),
        )
    return None
