"""Sheets as a store keeps them: received, issued to a shift, counted and returned. Every step is a line that stays."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from django.db import transaction

from doorstep.domains.blanks.models import Blank, Move, Shift
from doorstep.kernel.row import insert, run
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.pack.blank import Kind, kinds
from doorstep.rulebook.words import Refused, Words

_SERIAL = re.compile(r"([A-Z]{0,6})([0-9]{4,12})")
_RIGHTS = ("receive", "hand_out", "decide")
MOST = 2_000


def need(viewer: Viewer) -> int:
    """The viewer's unit. Refused: "no-right" for who neither takes in, hands out nor decides."""
    if viewer.unit_id is None or not any(viewer.may(right) for right in _RIGHTS):
        raise refuse_right()
    return viewer.unit_id


def kind_of(name: str) -> Kind:
    """Refused: "no-kind"."""
    found = kinds().get(name)
    if found is None:
        raise Refused("no-kind", Words("没有这种空白证。", "There is no such kind of blank."))
    return found


def serials(first: str, count: int) -> list[str]:
    """So many numbers from ``first`` on. Refused: "serial" for what is none, "count" outside 1 to `MOST`."""
    found = _SERIAL.fullmatch(first.strip().upper())
    if found is None:
        words = Words(
            "号码写字母加数字，比如 JZ000001。", "A number is letters and digits, such as JZ000001."
        )
        raise Refused("serial", words, faults=(("/first", words),))
    head, digits = found[1], found[2]
    if not 0 < count <= MOST or len(str(int(digits) + count - 1)) > len(digits):
        words = Words(f"一次 1 到 {MOST} 张。", f"1 to {MOST} at a time.")
        raise Refused("count", words, faults=(("/count", words),))
    return [f"{head}{int(digits) + n:0{len(digits)}d}" for n in range(count)]


def receive(viewer: Viewer, kind: str, first: str, count: int) -> int:
    """Sheets come into the unit's store. Refused: "no-right", "no-kind", "serial", "count", "known" (409) if one is."""
    unit, numbers = need(viewer), serials(first, count)
    kind_of(kind)
    rows = [Blank(id=uuid7(), kind=kind, serial=one, unit_id=unit, state="stock") for one in numbers]
    with transaction.atomic():
        made = 0
        for row in rows:
            made += _add(row)
        if made < count:
            words = Words(
                "其中有号码已经登记过，什么都没有收。", "One of these numbers is known; nothing was received."
            )
            raise Refused("known", words, status=409, faults=(("/first", words),))
        keep(viewer, "received", kind, numbers, unit)
    return count


def _add(row: Blank) -> int:
    return run(
        "insert into blank (id, kind, serial, unit_id, state) values (%s, %s, %s, %s, %s) on conflict do nothing",
        row.id, row.kind, row.serial, row.unit_id, row.state,
    )  # fmt: skip


def issue(viewer: Viewer, kind: str, first: str, count: int) -> Shift:
    """Sheets of the store go into the viewer's hands, for this shift. Refused: as `receive`, "not-in-stock" (409)."""
    unit, numbers = need(viewer), serials(first, count)
    kind_of(kind)
    with transaction.atomic():
        shift = mine(viewer, kind) or _begin(viewer, kind, unit)
        there = Blank.objects.filter(kind=kind, serial__in=numbers, unit_id=unit, state="stock")
        if there.update(state="out", shift_id=shift.id) < count:
            words = Words(
                "其中有的不在库里，什么都没有领。", "Some of these are not in the store; nothing was issued."
            )
            raise Refused("not-in-stock", words, status=409, faults=(("/first", words),))
        keep(viewer, "issued", kind, numbers, unit, shift=shift.id)
    return shift


def mine(viewer: Viewer, kind: str) -> Shift | None:
    """The viewer's open shift with sheets of this kind, held until the verb ends."""
    own = Shift.objects.select_for_update().filter(account_id=viewer.account_id, kind=kind, counted_at=None)
    return own.first()


def spoil(viewer: Viewer, kind: str, serial: str, reason: str) -> None:
    """A sheet in the viewer's hands was spoiled, and why. Refused: "not-in-hand" (409), "reason". Said twice changes nothing."""
    unit = need(viewer)
    row = in_hand(viewer, kind, serial, also="spoiled")
    if row.state == "spoiled":
        return
    if not reason.strip():
        words = Words("请写怎么坏的。", "Say how it was spoiled.")
        raise Refused("reason", words, faults=(("/reason", words),))
    row.state = "spoiled"
    row.save(update_fields=["state"])
    keep(viewer, "spoiled", kind, [row.serial], unit, shift=row.shift_id, reason=reason)


def in_hand(viewer: Viewer, kind: str, serial: str, also: str = "") -> Blank:
    """A sheet of the viewer's open shift. Refused: "not-in-hand" (409)."""
    shift, wanted = mine(viewer, kind), serial.strip().upper()
    row = Blank.objects.select_for_update().filter(kind=kind, serial=wanted).first() if shift else None
    if row is None or shift is None or row.shift_id != shift.id or row.state not in ("out", also):
        words = Words(
            f"“{wanted}”不在您手里。先到“空白证”里领，再用。",
            f"'{wanted}' is not in your hands. Have it issued to you first.",
        )
        raise Refused("not-in-hand", words, status=409, faults=(("/serial", words),))
    return row


def count(viewer: Viewer, shift_id: UUID, counted: int, missing: str, why: str) -> Shift:
    """The end of a shift: what is left was counted and goes back to the store; what is not there is named and explained.

    Refused: "not-found", "count" if what was counted and what is named do not add up, "explain". Counted twice changes nothing.
    """
    with transaction.atomic():
        row = Shift.objects.select_for_update().filter(id=shift_id, account_id=viewer.account_id).first()
        if row is None:
            raise not_found()
        if row.counted_at is not None:
            return row
        left = list(Blank.objects.filter(shift_id=row.id, state="out").order_by("serial"))
        gone = {one for one in re.split(r"[\s,，、]+", missing.strip().upper()) if one}
        if counted + len(gone) != len(left) or not gone <= {one.serial for one in left}:
            words = Words(
                f"账上应剩 {len(left)} 张。少的请写出号码，点的和少的加起来要对得上。",
                f"{len(left)} should be left. Name the numbers that are missing; counted and missing must add up.",
            )
            raise Refused("count", words, faults=(("/counted", words),))
        if gone and not why.strip():
            words = Words("少了的要写明原因。", "Explain what is missing.")
            raise Refused("explain", words, faults=(("/why", words),))
        _end(viewer, row, [one.serial for one in left], gone, why.strip()[:300])
        return row


def _end(viewer: Viewer, row: Shift, left: list[str], gone: set[str], why: str) -> None:
    back = [one for one in left if one not in gone]
    Blank.objects.filter(kind=row.kind, serial__in=back).update(state="stock", shift_id=None)
    Blank.objects.filter(kind=row.kind, serial__in=gone).update(state="missing")
    for what, which, reason in (("returned", back, ""), ("missing", sorted(gone), why)):
        if which:
            keep(viewer, what, row.kind, which, row.unit_id, shift=row.id, reason=reason)
    row.counted_at, row.expected, row.counted, row.why = clock.now(), len(left), len(back), why
    row.save(update_fields=["counted_at", "expected", "counted", "why"])


def sign(viewer: Viewer, shift_id: UUID) -> Shift:
    """The second signature on a count. Refused: "not-found", "no-right", "not-counted", "same-person" (409). Idempotent."""
    if not any(viewer.may(right) for right in (*_RIGHTS, "supervise")):
        raise refuse_right()
    row = Shift.objects.select_for_update().filter(id=shift_id).first()
    if row is None:
        seen = Shift.objects.filter(id=shift_id).first()
        if seen is None:
            raise not_found()
        return seen
    if row.counted_at is None:
        raise Refused(
            "not-counted", Words("这一班还没有点数。", "This shift is not counted yet."), status=409
        )
    if row.account_id == viewer.account_id:
        raise other_person()
    row.second_id, row.second_who, row.second_at = viewer.account_id, viewer.name.as_dict(), clock.now()
    row.save(update_fields=["second_id", "second_who", "second_at"])
    return row


def other_person() -> Refused:
    """Two signatures are two people's."""
    return Refused(
        "same-person", Words("要另一个人来核对、签字。", "Somebody else has to look and sign."), status=409
    )


def keep(
    viewer: Viewer, what: str, kind: str, numbers: list[str], unit: int, *, shift: UUID | None = None,
    matter_id: UUID | None = None, reason: str = "",
) -> None:  # fmt: skip
    """One line of what was done with sheets."""
    insert(Move(
        id=uuid7(), at=clock.now(), what=what, kind=kind, first=numbers[0], last=numbers[-1], count=len(numbers), unit_id=unit,
        account_id=viewer.account_id, who=viewer.name.as_dict(), shift_id=shift, matter_id=matter_id,
        reason=reason.strip()[:200],
    ))  # fmt: skip


def _begin(viewer: Viewer, kind: str, unit: int) -> Shift:
    row = Shift(
        id=uuid4(), kind=kind, unit_id=unit, account_id=viewer.account_id, who=viewer.name.as_dict(), opened_at=clock.now(),
    )  # fmt: skip
    insert(row)
    return row
