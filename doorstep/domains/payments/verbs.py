"""Paying for a step that waits for money: online, with the service's signed word for it, or in cash at a window.

Whatever comes ends in a definite state: it is booked to the step that waits for it, or it is booked and a refund is ordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from doorstep.domains.payments import drawer, fiscal, ledger, refund, service
from doorstep.domains.payments.models import Drawer, Payment
from doorstep.kernel import matter
from doorstep.kernel.org import town
from doorstep.kernel.read import MatterView, StepView
from doorstep.kernel.trust import Viewer, enter_system, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.pack.fee import Charge, Reduction, fen_of, yuan_of
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

MESSAGE = "payment"


@dataclass(frozen=True, slots=True)
class Owed:
    """What the open step of a matter waits for: ``lines`` say what it is made of, ``reduction`` why it is less."""

    step: StepView
    amount: str
    currency: str
    lines: tuple[Charge, ...]
    visit: int
    reduction: Reduction | None = None

    @property
    def money(self) -> dict[str, str]:
        return {"amount": self.amount, "currency": self.currency}


def owed(found: MatterView) -> Owed | None:
    """What is to be paid for this matter now: the fees of the day it was accepted. None if no step waits for money."""
    flow = found.pack.flow
    step = next((one for one in found.open_steps if flow.step(one.name).asks == MESSAGE), None)
    lines = found.pack.owed(found.data, found.law_date) if step else ()
    if step is None or not lines:
        return None
    visit = sum(one.name == step.name for one in found.steps)
    row = Payment.objects.filter(matter_id=found.id, step=step.name, visit=visit).first()
    fen = sum(one.fen for one in lines)
    less = next((one for one in reductions(found) if row and one.name == row.reduction), None)
    return Owed(step, yuan_of(less.left(fen) if less else fen), lines[0].currency, lines, visit, less)


def reductions(found: MatterView) -> tuple[Reduction, ...]:
    """Those that the pack has for the case of this matter."""
    return found.pack.reductions(found.data, found.law_date)


def order_of(row: Payment) -> str:
    """By what name the payment service knows the present attempt."""
    return f"{row.id}-{row.attempt}"


def payment_of(order: str) -> UUID:
    """The payment behind the name of an order. Refused: "not-found"."""
    try:
        return UUID(order.rpartition("-")[0])
    except ValueError:
        raise not_found() from None


def begin(viewer: Viewer, found: MatterView, back: str) -> str:
    """Let the payer go to the payment service. Answers the address. Refused: "nothing-owed" (409), "no-service" (503)."""
    if not service.available():
        raise Refused(
            "no-service",
            Words(
                "网上缴费暂时不能用，请到窗口缴。",
                "Online payment is not available now; please pay at a window.",
            ),
            status=503,
        )
    row = _row(found)
    if row.order_state != "asked":  # one that may still be paid is gone on with, so that nobody pays two
        row.attempt += 1
        row.order_state, row.asked_at = "asked", clock.now()
        row.save(update_fields=["attempt", "order_state", "asked_at"])
    return service.pay_address(order_of(row), f"{row.amount:.2f}", row.currency, back)


def end_order(viewer: Viewer, found: MatterView) -> None:
    """Before money is taken another way: the payment service is told to charge the open order never more. If it was paid, that
    is booked. Refused: "being-paid" (409) while the service is silent and the payer may still be there.
    """
    due = owed(found)
    row = (
        Payment.objects.filter(matter_id=found.id, step=due.step.name, visit=due.visit).first()
        if due
        else None
    )
    if row is None or row.order_state != "asked":
        return
    try:
        said = service.close(order_of(row))
    except (OSError, ValueError):
        if row.asked_at and clock.now() - row.asked_at < service.HOLDS:
            raise _being_paid() from None
        return  # should it be paid after all, that money goes back
    _answered(viewer, row.id, row.attempt, said)


def take_cash(viewer: Viewer, found: MatterView, amount: str) -> Payment:
    """A window has taken the money into the clerk's open drawer. Refused: "no-right", "no-drawer" and "nothing-owed" (409),
    "amount" if another sum was typed.
    """
    viewer.need("receive", found.pack.branch)
    desk = drawer.own(viewer)
    row = _row(found)
    try:
        fits = fen_of(amount.strip()) == row.fen
    except ValueError:
        fits = False
    if not fits:
        words = Words(
            "收到的金额和应缴的不一致，请核对。", "The amount taken differs from what is owed; check it."
        )
        raise Refused("amount", words, faults=(("/amount", words),))
    seq = _hear(viewer, row, "cash")
    ledger.received(viewer, row, row.fen, means="cash", seq=seq, at=clock.now(), drawer=desk)
    return _paid(viewer, row, "cash", "", desk)


def reduce(viewer: Viewer, found: MatterView, name: str, why: str) -> Payment:
    """A clerk has seen what proves that less is to be paid; who pays nothing goes on at once.

    Refused: "no-right", "nothing-owed" (409), "no-reduction" for a row that the pack does not have for this case, "reason".
    """
    viewer.need("receive", found.pack.branch)
    row, due = _row(found), owed(found)
    less = next((one for one in reductions(found) if one.name == name), None)
    if less is None or due is None:
        raise Refused("no-reduction", Words("没有这一种减免。", "There is no such reduction."))
    if not why.strip():
        words = Words("请写看了什么证明。", "Say which proof you saw.")
        raise Refused("reason", words, faults=(("/why", words),))
    if row.reduction == name:
        return row
    whole = sum(one.fen for one in due.lines)
    row.reduction, row.amount = name, Decimal(yuan_of(less.left(whole)))
    codes = {"reduction": name, "step": row.step, "fen": row.fen, "whole": whole}
    matter.book(viewer, found.id, kind="reduced", codes=codes, why=why.strip()[:200])
    row.save(update_fields=["reduction", "amount"])
    if row.fen == 0:
        _hear(viewer, row, "none")
        return _paid(viewer, row, "none", "")
    return row


def came_back(viewer: Viewer, told: dict[str, str]) -> Payment:
    """The payer comes back from the service with its signed word. Refused: "not-found" for what it did not sign, or for
    an order of nobody's. Repeating it changes nothing; an order that was not paid stays open.
    """
    if not service.signed(told):
        raise not_found()
    found = payment_of(told.get("order", ""))
    row = Payment.objects.filter(id=found).first()
    if row is None:
        raise not_found()
    if told.get("state") == "paid":
        return arrived(viewer, found, told["reference"], told["amount"], order=told["order"])
    return row


def arrived(viewer: Viewer, payment_id: UUID, reference: str, amount: str, *, order: str = "") -> Payment:
    """The payment service took money. Booked once for each of its references: to the step, if that still waits for this sum;
    if not (paid twice, too late, taken back, another sum), a refund is ordered in the same transaction.
    """
    with transaction.atomic():
        row = Payment.objects.select_for_update().get(id=payment_id)
        if ledger.known(row.id, reference):
            return row
        fen, at = fen_of(amount), clock.now()
        fits = row.paid_at is None and fen == row.fen
        seq = _heard_in_time(viewer, row) if fits else None
        if seq is not None:
            ledger.received(viewer, row, fen, means="online", seq=seq, at=at, reference=reference)
            return _paid(viewer, row, "online", reference)
        reason = "double" if row.paid_at else "amount" if fen != row.fen else "late"
        codes = {"step": row.step, "fen": fen, "reason": reason}
        seq = matter.book(viewer, row.matter_id, kind="paid_in", codes=codes).version
        ledger.received(viewer, row, fen, means="online", seq=seq, at=at, reference=reference)
        row.order_state = "paid"
        row.save(update_fields=["order_state"])
        refund.of_what_was_not_owed(viewer, row, fen, reason, order or order_of(row), reference)
    return row


def settle_asked(most: int = 50) -> int:
    """For the worker: ask the service about orders whose payer may have paid; one that has run out is closed there, so that
    each is paid or never will be. Returns how many were settled.
    """
    if not service.available():
        return 0
    settled = 0
    with connection.cursor() as cursor:
        cursor.execute("select id, matter_id from trust.asked_payments(%s)", [most])
        rows = cursor.fetchall()
    for payment_id, matter_id in rows:
        with enter_system(matter_id) as system:
            row = Payment.objects.get(id=payment_id)
            order, attempt = order_of(row), row.attempt
            over = row.asked_at is None or clock.now() - row.asked_at > service.HOLDS
        try:
            said = service.close(order) if over else service.state(order)
        except (OSError, ValueError):
            _note_silence(rows)
            return settled  # the service is down: the same rows are asked next time
        with enter_system(matter_id) as system:
            settled += _answered(system, payment_id, attempt, said)
    return settled


def _note_silence(rows: Sequence[tuple[UUID, UUID]]) -> None:
    """Nobody answers for any of the orders, so each says since when."""
    for payment_id, matter_id in rows:
        with enter_system(matter_id):
            silent = Payment.objects.filter(id=payment_id, order_state="asked", silent_since=None)
            silent.update(silent_since=clock.now())


def receipt(found: MatterView) -> Payment | None:
    """The newest payment of a matter that was made."""
    return Payment.objects.filter(matter_id=found.id).exclude(paid_at=None).order_by("-paid_at").first()


def _answered(viewer: Viewer, payment_id: UUID, attempt: int, said: service.Said) -> bool:
    """Whether the answer about an attempt is for good, and so was written down."""
    if said.state == "paid":
        arrived(viewer, payment_id, said.reference, said.amount, order=f"{payment_id}-{attempt}")
        return True
    same = Payment.objects.filter(id=payment_id, attempt=attempt, order_state="asked")
    if said.state == "closed":
        return bool(same.update(order_state="dead", silent_since=None))
    same.exclude(silent_since=None).update(silent_since=None)
    return False


def _heard_in_time(viewer: Viewer, row: Payment) -> int | None:
    """The event by which the step went on; None if it does not wait any more, or the matter has ended."""
    try:
        with transaction.atomic():
            return _hear(viewer, row, "online")
    except Refused as late:
        if not late.code.startswith("flow."):
            raise
        return None


def _hear(viewer: Viewer, row: Payment, means: str) -> int:
    data = {"amount": f"{row.amount:.2f}", "currency": row.currency, "means": means, "order": str(row.id)}
    return matter.hear(viewer, row.matter_id, step=row.step, said="done", message=MESSAGE, data=data).version


def _paid(viewer: Viewer, row: Payment, means: str, reference: str, desk: Drawer | None = None) -> Payment:
    """Write down that the step is paid for, under a number of its own."""
    row.paid_at, row.means, row.reference = clock.now(), means, reference
    row.unit_id, row.account_id = viewer.unit_id, viewer.account_id
    row.receipt = _receipt_number(viewer.unit_id, row.paid_at)
    row.order_state = "paid" if means == "online" else row.order_state
    row.silent_since = None if means == "online" else row.silent_since
    row.save()
    if row.fen:
        fiscal.want(row, row.fen, ledger.unit_of(viewer, row.matter_id))
    return row


def _row(found: MatterView) -> Payment:
    """The row of the step that waits, locked; the first to ask makes it. Refused: "nothing-owed" (409)."""
    due = owed(found)
    if due is None:
        raise _nothing_owed()
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into payment (id, matter_id, step, visit, amount, currency, means, reference)
            values (%s, %s, %s, %s, %s, %s, '', '') on conflict do nothing""",
            [uuid7(), found.id, due.step.name, due.visit, Decimal(due.amount), due.currency],
        )
    same = Payment.objects.select_for_update().filter(matter_id=found.id, step=due.step.name, visit=due.visit)
    row = same.filter(paid_at=None).first()
    if row is None:
        raise _nothing_owed()
    if row.order_state != "asked":
        row.amount = Decimal(due.amount)  # a corrected answer may have changed what is owed
        row.save(update_fields=["amount"])
    return row


def _receipt_number(unit_id: int | None, at: datetime) -> str:
    """Gapless for each unit and year, the city's for what is paid online: the counter row is locked until the verb ends."""
    year = at.astimezone(calendar().zone).year
    unit = unit_id or min(town().units)
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into paper_counter (unit_id, template, year, last) values (%s, 'payment', %s, 1)
            on conflict (unit_id, template, year) do update set last = paper_counter.last + 1 returning last""",
            [unit, year],
        )
        last = int(cursor.fetchone()[0])
    return f"SJ-{unit}-{year}-{last:06d}"


def _being_paid() -> Refused:
    words = Words(
        "本人正在网上缴，支付服务一时没有回音。请稍等，或请本人在手机上缴完。",
        "The person is paying online, and the payment service does not answer just now. Wait, or let them finish on the phone.",
    )
    return Refused("being-paid", words, status=409)


def _nothing_owed() -> Refused:
    return Refused(
        "nothing-owed",
        Words("现在没有要缴的钱，可能已经缴过。", "Nothing is to be paid now; it may have been paid."),
        status=409,
    )
