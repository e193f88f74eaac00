"""Ratings: one per person and matter, unseen by whoever handled it, published in batches of five or more."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from doorstep.kernel import clock
from doorstep.kernel.crypto import new_key, seal
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.ids import uuid7
from doorstep.kernel.models import Matter, Rating
from doorstep.kernel.region import calendar
from doorstep.kernel.trust import Viewer, keys, not_found, refuse_right
from doorstep.kernel.words import Refused, Words

LEVELS: dict[int, Words] = {
    5: Words("非常满意", "Very satisfied"),
    4: Words("满意", "Satisfied"),
    3: Words("一般", "Neither"),
    2: Words("不满意", "Dissatisfied"),
    1: Words("非常不满意", "Very dissatisfied"),
}
_RATEABLE = ("closed", "granted", "refused")


@dataclass(frozen=True, slots=True)
class Ratings:
    """What is published of a unit: votes by level, in full fives only."""

    votes: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.votes.values())

    @property
    def satisfied(self) -> int:
        return sum(n for level, n in self.votes.items() if level >= 3)


def rate(viewer: Viewer, matter_id: UUID, *, level: int, text: str = "", request_id: str) -> Done:
    """The applicant says how it went, once.

    Refused: "not-found", "no-right" for anybody else, "level", "not-yet" (409) before a result, "rated" (409).
    """
    if level not in LEVELS:
        raise Refused(
            "level",
            Words("请从 1 到 5 里选一级。", "Choose a level from 1 to 5."),
            faults=(("/level", Words("必填", "Required")),),
        )

    def do() -> Done:
        row = Matter.objects.filter(id=matter_id).first()
        if row is None:
            raise not_found()
        if viewer.party_id is None or viewer.party_id != row.applicant_id:
            raise refuse_right()
        if row.state not in _RATEABLE:
            raise Refused(
                "not-yet", Words("办出结果以后再评价。", "Rate it once there is a result."), status=409
            )
        _keep(viewer.party_id, row, level, text)
        return Done(row.id, row.number, row.state, row.version)

    def again(found: UUID) -> Done:
        row = Matter.objects.get(id=found)
        return Done(row.id, row.number, row.state, row.version)

    content = {"matter": str(matter_id), "level": level, "text": text}
    return once(viewer, "rate", request_id, content, do, again)


def _keep(party_id: UUID, row: Matter, level: int, text: str) -> None:
    rating_id, key = uuid7(), new_key()
    try:
        with transaction.atomic():
            Rating.objects.create(
                id=rating_id, matter_id=row.id, party_id=party_id, unit_id=row.unit_id, item=row.item, level=level,
                key=keys().wrap(key, rating_id.bytes) if text else None,
                sealed=seal(key, text.encode(), b"rating:" + rating_id.bytes) if text else None,
                day=clock.now().astimezone(calendar().zone).date(),
            )  # fmt: skip
    except IntegrityError:
        raise Refused(
            "rated",
            Words("您已经评价过这件事，谢谢。", "You have already rated this matter. Thank you."),
            status=409,
        ) from None


def ratings(unit_id: int) -> Ratings:
    """The published ratings of a unit."""
    with connection.cursor() as cursor:
        cursor.execute("select level, votes from trust.ratings(%s)", [unit_id])
        return Ratings({int(level): int(votes) for level, votes in cursor.fetchall()})
