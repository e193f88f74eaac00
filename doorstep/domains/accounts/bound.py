"""What an officer has settled about persons at a window is carried out here: the last step of two items, in one transaction each.

ZN-002: an account that somebody made becomes theirs. ZN-003: a renewed document and the one before it are one person's. The matter
waits; what waits is a row, so nothing is lost if a worker dies, and nothing is done twice. The database looks for itself whether
the matter says so (``sql/bound.sql``, ``sql/joined.sql``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from doorstep.kernel.change import lock
from doorstep.kernel.crypto import open_sealed
from doorstep.kernel.matter import hear
from doorstep.kernel.party import person_of, with_document
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, enter_system, keys
from doorstep.rulebook import document
from doorstep.rulebook.words import Refused, Words

ACCOUNT: Final = "account"
DOCUMENT: Final = "document"
_MOST = 20
_PAUSE_SECONDS = 300.0
_log = logging.getLogger(__name__)
_later: dict[UUID, float] = {}


def bind_accounts() -> int:
    """Make each account theirs whose matter waits for it (worker). How many were dealt with."""
    return _each("select * from trust.accounts_due(%s)", bound)


def join_documents() -> int:
    """Enter each renewed document whose matter waits for it (worker). How many were dealt with."""
    return _each("select * from trust.documents_due(%s)", joined)


def _each(asked: str, do: Callable[[Viewer, UUID], None]) -> int:
    found = [one for (one,) in fetch(asked, _MOST)]
    return sum(_one(one, do) for one in found if _later.get(one, 0.0) <= time.monotonic())


def _one(matter_id: UUID, do: Callable[[Viewer, UUID], None]) -> bool:
    try:
        with enter_system(matter_id) as system:
            do(system, matter_id)
    except Refused as no:
        _later[matter_id] = time.monotonic() + _PAUSE_SECONDS
        _log.warning("what %s settled about a person was not carried out: %s", matter_id, no.code)
        return False
    _later.pop(matter_id, None)
    return True


def bound(system: Viewer, matter_id: UUID) -> None:
    """Make the account of this matter's applicant theirs, or say that none fits."""
    opened = lock(matter_id)
    person, said = person_of(opened.row.applicant_id), opened.data["account"]
    if person is None:
        return
    blind = keys().blind
    phone, name = blind("login", str(said["mobile"])), blind("name", document.spelled(person.name))
    answer = fetch("select trust.bind_account(%s, %s)", phone, name)[0][0]
    hear(system, matter_id, step="bind", said=answer, message=ACCOUNT)


def joined(system: Viewer, matter_id: UUID) -> None:
    """Enter the new document for this matter's applicant, or say that it is somebody else's."""
    opened = lock(matter_id)
    party_id = opened.row.applicant_id
    person = person_of(party_id)
    if person is None or party_id is None:
        return
    new, blind = document.index(document.tidy(str(opened.data["renewed"]["id_no"]))), keys().blind
    record, was = with_document(party_id, new)
    old = [blind("id_no", one) for one in document.tokens(person.id_no)]
    answer = fetch(
        "select trust.join_document(%s, %s, %s, %s, %s::bytea[], %s::bytea[])",
        blind("id_no", new), was, record, blind("name", document.spelled(person.name)),
        [blind("party", str(party_id)), *old], [blind("id_no", one) for one in document.tokens(new)],
    )[0][0]  # fmt: skip
    hear(system, matter_id, step="join", said=answer, message=DOCUMENT)


def former(viewer: Viewer) -> list[tuple[Words, datetime]]:
    """The documents by which the viewer was known before, masked, with when another took their place; the last first."""
    found = fetch(
        """select p.key, d.sealed, d.at from person_document d join party p on p.id = d.party_id
        where d.party_id = %s order by d.at desc""",
        viewer.party_id,
    )
    aad = viewer.party_id.bytes if viewer.party_id else b""
    return [
        (_said(keys().unwrap(bytes(key), aad), bytes(sealed), aad), at) for key, sealed, at in found if key
    ]


def _said(key: bytes, sealed: bytes, aad: bytes) -> Words:
    return document.said(document.masked(open_sealed(key, sealed, b"document:" + aad).decode()))
