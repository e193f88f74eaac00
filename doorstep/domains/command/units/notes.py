"""Words where the radio does not reach: from one unit to another about a call, and from one shift to the next of the same unit.

The words are sealed. Whoever gives them confirms by writing, whoever takes them by taking; nobody takes their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from doorstep.domains.command.units import duty, region
from doorstep.kernel.assign import colleagues
from doorstep.kernel.crypto import new_key, open_sealed, seal
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, keys
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_MOST: Final = 1_000
_GONE: Final = Words("同事", "A colleague")


@dataclass(frozen=True, slots=True)
class Note:
    """One note as it is read. ``shift``: it hands the unit over to the next crew."""

    id: UUID
    duty_unit_id: int
    to_id: int
    callsign: str
    shift: bool
    matter_id: UUID | None
    giver: Words
    given_at: datetime
    words: str
    taken_at: datetime | None
    own: bool


def tell(
    viewer: Viewer, duty_unit_id: int, to_id: int, words: str, request_id: str, matter_id: UUID | None = None
) -> Done:
    """Tell another unit something, about the call it is out for if it is; to the own unit: hand the shift over.

    Refused: "no-words", "too-long", "no-right", "off-duty" (409), "waits" (409) while a hand-over is not taken.
    """
    text = words.strip()
    if not text or len(text) > _MOST:
        raise Refused("too-long" if text else "no-words",
                      Words(f"请写 1 至 {_MOST} 字。", f"Write 1 to {_MOST} characters."))  # fmt: skip

    def do() -> Done:
        stands, one, key = duty.one(duty_unit_id), uuid7(), new_key()
        about = matter_id or (None if to_id == duty_unit_id else stands.on_matter)
        duty.refuse(fetch(
            "select trust.duty_tell(%s, %s, %s, %s, %s, %s, %s)", one, duty_unit_id, to_id, about, clock.now(),
            keys().wrap(key, one.bytes), seal(key, text.encode(), b"duty:" + one.bytes),
        ))  # fmt: skip
        return Done(one, stands.callsign, "given", 1)

    content = {"from": duty_unit_id, "to": to_id, "words": text}
    return once(viewer, "duty_tell", request_id, content, do, _done)


def take(viewer: Viewer, note_id: UUID, request_id: str) -> Done:
    """Confirm a note; of a shift: ride in the unit from now on. Refused: "no-right", "own", "taken", "busy" (409)."""

    def do() -> Done:
        now = clock.now()
        duty.refuse(fetch("select trust.duty_take(%s, %s, %s)", note_id, now, region.shift_end(now)))
        return Done(note_id, "", "taken", 1)

    return once(viewer, "duty_take", request_id, {"note": str(note_id)}, do, _done)


def notes(viewer: Viewer, to_ids: list[int], most: int = 10) -> list[Note]:
    """The last notes to or from these units, newest first."""
    found = fetch(
        """select n.id, n.duty_unit_id, n.to_id, coalesce(d.callsign, ''), n.matter_id, n.given_by, n.given_at, n.key,
          n.sealed, n.taken_at
        from duty_note n left join duty_unit d on d.id = n.duty_unit_id
        where n.to_id = any (%s) or n.duty_unit_id = any (%s) order by n.given_at desc limit %s""",
        to_ids, to_ids, most,
    )  # fmt: skip
    known = colleagues() if found else {}
    return [
        Note(row[0], row[1], row[2], row[3], row[1] == row[2], row[4], known[row[5]].name if row[5] in known else _GONE,
             row[6], _opened(row[0], row[7], row[8]), row[9], row[5] == viewer.account_id)
        for row in found
    ]  # fmt: skip


def _opened(note_id: UUID, key: bytes, sealed: bytes) -> str:
    opened = keys().unwrap(bytes(key), note_id.bytes)
    return open_sealed(opened, bytes(sealed), b"duty:" + note_id.bytes).decode()


def _done(note_id: UUID) -> Done:
    return Done(note_id, "", "", 1)
