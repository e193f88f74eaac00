"""A form somebody is filling in: kept after every page, found again on any device, sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from doorstep.kernel.crypto import new_key, open_sealed, seal
from doorstep.kernel.event import canonical
from doorstep.kernel.models import Draft
from doorstep.kernel.trust import Viewer, keys, not_found, refuse_sign_in
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as its owner sees it. ``data`` is what was typed so far, valid or not."""

    id: UUID
    item: str
    page: str
    data: dict[str, Any]
    version: int
    saved_at: datetime
    mandate_id: UUID | None = None


def save_draft(
    viewer: Viewer, item: str, data: Mapping[str, Any], page: str = "", draft_id: UUID | None = None, mandate_id: UUID | None = None
) -> DraftView:  # fmt: skip
    """Keep what was typed, valid or not; under a mandate for as long as that lasts. Refused: "sign-in", "not-found" for a draft
    of somebody else.
    """
    if not viewer.signed_in:
        raise refuse_sign_in()
    moment = clock.now()
    if draft_id is None:
        new_id, key = uuid7(), new_key()
        row = Draft(
            id=new_id, account_id=viewer.account_id, item=item, opened_at=moment, version=0,
            mandate_id=mandate_id, key=keys().wrap(key, new_id.bytes),
        )  # fmt: skip
    else:
        row = _mine(viewer, draft_id)
        key = keys().unwrap(bytes(row.key), row.id.bytes)
    fresh = row.version == 0
    row.page, row.saved_at, row.version = page, moment, row.version + 1
    row.sealed = seal(key, canonical(dict(data)), b"draft:" + row.id.bytes)
    row.save(force_insert=fresh)
    return DraftView(row.id, row.item, row.page, dict(data), row.version, moment, row.mandate_id)


def read_draft(viewer: Viewer, draft_id: UUID) -> DraftView:
    """One draft of the viewer. Refused: "not-found"."""
    return _view(_mine(viewer, draft_id))


def my_drafts(viewer: Viewer, **only: str) -> list[DraftView]:
    """The viewer's drafts of the last 30 days, newest first; ``only`` of an ``item`` or at a ``page``."""
    rows = Draft.objects.filter(account_id=viewer.account_id, saved_at__gt=clock.now() - KEPT, **only)
    return [_view(row) for row in rows.order_by("-saved_at")[:20]]


def drop_draft(viewer: Viewer, draft_id: UUID) -> None:
    """Throw a draft away; gone is fine too."""
    Draft.objects.filter(id=draft_id, account_id=viewer.account_id).delete()


def _mine(viewer: Viewer, draft_id: UUID) -> Draft:
    row = Draft.objects.filter(id=draft_id, account_id=viewer.account_id).first()
    if row is None:
        raise not_found()
    return row


def _view(row: Draft) -> DraftView:
    key = keys().unwrap(bytes(row.key), row.id.bytes)
    data = orjson.loads(open_sealed(key, bytes(row.sealed), b"draft:" + row.id.bytes))
    return DraftView(row.id, row.item, row.page, data, row.version, row.saved_at, row.mandate_id)
