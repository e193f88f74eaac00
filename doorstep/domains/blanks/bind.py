"""A paper on a numbered sheet: bound once, printed again only by two people, and never handed out without a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from doorstep.domains.blanks import stock
from doorstep.domains.blanks.models import Blank, Reprint
from doorstep.kernel import change, matter
from doorstep.kernel.read import MatterView
from doorstep.kernel.row import fetch, insert
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.flow import Happening, step_of
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper that needs a sheet, and the sheet it has. ``reprint``: what was asked for and is not over."""

    paper_id: UUID
    number: str
    kind: str
    serial: str
    reprint: Reprint | None


def sheets(found: MatterView) -> list[Sheet]:
    """The papers of a matter that need a sheet."""
    return [
        Sheet(paper_id, number, kind, _serial(paper_id), _open_reprint(paper_id))
        for paper_id, number, kind in _wanted(found.id, found.pack)
    ]


def bind(viewer: Viewer, found: MatterView, number: str, serial: str) -> Blank:
    """Print this paper on this sheet of one's own shift.

    Refused: "no-right", "not-found", "bound" (409) if it is on another sheet and no reprint was agreed, "not-in-hand" (409).
    Bound again to the same sheet changes nothing.
    """
    unit = stock.need(viewer)
    with transaction.atomic():
        paper_id, kind = _paper(found, number)
        held = Blank.objects.select_for_update().filter(paper_id=paper_id, state="used").first()
        if held is not None and held.serial == serial.strip().upper():
            return held
        agreed = Reprint.objects.filter(paper_id=paper_id, state="agreed").first()
        if held is not None:
            words = Words(
                f"这份证已经印在 {held.serial} 上。要重印，先提出，由另一个人核准。",
                f"This paper is on {held.serial}. To print it again, ask for it and let somebody else agree.",
            )
            raise Refused("bound", words, status=409)
        row = stock.in_hand(viewer, kind, serial)
        row.state, row.paper_id, row.matter_id = "used", paper_id, found.id
        row.save(update_fields=["state", "paper_id", "matter_id"])
        if agreed is not None:
            agreed.state = "done"
            agreed.save(update_fields=["state"])
        stock.keep(viewer, "used", kind, [row.serial], unit, shift=row.shift_id, matter_id=found.id)
        matter.book(
            viewer, found.id, kind="blank_used", codes={"paper": number, "serial": row.serial, "kind": kind}
        )
        return row


def ask_again(viewer: Viewer, found: MatterView, number: str, reason: str) -> Reprint:
    """A misprint: the paper is to be printed on another sheet. Refused: "no-right", "not-found", "not-bound" (409), "reason".

    Asked twice changes nothing.
    """
    stock.need(viewer)
    with transaction.atomic():
        paper_id, kind = _paper(found, number)
        held = Blank.objects.select_for_update().filter(paper_id=paper_id, state="used").first()
        asked = _open_reprint(paper_id)
        if asked is not None:
            return asked
        if held is None:
            words = Words("这份证还没有印过。", "This paper is not printed yet.")
            raise Refused("not-bound", words, status=409)
        if not reason.strip():
            words = Words("请写为什么重印。", "Say why it is printed again.")
            raise Refused("reason", words, faults=(("/reason", words),))
        row = Reprint(
            id=uuid7(), paper_id=paper_id, matter_id=found.id, serial=held.serial, kind=kind, reason=reason.strip()[:200],
            state="waiting", at=clock.now(), account_id=viewer.account_id, who=viewer.name.as_dict(),
        )  # fmt: skip
        insert(row)
        matter.book(
            viewer,
            found.id,
            kind="reprint_asked",
            codes={"paper": number, "serial": held.serial},
            why=row.reason,
        )
        return row


def decide(viewer: Viewer, reprint_id: UUID, *, agree: bool) -> Reprint:
    """The second signature: the old sheet is spoiled, and the paper may go on another; or not.

    Refused: "not-found", "no-right", "same-person" (409). Said twice changes nothing.
    """
    if not any(viewer.may(right) for right in ("receive", "hand_out", "decide", "supervise")):
        raise refuse_right()
    with transaction.atomic():
        row = Reprint.objects.select_for_update().filter(id=reprint_id).first()
        if row is None:
            raise not_found()
        if row.state != "waiting":
            return row
        if row.account_id == viewer.account_id:
            raise stock.other_person()
        row.state = "agreed" if agree else "declined"
        row.second_id, row.second_who, row.second_at = viewer.account_id, viewer.name.as_dict(), clock.now()
        row.save(update_fields=["state", "second_id", "second_who", "second_at"])
        if agree:
            held = Blank.objects.select_for_update().get(paper_id=row.paper_id, state="used")
            held.state = "spoiled"
            held.save(update_fields=["state"])
            stock.keep(viewer, "spoiled", held.kind, [held.serial], held.unit_id, shift=held.shift_id,
                       matter_id=row.matter_id, reason=row.reason)  # fmt: skip
        kind = "reprint_agreed" if agree else "reprint_declined"
        matter.book(viewer, row.matter_id, kind=kind, codes={"serial": row.serial, "reprint": str(row.id)})
        return row


def guard(viewer: Viewer, opened: change.Opened, happened: Sequence[Happening]) -> None:
    """In the transaction of each verb: what needs a sheet does not leave the house without one. Refused: "no-blank" (409)."""
    given = any(
        one.kind == "step.closed" and one.outcome == "done" and opened.flow.step(one.step).by == "hand_out"
        for one in happened
        if one.step and step_of(one.step) in opened.flow.steps
    )
    if not given and not any(one.kind == "ended" and one.state == "granted" for one in happened):
        return
    if not any(give.blank for give in opened.pack.gives):
        return
    for paper_id, number, _ in _wanted(opened.row.id, opened.pack):
        if not fetch("select trust.blank_bound(%s)", paper_id)[0][0]:
            words = Words(
                f"{number} 还没有印在空白证上，不能发出。先到“空白证”登记用的是哪一张；什么都没有改动。",
                f"{number} is on no numbered blank yet and cannot be given out. Say which sheet it is on; nothing was changed.",
            )
            raise Refused("no-blank", words, status=409)


change.followed_by(guard)


def _wanted(matter_id: UUID, of: Pack) -> list[tuple[UUID, str, str]]:
    """Paper, number and kind of blank."""
    kinds = {give.template: give.blank for give in of.gives if give.blank}
    if not kinds:
        return []
    found = fetch("select id, number, template from paper where matter_id = %s order by issued_at", matter_id)
    return [(paper_id, number, kinds[template]) for paper_id, number, template in found if template in kinds]


def _paper(found: MatterView, number: str) -> tuple[UUID, str]:
    for paper_id, own, kind in _wanted(found.id, found.pack):
        if own == number:
            return paper_id, kind
    raise not_found()


def _serial(paper_id: UUID) -> str:
    return (
        Blank.objects.filter(paper_id=paper_id, state="used").values_list("serial", flat=True).first() or ""
    )


def _open_reprint(paper_id: UUID) -> Reprint | None:
    return Reprint.objects.filter(paper_id=paper_id, state__in=("waiting", "agreed")).first()
