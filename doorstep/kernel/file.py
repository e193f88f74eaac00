"""Uploads and issued files: content encrypted on disk, a row that says whose it is, and the guard before every byte.

An upload is a request of its own and belongs to its uploader until a verb attaches it to a matter. Content that no row
knows, and rows that nothing claimed for a day, are swept; what waits with a draft lives as long as that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection

from doorstep.kernel.crypto import new_key
from doorstep.kernel.draft import KEPT
from doorstep.kernel.models import File, Matter
from doorstep.kernel.row import fetch, insert, rows, run
from doorstep.kernel.store import LIMIT_BYTES, Arrival, DiskStore, Kept, Received
from doorstep.kernel.trust import Viewer, keys, log_access, not_found, refuse_erased, refuse_sign_in
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_SETTLED = timedelta(hours=2)


@lru_cache(maxsize=1)
def store() -> DiskStore:
    """Where content lies in this deployment."""
    return DiskStore(Path(settings.FILES_DIR))


@dataclass(frozen=True, slots=True)
class Stored:
    """Content that is safely on disk and not yet known to any row."""

    id: UUID
    wrapped: bytes
    media: str
    size: int
    sha256: bytes


def receive(chunks: Iterable[bytes]) -> Stored:
    """Take an upload in, outside any transaction: streamed, checked, re-encoded, encrypted, on disk when it returns.

    Refused: "file.type" (415), "file.size" (413), "file.cut_off" (400), "file.broken" (422), "file.no_room" (507);
    nothing is left behind.
    """
    return keep(store().put_stream(chunks, limit_bytes=LIMIT_BYTES))


def begin() -> Arrival:
    """An upload that a form parser pushes in pieces; what it finishes goes to `keep`. Refuses as `receive` does."""
    return store().begin(limit_bytes=LIMIT_BYTES)


def keep(received: Received) -> Stored:
    """Clean, seal and keep an upload that has arrived. Refused: "file.broken" (422); nothing is left behind."""
    file_id, key = uuid7(), new_key()
    return _stored(store().keep(received, file_id, key), key)


def store_issued(content: bytes) -> Stored:
    """Put a paper we made, a PDF, on disk."""
    file_id, key = uuid7(), new_key()
    return _stored(store().put(content, "application/pdf", file_id, key), key)


def _stored(kept: Kept, key: bytes) -> Stored:
    return Stored(kept.id, keys().wrap(key, kept.id.bytes), kept.kind, kept.size, kept.sha256)


def forget(stored: Stored) -> None:
    """Remove content that no row came to know."""
    store().delete(stored.id)


def add(viewer: Viewer, stored: Stored, material: str = "") -> UUID:
    """Make the row of an upload, state "pending", seen by its uploader alone. Refused: "sign-in"."""
    if not viewer.signed_in:
        raise refuse_sign_in()
    _row(stored, viewer.account_id, None, material[:24], "pending")
    return stored.id


def add_issued(system: Viewer, stored: Stored, matter_id: UUID) -> UUID:
    """Make the row of a paper's file, attached at once."""
    _row(stored, system.account_id, matter_id, "", "issued")
    return stored.id


def _row(stored: Stored, account_id: UUID, matter_id: UUID | None, material: str, state: str) -> None:
    row = File(
        id=stored.id, account_id=account_id, matter_id=matter_id, material=material, media=stored.media,
        size=stored.size, sha256=stored.sha256, key=stored.wrapped, state=state, at=clock.now(),
    )  # fmt: skip
    insert(row)


def attach(
    viewer: Viewer,
    files: Mapping[str, UUID] | Iterable[UUID],
    matter_id: UUID,
    materials: Mapping[str, str] | None = None,
) -> None:
    """Give pending uploads of the viewer to a matter; files it already has are fine. ``materials`` says which paper each
    question of ``files`` asks for: a file that came without a name is then that paper.

    Refused: "file-unknown" when one is neither: lost, swept, or somebody else's.
    """
    asked = files if isinstance(files, Mapping) else {}
    wanted = set(asked.values() or files)
    if not wanted:
        return
    named = {str(asked[at]): said for at, said in (materials or {}).items() if at in asked}
    taken = run(
        """update file set matter_id = %s, state = 'attached',
            material = case material when '' then coalesce(%s::jsonb ->> id::text, '') else material end
        where id = any(%s) and matter_id is null and account_id = %s and state in ('pending', 'held')""",
        matter_id, json.dumps(named), list(wanted), viewer.account_id,
    )  # fmt: skip
    theirs = "where id = any(%s) and matter_id = %s"
    if taken < len(wanted) and len(rows(File, theirs, list(wanted), matter_id)) < len(wanted):
        raise Refused(
            "file-unknown",
            Words(
                "有一份上传的文件找不到了（超过一天没提交会自动清除），请重新上传；其他内容都还在。",
                "One of the uploaded files is no longer there (uploads not submitted within a day are removed). Upload it "
                "again; everything else is kept.",
            ),
        )


def hold(viewer: Viewer, ids: Iterable[UUID]) -> None:
    """The viewer's unclaimed uploads among ``ids`` wait with a draft that was kept just now, and are not swept before it ends."""
    query = "update file set state = 'held', at = %s where id = any(%s) and account_id = %s and state in ('pending', 'held')"
    run(query, clock.now(), list(ids), viewer.account_id)


def pending(viewer: Viewer, ids: Iterable[UUID]) -> dict[UUID, File]:
    """Those of the viewer's visible files among ``ids``: to show name, size and kind beside a form."""
    return {f.id: f for f in File.objects.filter(id__in=set(ids))}


def drop(viewer: Viewer, file_id: UUID) -> None:
    """Throw an own pending upload away; gone is fine too."""
    if File.objects.filter(id=file_id, account_id=viewer.account_id, matter_id=None).delete()[0]:
        store().delete(file_id)


def why(viewer: Viewer, matter_id: UUID, applicant_id: UUID | None) -> str:
    """For what purpose the viewer looks at what lies with a matter: as its applicant, for an open step, else as they said when
    they opened it today; empty if they never did, which is flagged.
    """
    if applicant_id is not None and applicant_id == viewer.party_id:
        return "own"
    with connection.cursor() as cursor:
        cursor.execute(
            """select case when exists (select 1 from step where matter_id = %(m)s and unit_id = %(u)s::int and closed_at is null)
            then 'step' else coalesce((select purpose from access where account_id = %(a)s and matter_id = %(m)s
            and kind = 'read' and at > now() - interval '12 hours' order by at desc limit 1), '') end""",
            {"m": matter_id, "u": viewer.unit_id, "a": viewer.account_id},
        )
        return str(cursor.fetchone()[0])


def read_file(viewer: Viewer, file_id: UUID) -> tuple[bytes, str]:
    """Content and media type of a file the viewer may see; a tier 2 read. Refused: "not-found", "erased" (410)."""
    row = File.objects.filter(id=file_id).first() if viewer.signed_in else None
    if row is None:
        raise not_found()
    if row.key is None:
        raise refuse_erased()
    if row.matter_id is not None:
        applicant = Matter.objects.filter(id=row.matter_id).values_list("applicant_id", flat=True).first()
        log_access(
            viewer, kind="file", tier=2, purpose=why(viewer, row.matter_id, applicant), matter_id=row.matter_id, party_id=applicant,
            detail=row.material,
        )  # fmt: skip
    return _content(row), row.media


def content(file_id: UUID) -> bytes:
    """The bytes of a visible file, for code that has logged the read itself. Refused: "not-found"."""
    row = File.objects.filter(id=file_id).first()
    if row is None or row.key is None:
        raise not_found()
    return _content(row)


def _content(row: File) -> bytes:
    key = keys().unwrap(bytes(row.key or b""), row.id.bytes)
    return store().open(row.id, key)


def sweep(before: datetime, part: int) -> int:
    """Remove from one part of the disk what no row knows, what is pending since before ``before``, and what a draft held that
    has ended (worker role). Returns how many.
    """
    since = {"pending": before, "held": clock.now() - KEPT}

    def known(ids: Sequence[UUID]) -> set[UUID]:
        found = fetch("select id, state, at from trust.known_files(%s)", list(ids))
        return {one for one, state, at in found if state not in since or at >= since[state]}

    return len(store().sweep(min_age=_SETTLED, known_of=known, part=part).unknown)
