"""Giving money back: with a reason, above a sum with a second pair of eyes, carried out by the payment service or from a drawer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction

from doorstep.domains.payments import drawer, fiscal, ledger, service
from doorstep.domains.payments.models import Drawer, Entry, Payment, Refund
from doorstep.kernel import change, matter
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.read import MatterView
from doorstep.kernel.row import insert
from doorstep.kernel.trust import Viewer, enter_system, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.pack.fee import fen_of, yuan_of
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused, Words

#: Why money goes back. The first three are found by the machine.
REASONS = {
    "double": Words("重复缴了", "paid twice"),
    "late": Words("到账时已经不用缴了", "it came when nothing was owed any more"),
    "amount": Words("金额和应缴的不一样", "another sum than was owed"),
    "refused": Words("没有办成，按规定退", "not granted, and returned by rule"),
    "reduced": Words("缴了以后才认定减免", "a reduction was found after payment"),
    "error": Words("收错了", "taken by mistake"),
}
BY_HAND = ("refused", "reduced", "error")
STATES = {
    "waiting": Words("等第二人核准", "waits for a second person"),
    "ordered": Words("正在退", "being given back"),
    "done": Words("已退", "given back"),
    "declined": Words("不退", "not given back"),
}
_BY_HAND_OUT = Words("等当面退现金", "cash waits to be handed back")
_AGAIN = timedelta(minutes=1)


def said(row: Refund) -> Words:
    """How it stands, in words: cash waits for the person and not for a service."""
    return _BY_HAND_OUT if (row.state, row.means) == ("ordered", "cash") else STATES[row.state]


def needs_two(fen: int) -> bool:
    """From this sum on a second person confirms, as the region says; a region that says nothing wants two for each."""
    return fen >= fen_of(str(region().money.get("refund_needs_two_from", "0.00")))


def left(row: Payment) -> int:
    """What may still be given back of a payment, in fen."""
    if row.paid_at is None:
        return 0
    given = Refund.objects.filter(payment_id=row.id, due=True).exclude(state="declined")
    return row.fen - sum(given.values_list("fen", flat=True))


def order(
    viewer: Viewer,
    found: MatterView,
    payment_id: UUID,
    *,
    amount: str,
    reason: str,
    why: str,
    request_id: str,
) -> Done:
    """Somebody decides that money goes back. It is carried out at once, or waits for a second person.

    Refused: "no-right", "not-found", "reason" (one of `BY_HAND`, and in words), "amount" if it is more than is left.
    """
    if not viewer.may("receive", found.pack.branch) and not viewer.may("decide", found.pack.branch):
        raise refuse_right()

    def do() -> Done:
        row = Payment.objects.select_for_update().filter(id=payment_id, matter_id=found.id).first()
        if row is None:
            raise not_found()
        fen = _amount(row, amount)
        if reason not in BY_HAND or not why.strip():
            words = Words("请选退费原因，并写清楚。", "Choose the reason, and say it in words.")
            raise Refused("reason", words, faults=(("/why", words),))
        return _order(viewer, row, fen, reason, row.means, due=True, why=why.strip()[:200])

    content = {"payment": str(payment_id), "amount": amount, "reason": reason, "why": why}
    return once(viewer, "refund", request_id, content, do, change.done_of)


def of_what_was_not_owed(
    viewer: Viewer, row: Payment, fen: int, reason: str, order_name: str, reference: str
) -> None:
    """Money that nothing waits for goes back the way it came. Above the region's sum somebody looks at it first."""
    _order(viewer, row, fen, reason, "online", due=False, order_name=order_name, reference=reference)


def decide(viewer: Viewer, refund_id: UUID, *, agree: bool) -> Refund:
    """The second person says yes or no. Refused: "not-found", "no-right", "same-person" (409). Said twice changes nothing."""
    with transaction.atomic():
        row = _locked(refund_id)
        if row is None or row.state != "waiting":
            return _seen(refund_id)
        if not viewer.may("supervise") and not viewer.may("decide"):
            raise refuse_right()
        if row.account_id == viewer.account_id:
            words = Words(
                "自己提的退费要另一个人核准。", "A refund is confirmed by somebody else than who ordered it."
            )
            raise Refused("same-person", words, status=409)
        kind = "refund_confirmed" if agree else "refund_declined"
        matter.book(viewer, row.matter_id, kind=kind, codes={"refund": str(row.id), "fen": row.fen})
        row.state = "ordered" if agree else "declined"
        row.second_id, row.second_at = viewer.account_id, clock.now()
        row.save(update_fields=["state", "second_id", "second_at"])
        return row


def pay_out(viewer: Viewer, refund_id: UUID) -> Refund:
    """A clerk gives cash back from the own drawer. Refused: "not-found", "no-right", "no-drawer" (409), "too-little" (409).

    Paid out twice changes nothing.
    """
    viewer.need("receive")
    with transaction.atomic():
        row = _locked(refund_id)
        if row is None or row.state != "ordered" or row.means != "cash":
            return _seen(refund_id)
        desk = drawer.own(viewer)
        if ledger.in_drawer(desk) < row.fen:
            words = Words("钱箱里的现金不够退。", "There is not enough cash in the drawer.")
            raise Refused("too-little", words, status=409)
        return _done(viewer, row, "", desk)


def give_back(most: int = 50) -> int:
    """For the worker: have the payment service carry out what is ordered; returns how many it did."""
    if not service.available():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, matter_id from trust.ordered_refunds(%s, %s)", [clock.now() - _AGAIN, most]
        )
        rows = cursor.fetchall()
    done = 0
    for refund_id, matter_id in rows:
        with enter_system(matter_id):
            row = Refund.objects.get(id=refund_id)
        try:
            reference = service.refund(row.order_name, str(row.id), yuan_of(row.fen))
        except (OSError, ValueError):
            with enter_system(matter_id):
                Refund.objects.filter(id=refund_id).update(tried_at=clock.now(), tries=row.tries + 1)
            continue
        with enter_system(matter_id) as system:
            held = _locked(refund_id)
            if held is not None and held.state == "ordered":
                _done(system, held, reference)
                done += 1
    return done


def open_ones() -> list[Refund]:
    """Those that the viewer sees and that are not over, oldest first."""
    return list(Refund.objects.filter(state__in=("waiting", "ordered")).order_by("at")[:200])


def of_matter(matter_id: UUID) -> list[Refund]:
    """All of a matter, oldest first."""
    return list(Refund.objects.filter(matter_id=matter_id).order_by("at"))


def _amount(row: Payment, amount: str) -> int:
    try:
        fen = fen_of(amount.strip())
    except ValueError:
        fen = 0
    if not 0 < fen <= left(row):
        words = Words(
            f"最多能退 {yuan_of(left(row))} 元。", f"At most {yuan_of(left(row))} yuan can be given back."
        )
        raise Refused("amount", words, faults=(("/amount", words),))
    return fen


def _order(
    viewer: Viewer, row: Payment, fen: int, reason: str, means: str, *, due: bool, why: str = "", order_name: str = "",
    reference: str = "",
) -> Done:  # fmt: skip
    state = "waiting" if needs_two(fen) else "ordered"
    codes = {"fen": fen, "reason": reason, "state": state}
    done = matter.book(viewer, row.matter_id, kind="refund_ordered", codes=codes, why=why)
    paid = Entry.objects.filter(payment_id=row.id, kind="received").order_by("at").first()
    insert(Refund(
        id=uuid7(), matter_id=row.matter_id, payment_id=row.id, fen=fen, currency=row.currency, means=means, due=due,
        reason=reason, order_name=order_name or (f"{row.id}-{row.attempt}" if means == "online" else ""),
        reference=reference or row.reference, state=state, at=clock.now(), account_id=viewer.account_id,
        unit_id=paid.unit_id if paid else viewer.unit_id or 0,
    ))  # fmt: skip
    return done


def _done(viewer: Viewer, row: Refund, reference: str, desk: Drawer | None = None) -> Refund:
    codes = {"refund": str(row.id), "fen": row.fen, "means": row.means}
    seq = matter.book(viewer, row.matter_id, kind="refunded", codes=codes).version
    at = clock.now()
    ledger.refunded(viewer, row, seq=seq, at=at, reference=reference, drawer=desk)
    row.state, row.done_at, row.returned = "done", at, reference
    row.save(update_fields=["state", "done_at", "returned"])
    paid = Payment.objects.get(id=row.payment_id)
    if row.due and left(paid) == 0:
        fiscal.give_back(paid.id)
    return row


def _locked(refund_id: UUID) -> Refund | None:
    return Refund.objects.select_for_update().filter(id=refund_id).first()


def _seen(refund_id: UUID) -> Refund:
    row = Refund.objects.filter(id=refund_id).first()
    if row is None:
        raise not_found()
    return row
