"""Erasing: what a person brought is destroyed when the law no longer needs it; the codes of what happened stay.

The matter's key goes, and with it form data, what was typed at each event, and files; so do the tokens that search finds
it by, the names on its papers, and the person's own record if no other matter needs it. Headers, figures and the public
check of papers stay: the chain still verifies and replays.

By order it takes two persons: one orders, another repeats reason and document within `WAITS`. The database asks that, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.db import connection

from doorstep.kernel import change
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.models import PackVersion
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import State
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

#: Why somebody may order it before the retention ends. It stands in the header, so it is chosen, never typed.
REASONS: dict[str, Words] = {
    "order": Words("法院或主管机关决定", "A court or authority decided so"),
    "request": Words("本人要求，依法应当删除", "The person asked, and the law agrees"),
    "unlawful": Words("本来就不该收集", "It should never have been collected"),
}


#: How long an order waits for the second person.
WAITS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Order:
    """An erasure that one person ordered and nobody has confirmed yet. ``account_id``: who ordered it."""

    matter_id: UUID
    number: str
    pack: bytes
    reason: str
    document: str
    account_id: UUID
    unit_id: int | None
    at: datetime


def erase(viewer: Viewer, matter_id: UUID, *, reason: str, document: str, request_id: str) -> Done:
    """Order the contents of an ended matter destroyed; the second person who orders the same destroys them.

    ``document`` is the number of the decision; no names in it. `Done.made` is "ordered" after the first, "" after the second.
    Refused: "not-found", "no-right", "reason" for one that is not of `REASONS` or without a document, "not-ended" (409),
    "second-person" (409) for the same person again, "erased" (410) when it is done.
    """
    if reason not in REASONS or not 0 < len(document.strip()) <= 40:
        raise Refused(
            "reason",
            Words(
                "请从清单里选理由，并写上决定的文号（不超过 40 个字，不写人名）。",
                "Choose a reason of the list and give the number of the decision (up to 40 characters, no names).",
            ),
            faults=(("/reason", Words("必选", "Choose one")), ("/document", Words("必填", "Required"))),
        )

    def do() -> Done:
        opened = change.lock(matter_id)
        viewer.need("erase", opened.pack.branch)
        held = [one for one in pending(matter_id) if (one.reason, one.document) == (reason, document.strip())]
        if any(one.account_id != viewer.account_id for one in held):
            return _erase(viewer, opened, reason, document.strip())
        if held:
            raise Refused(
                "second-person",
                Words("您已经提出过，要由另一个人确认。", "You have ordered it; another person has to confirm it."),
                status=409,
            )  # fmt: skip
        _check_ended(opened)
        codes = {"why": reason, "document": document.strip()}
        return change.told(viewer, opened, "erasure_ordered", codes, {}, made="ordered")

    content = {"matter": str(matter_id), "reason": reason, "document": document}
    return once(viewer, "erase", request_id, content, do, change.done_of)


def pending(matter_id: UUID | None = None) -> Iterator[Order]:
    """Orders that wait for the second person, of one matter or of all that the viewer may see; the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select m.id, m.number, m.pack, e.header, e.account_id, e.unit_id, e.at from event e
            join matter m on m.id = e.matter_id where e.kind = 'erasure_ordered' and e.at > %s and m.key is not null
            and (%s::uuid is null or m.id = %s) order by e.at desc limit 200""",
            [clock.now() - WAITS, matter_id, matter_id],
        )
        for one, number, held, header, account_id, unit_id, at in cursor.fetchall():
            told = orjson.loads(header)
            yield Order(one, number, bytes(held), told["why"], told["document"], account_id, unit_id, at)


def end_of_retention(system: Viewer, matter_id: UUID) -> Done:
    """Destroy the contents of a matter that was kept as long as its pack says. Refused: as `erase`."""
    return _erase(system, change.lock(matter_id), "retention", "")


def outlived(most: int = 200) -> list[UUID]:
    """Ended matters that were kept for longer than their packs allow (worker role)."""
    today = calendar().day_of(clock.now())
    packs = [bytes(h) for h in PackVersion.objects.values_list("hash", flat=True)]
    known = [(h, years) for h in packs if (years := pack.version(h).kept_years(today)) is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from trust.outlived(%s, %s, %s, %s)",
            [[h for h, _ in known], [years for _, years in known], clock.now(), most],
        )
        return [row[0] for row in cursor.fetchall()]


def _check_ended(opened: change.Opened) -> None:
    if opened.row.closed_at is None:
        raise Refused(
            "not-ended",
            Words("这件事还在办，办结以后才能销毁。", "It is still being worked on; it can be erased once it has ended."),
            status=409,
        )  # fmt: skip


def _erase(viewer: Viewer, opened: change.Opened, reason: str, document: str) -> Done:
    _check_ended(opened)
    state = State.from_json(opened.row.flow)
    done = change.finish(viewer, opened, "erased", state, (), {"why": reason, "document": document}, {})
    with connection.cursor() as cursor:
        cursor.execute("select trust.erase(%s)", [opened.row.id])
        if not cursor.fetchone()[0]:
            raise refuse_right()
        if opened.row.tied or opened.row.lon is not None:
            cursor.execute("select trust.erase_ties(%s)", [opened.row.id])
    return done
