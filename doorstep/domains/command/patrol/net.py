"""The net in force: what the region's file says, with what was changed by page since, each change a version with its day and why.

Two who change the same mark at once: the second is told what the first wrote, and what they typed is still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from doorstep.domains.command.patrol.models import PatrolMark
from doorstep.kernel.assign import colleagues
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import first, insert, rows
from doorstep.kernel.trust import Viewer, refuse_right
from doorstep.rulebook import clock, patrol_net
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.patrol_net import Mark, Net, load_net
from doorstep.rulebook.region import calendar, region
from doorstep.rulebook.words import Refused, Words

_GONE = Words("不在本单位的同事", "Somebody not of this unit")


@dataclass(frozen=True, slots=True)
class Version:
    """One change of a mark; ``mark`` None where it was taken out."""

    number: int
    mark: Mark | None
    from_day: date
    by: Words
    why: str
    at: datetime


@lru_cache(maxsize=2)
def written(code: str) -> Net | None:
    """The net as the region's file has it; None for a region without patrols."""
    return load_net(code, [str(one["code"]) for one in region().points if one["kind"] == "workstation"])


def net(day: date | None = None) -> Net | None:
    """The net in force on a day (today)."""
    found = written(region().code)
    if found is None:
        return None
    on = day or calendar().day_of(clock.now())
    asked = "where version = (select max(m.version) from patrol_mark m where m.code = patrol_mark.code and m.from_day <= %s)"
    changed = rows(PatrolMark, f"{asked} order by code", on)
    marks = [patrol_net.mark(one.body) for one in changed if one.body is not None]
    return found.changed(marks, [one.code for one in changed if one.body is None])


def version_of(code: str) -> int:
    """The number of the newest version of a mark; 0 for one that stands as the file says, or is new."""
    found = first(PatrolMark, "where code = %s order by version desc limit 1", code)
    return found.version if found else 0


def history(code: str) -> list[Version]:
    """All versions of a mark, the newest first; version 0 is the file's."""
    known = colleagues()
    return [
        Version(one.version, patrol_net.mark(one.body) if one.body else None, one.from_day,
                known[one.account_id].name if one.account_id in known else _GONE, one.why, one.at)
        for one in rows(PatrolMark, "where code = %s order by version desc", code)
    ]  # fmt: skip


def coming() -> list[tuple[str, date]]:
    """Changes that are not in force yet."""
    today = calendar().day_of(clock.now())
    return [
        (one.code, one.from_day)
        for one in rows(PatrolMark, "where from_day > %s order by from_day, code", today)
    ]


def change(
    viewer: Viewer, code: str, body: Mapping[str, Any] | None, *, seen: int, from_day: date, why: str, request_id: str
) -> Done:  # fmt: skip
    """Write a version of a mark (``body`` None takes it out), on top of version ``seen``. Refused: "no-right", "no-why", "past",
    "wrong" with the field, "changed" (409) when somebody else wrote one meanwhile.
    """
    if not may_change(viewer):
        raise refuse_right()
    if not why.strip():
        raise _refuse("no-why", "why", Words("写一句为什么改。", "Say why."))
    if from_day < calendar().day_of(clock.now()):
        raise _refuse(
            "past", "from_day", Words("生效日期不能早于今天。", "It cannot hold from a day that is past.")
        )
    kept = None
    if body is not None:
        try:
            kept = patrol_net.mark(body).as_dict()
        except patrol_net.Wrong as wrong:
            raise _refuse("wrong", wrong.field, wrong.words) from wrong
    told = {"code": code, "seen": seen, "from": from_day.isoformat(), "why": why, "body": kept}

    def do() -> Done:
        row = PatrolMark(id=uuid7(), code=code, version=seen + 1, body=kept, from_day=from_day,
                         account_id=viewer.account_id, why=why.strip()[:400], at=clock.now())  # fmt: skip
        newest = version_of(code)
        if newest != seen:
            raise changed(code)
        try:
            with transaction.atomic():
                insert(row)
        except IntegrityError as same:
            raise changed(code) from same
        return _done(row.id)

    return once(viewer, "patrol_mark", request_id, told, do, _done)


def may_change(viewer: Viewer) -> bool:
    """Who supervises draws what is owed."""
    return viewer.may("supervise", tier="public")


def changed(code: str) -> Refused:
    """Somebody else wrote a version meanwhile."""
    return Refused(
        "changed",
        Words(
            f"{code} 刚刚被别人改过。您填的还在，没有存；对照一下再存。",
            f"Somebody has just changed {code}. What you typed is kept here, not saved; compare, then save again.",
        ),
        status=409,
    )


def _refuse(code: str, field: str, words: Words) -> Refused:
    return Refused(code, words, faults=((f"/{field}", words),))


def _done(row_id: UUID) -> Done:
    return Done(row_id, "", "open", 1)
