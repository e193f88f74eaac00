"""Authority over the API: those that bind me, giving one, ending one. `POST /matters` takes its id as `on_behalf`."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from doorstep.api.answer import In, Moment, Out, done, said
from doorstep.api.guard import Asked, operation
from doorstep.api.matter_out import DocumentKind
from doorstep.domains.family import asked, mandate
from doorstep.kernel.party import Person
from doorstep.rulebook.document import compose
from doorstep.web.routes import SIGNED_IN

router = Router(tags=["mandates"])


class NewMandate(In):
    """``items`` by code or whole ``branches``, up to and including the day ``until``."""

    name: str = Field(max_length=80)
    id_no: str = Field(max_length=100)
    document: DocumentKind = "id"
    state: str = Field(default="", max_length=3)
    relation: str = Field(default="other", max_length=12)
    items: list[str] = Field(default_factory=list, max_length=50)
    branches: list[str] = Field(default_factory=list, max_length=7)
    until: date


class Mandate(Out):
    """``held``: I act for ``name``; else ``name`` acts for me."""

    id: UUID
    kind: str
    held: bool
    name: str
    relation: str
    items: list[str]
    branches: list[str]
    until: Moment
    live: bool


class Mandates(Out):
    results: list[Mandate]
    count: int


class Given(Out):
    id: UUID
    state: str


@operation(router, "GET", "/mandates", right=SIGNED_IN, answer=Mandates)
def list_mandates(request: Asked) -> HttpResponse:
    """Who acts for me, and for whom I act."""
    found = [
        Mandate(
            id=one.id, kind=one.kind, held=one.held, name=one.other.name, relation=one.relation, items=list(one.items),
            branches=list(one.branches), until=one.until, live=one.live,
        )
        for one in mandate.mine(request.viewer)
    ]  # fmt: skip
    return said(Mandates(results=found, count=len(found)))


@operation(router, "POST", "/mandates", right="apply", answer=Given, status=201)
def give_mandate(request: Asked, new: NewMandate) -> HttpResponse:
    """Let somebody act for me; both of us are told."""
    made = mandate.give(
        request.viewer, agent=Person(new.name.strip(), compose(new.document, new.state, new.id_no)),
        until=asked.until_of(new.until.isoformat()),
        items=new.items, branches=new.branches, relation=new.relation, request_id=request.request_id,
    )  # fmt: skip
    return done(
        Given(id=made.matter_id, state=made.state), replayed=made.replayed, location="/api/v1/mandates"
    )


@operation(router, "POST", "/mandates/{mandate_id}/end", right="apply", answer=Given)
def end_mandate(request: Asked, mandate_id: UUID) -> HttpResponse:
    """Take it back, or lay it down; from that moment nothing is seen by it."""
    made = mandate.end(request.viewer, mandate_id, request_id=request.request_id)
    return done(Given(id=made.matter_id, state=made.state), replayed=made.replayed)
