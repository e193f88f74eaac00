"""Ringing people up who cannot rate on a screen: one at a time, by a unit that had no hand in their matter.

There is no list of persons. Whoever rings asks for the next one, reads the matter (the look is logged, the person sees it), and
says what came of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from doorstep.domains.ratings import rate
from doorstep.kernel import read
from doorstep.kernel.event import canonical
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, keys, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words

PURPOSE: Final = "check_quality"
CAME: Final = {
    "no-answer": Words("没有人接，明天再打", "No answer; ring again tomorrow"),
    "declined": Words("对方不想评，不再打", "They would rather not; do not ring again"),
    "wrong-person": Words("号码不对，不再打", "Wrong number; do not ring again"),
}
_FROM, _UNTIL = timedelta(days=21), timedelta(days=2)
_WHY = "电话请对方评价 · rings to ask for a rating"
_TRIES: Final = 5
_NO_PHONE: Final = "no-phone"


def _need(viewer: Viewer) -> None:
    if viewer.is_resident or not viewer.may("rate") or not rate.answers(viewer):
        raise refuse_right()


def next_one(viewer: Viewer) -> UUID | None:
    """Whom to ring now: of a matter that ended two days to three weeks ago and that nobody has rated. None if there is nobody.
    Persons who left no number are passed over. Refused: "no-right"."""
    _need(viewer)
    now = clock.now()
    for _ in range(_TRIES):
        found = fetch("select ratings.ring_next(%s, %s, %s)", now - _FROM, now - _UNTIL, now)[0][0]
        if found is None:
            return None
        if (who := person(viewer, found).applicant) and who.phone:
            return UUID(str(found))
        _came(found, _NO_PHONE)
    return None


def person(viewer: Viewer, matter_id: UUID) -> read.MatterView:
    """The matter that the viewer rings about now, read and logged. Refused: "no-right", "not-found" unless it is theirs to ring."""
    _need(viewer)
    if not fetch("select ratings.ringing(%s)", matter_id)[0][0]:
        raise not_found()
    return read.read_matter(viewer, matter_id, purpose=PURPOSE, reason=_WHY)


def answered(
    viewer: Viewer,
    matter_id: UUID,
    *,
    level: int,
    text: str = "",
    may_call: bool = False,
    request_id: str = "",
) -> None:
    """What the person said on the telephone. Refused: as `rate.rate`, "wrong" (404) unless it is the viewer's to ring."""
    _need(viewer)
    told = {"matter": str(matter_id), "level": level, "text": text, "may_call": may_call}
    request = keys().fingerprint(f"rating {request_id}", canonical(told)) if request_id else None
    with transaction.atomic():
        rate.cast(matter_id, level, "phone", text=text, may_call=may_call, request=request)


def unanswered(viewer: Viewer, matter_id: UUID, came: str) -> None:
    """Why there is no rating. Refused: "no-right", "came", "not-found"."""
    _need(viewer)
    if came not in CAME:
        raise Refused("came", Words("请选一样。", "Choose what came of it."))
    _came(matter_id, came)


def _came(matter_id: UUID, came: str) -> None:
    if not fetch("select ratings.rung(%s, %s)", matter_id, came)[0][0]:
        raise not_found()
