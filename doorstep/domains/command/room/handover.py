"""What one shift hands to the next: figures of the moment and words, given by one officer and taken by another of the same unit.

The words are sealed; the database lets nobody take what they gave themselves, and nothing is changed once it was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from doorstep.domains.command.room import report
from doorstep.domains.command.room.models import RoomHandover
from doorstep.kernel.assign import Colleague, colleagues
from doorstep.kernel.crypto import new_key, open_sealed, seal
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import first, insert, rows, run
from doorstep.kernel.trust import Viewer, keys, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_MOST: Final = 2_000
_SHOWN: Final = ("waiting", "late", "due", "nobody", "calls_open", "on_duty")
_GONE = Words("已离开的同事", "Somebody who has left")


@dataclass(frozen=True, slots=True)
class Handover:
    """One hand-over as it is read."""

    id: UUID
    given_at: datetime
    giver: Words
    words: str
    figures: tuple[tuple[Words, str], ...]
    taken_at: datetime | None
    taker: Words | None
    answer: str
    own: bool


def give(viewer: Viewer, words: str, request_id: str) -> Done:
    """Hand the shift over, with what the next one has to know. Refused: "no-words", "waits" (409) while one is not taken yet."""
    text, unit_id = words.strip(), viewer.unit_id
    if unit_id is None:
        raise refuse_right()
    if not text:
        raise Refused("no-words", Words("请写一句要交代的；没有事，就写“没有”。",
                                        "Write what the next shift has to know; if nothing, write so."))  # fmt: skip
    if len(text) > _MOST:
        raise Refused(
            "too-long",
            Words(
                f"最多 {_MOST} 字，现在 {len(text)} 字。",
                f"At most {_MOST} characters; these are {len(text)}.",
            ),
        )

    def do() -> Done:
        if first(RoomHandover, "where unit_id = %s and taken_at is null", viewer.unit_id):
            raise Refused(
                "waits",
                Words("上一份交班还没有人接。", "The last hand-over has not been taken yet."),
                status=409,
            )
        one, key = uuid7(), new_key()
        insert(RoomHandover(id=one, unit_id=unit_id, given_by=viewer.account_id, given_at=clock.now(),
                            figures=report.now_figures(), key=keys().wrap(key, one.bytes),
                            sealed=seal(key, text.encode(), b"room:" + one.bytes)))  # fmt: skip
        return _done(one)

    return once(viewer, "give_shift", request_id, {"words": text}, do, _done)


def take(viewer: Viewer, handover_id: UUID, words: str, request_id: str) -> Done:
    """Take it on, with an answer if there is one. Refused: "not-found", "own" (409): nobody takes what they gave, "taken" (409)."""

    def do() -> Done:
        found = first(RoomHandover, "where id = %s", handover_id)
        if found is None or found.unit_id != viewer.unit_id:
            raise not_found()
        if found.given_by == viewer.account_id:
            raise Refused(
                "own",
                Words(
                    "要由接班的人来接，自己不能接自己的。", "Whoever takes over takes it; nobody their own."
                ),
                status=409,
            )
        if found.taken_at:
            raise Refused("taken", Words("已经有人接了。", "Somebody has taken it."), status=409)
        key = new_key()
        run("update room_handover set taken_by = %s, taken_at = %s, taken_key = %s, taken_sealed = %s where id = %s",
            viewer.account_id, clock.now(), keys().wrap(key, handover_id.bytes),
            seal(key, words.strip()[:_MOST].encode(), b"taken:" + handover_id.bytes), handover_id)  # fmt: skip
        return _done(handover_id)

    return once(viewer, "take_shift", request_id, {"of": str(handover_id), "words": words}, do, _done)


def latest(viewer: Viewer, most: int = 5) -> list[Handover]:
    """The last hand-overs of the viewer's unit, newest first."""
    known = colleagues()
    found = rows(RoomHandover, "where unit_id = %s order by given_at desc limit %s", viewer.unit_id, most)
    return [_read(one, known, viewer) for one in found]


def _read(row: RoomHandover, known: Mapping[UUID, Colleague], viewer: Viewer) -> Handover:
    answer = ""
    if row.taken_key is not None and row.taken_sealed is not None:
        opened = keys().unwrap(bytes(row.taken_key), row.id.bytes)
        answer = open_sealed(opened, bytes(row.taken_sealed), b"taken:" + row.id.bytes).decode()
    words = open_sealed(
        keys().unwrap(bytes(row.key), row.id.bytes), bytes(row.sealed), b"room:" + row.id.bytes
    )
    return Handover(
        row.id, row.given_at, _name(known, row.given_by), words.decode(), _figures(row.figures), row.taken_at,
        _name(known, row.taken_by) if row.taken_by else None, answer, row.given_by == viewer.account_id,
    )  # fmt: skip


def _figures(told: Mapping[str, Any]) -> tuple[tuple[Words, str], ...]:
    return tuple((report.TITLES[name], f"{told[name]:g}") for name in _SHOWN if told.get(name) is not None)


def _name(known: Mapping[UUID, Colleague], account_id: UUID) -> Words:
    return known[account_id].name if account_id in known else _GONE


def _done(handover_id: UUID) -> Done:
    return Done(handover_id, "", "open", 1)
