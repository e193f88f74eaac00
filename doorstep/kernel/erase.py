"""Erasing: what a person brought is destroyed when the law no longer needs it; the codes of what happened stay.

The matter's key goes, and with it form data, what was typed at each event, and files; so do the tokens that search finds
it by, the names on its papers, and the person's own record if no other matter needs it. Headers, figures and the public
check of papers stay: the chain still verifies and replays.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from doorstep.kernel import change, clock, pack
from doorstep.kernel.flow import State
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.models import PackVersion
from doorstep.kernel.region import calendar
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.kernel.words import Refused, Words

#: Why somebody may order it before the retention ends. It stands in the header, so it is chosen, never typed.
REASONS: dict[str, Words] = {
    "order": Words("法院或主管机关决定", "A court or authority decided so"),
    "request": Words("本人要求，依法应当删除", "The person asked, and the law agrees"),
    "unlawful": Words("本来就不该收集", "It should never have been collected"),
}


def erase(viewer: Viewer, matter_id: UUID, *, reason: str, document: str, request_id: str) -> Done:
    """Destroy the contents of an ended matter by order. ``document`` is the number of the decision; no names in it.

    Refused: "not-found", "no-right", "reason" for one that is not of `REASONS` or without a document, "not-ended" (409),
    "erased" (410) for the second time.
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
        return _erase(viewer, opened, reason, document.strip())

    content = {"matter": str(matter_id), "reason": reason, "document": document}
    return once(viewer, "erase", request_id, content, do, change.done_of)


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


def _erase(viewer: Viewer, opened: change.Opened, reason: str, document: str) -> Done:
    if opened.row.closed_at is None:
        raise Refused(
            "not-ended",
            Words("这件事还在办，办结以后才能销毁。", "It is still being worked on; it can be erased once it has ended."),
            status=409,
        )  # fmt: skip
    state = State.from_json(opened.row.flow)
    done = change.finish(viewer, opened, "erased", state, (), {"why": reason, "document": document}, {})
    with connection.cursor() as cursor:
        cursor.execute("select trust.erase(%s)", [opened.row.id])
        if not cursor.fetchone()[0]:
            raise refuse_right()
        if opened.row.tied or opened.row.lon is not None:
            cursor.execute("select trust.erase_ties(%s)", [opened.row.id])
    return done
