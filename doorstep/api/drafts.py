"""Forms being filled in: kept, valid or not, for their owner alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from doorstep.api.answer import In, Moment, Out, done, said
from doorstep.api.guard import Asked, operation
from doorstep.kernel import draft
from doorstep.kernel.draft import DraftView
from doorstep.kernel.idempotency import Done, once
from doorstep.rulebook import pack
from doorstep.web.routes import SIGNED_IN

router = Router(tags=["drafts"])


class NewDraft(In):
    item: str
    data: dict[str, Any] = Field(default_factory=dict)
    page: str = Field(default="", max_length=48)


class DraftChange(In):
    """``data`` replaces what was kept; a missing key keeps what is there."""

    data: dict[str, Any] | None = None
    page: str | None = Field(default=None, max_length=48)


class Draft(Out):
    id: UUID
    item: str
    page: str
    data: dict[str, Any]
    version: int
    saved_at: Moment


class Drafts(Out):
    results: list[Draft]
    count: int


@operation(router, "POST", "/drafts", right=SIGNED_IN, answer=Draft, status=201)
def open_draft(request: Asked, new: NewDraft) -> HttpResponse:
    """Keep a form that is being filled in."""
    viewer = request.viewer
    item = pack.current(new.item).code

    def do() -> Done:
        return _as_done(draft.save_draft(viewer, item, new.data, new.page))

    def again(made_before: UUID) -> Done:
        return _as_done(draft.read_draft(viewer, made_before))

    made = once(viewer, "draft", request.request_id, new.model_dump(), do, again)
    body = _draft(draft.read_draft(viewer, made.matter_id))
    return done(body, replayed=made.replayed, location=f"/api/v1/drafts/{made.matter_id}")


@operation(router, "GET", "/drafts", right=SIGNED_IN, answer=Drafts)
def list_drafts(request: Asked) -> HttpResponse:
    """One's own drafts of the last 30 days, newest first."""
    found = [_draft(one) for one in draft.my_drafts(request.viewer)]
    return said(Drafts(results=found, count=len(found)))


@operation(router, "GET", "/drafts/{draft_id}", right=SIGNED_IN, answer=Draft)
def read_draft(request: Asked, draft_id: UUID) -> HttpResponse:
    """One draft of one's own."""
    return said(_draft(draft.read_draft(request.viewer, draft_id)))


@operation(router, "PATCH", "/drafts/{draft_id}", right=SIGNED_IN, answer=Draft)
def change_draft(request: Asked, draft_id: UUID, change: DraftChange) -> HttpResponse:
    """Keep what was typed since. Needs no Idempotency-Key: keeping the same twice is keeping it once."""
    before = draft.read_draft(request.viewer, draft_id)
    data = before.data if change.data is None else change.data
    page = before.page if change.page is None else change.page
    return said(_draft(draft.save_draft(request.viewer, before.item, data, page, draft_id)))


@operation(router, "DELETE", "/drafts/{draft_id}", right=SIGNED_IN, status=204)
def drop_draft(request: Asked, draft_id: UUID) -> HttpResponse:
    """Throw a draft of one's own away; gone already is fine too."""
    draft.drop_draft(request.viewer, draft_id)
    return HttpResponse(status=204)


def _as_done(view: DraftView) -> Done:
    return Done(view.id, "", "draft", view.version)


def _draft(view: DraftView) -> Draft:
    return Draft(
        id=view.id, item=view.item, page=view.page, data=view.data, version=view.version, saved_at=view.saved_at
    )  # fmt: skip
