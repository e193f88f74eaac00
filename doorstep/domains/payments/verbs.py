"""Paying for a step that waits for money: online, with the service's signed word for it, or in cash at a window; once.

Refunds and part payments are not here yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from doorstep.domains.payments import service
from doorstep.domains.payments.models import Payment
from doorstep.kernel import matter
from doorstep.kernel.org import town
from doorstep.kernel.read import MatterView, StepView
from doorstep.kernel.trust import Viewer, enter_system, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.pack.fee import Charge, yuan_of
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

MESSAGE = "payment"
_ASKED_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Owed:
    """What the open step of a matter waits for: ``lines`` say what it is made of."""

    step: StepView
    amount: str
    currency: str
    lines: tuple[Charge, ...]

    @property
    def money(self) -> dict[str, str]:
        return {"amount": self.amount, "currency": self.currency}


def owed(found: MatterView) -> Owed | None:
    """What is to be paid for this matter now: the fees of the day it was accepted. None if no step waits for money."""
    flow = found.pack.flow
    step = next((one for one in found.open_steps if flow.step(one.name).asks == MESSAGE), None)
    lines = found.pack.owed(found.data, found.law_date) if step else ()
    return (
        Owed(step, yuan_of(sum(one.fen for one in lines)), lines[0].currency, lines)
        if step and lines
        else None
    )


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
    if row.paid_at is not None:
        raise _nothing_owed()
    row.asked_at = clock.now()
    row.save(update_fields=["asked_at"])
    return service.pay_address(str(row.id), f"{row.amount:.2f}", row.currency, back)


def take_cash(viewer: Viewer, found: MatterView, amount: str) -> Payment:
    """A window has taken the money. Refused: "no-right", "nothing-owed" and "being-paid" (409), "amount" if another sum
    was typed.
    """
    viewer.need("receive", found.pack.branch)
    row = _row(found)
    if row.paid_at is not None:
        raise _nothing_owed()
    if row.asked_at and clock.now() - row.asked_at < service.HOLDS:
        words = Words(
            "本人正在网上缴，15 分钟内可能到账。请稍等，或请本人在手机上缴完。",
            "The person is paying online; it may arrive within 15 minutes. Wait, or let them finish on the phone.",
        )
        raise Refused("being-paid", words, status=409)
    if amount.strip() not in (f"{row.amount:.2f}", f"{row.amount.normalize():f}"):
        words = Words(
            "收到的金额和应缴的不一致，请核对。", "The amount taken differs from what is owed; check it."
        )
        raise Refused("amount", words, faults=(("/amount", words),))
    return _settle(viewer, row, "cash", "")


def came_back(viewer: Viewer, told: dict[str, str]) -> Payment:
    """The payer comes back from the service with its signed word. Refused: "not-found" for what it did not sign, or for
    an order of nobody's. Repeating it changes nothing; an order that was not paid stays open.
    """
    if not service.signed(told):
        raise not_found()
    row = Payment.objects.filter(id=UUID(told["order"])).first()
    if row is None:
        raise not_found()
    if told.get("state") == "paid" and row.paid_at is None:
        return _online(viewer, row.id, told["reference"], told["amount"])
    return row


def settle_asked(most: int = 50) -> int:
    """For the worker: ask the service about orders whose payer did not come back; returns how many were paid."""
    if not service.available():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, matter_id from trust.asked_payments(%s, %s)", [clock.now() - _ASKED_FOR, most]
        )
        rows = cursor.fetchall()
    settled = 0
    for order, matter_id in rows:
        try:
            said = service.paid(str(order))
        except (OSError, ValueError):
            return settled  # the service is down: the same rows are asked next time
        if said:
            with enter_system(matter_id) as system:
                _online(system, order, *said)
                settled += 1
    return settled


def receipt(found: MatterView) -> Payment | None:
    """The newest payment of a matter that was made."""
    return Payment.objects.filter(matter_id=found.id).exclude(paid_at=None).order_by("-paid_at").first()


def _online(viewer: Viewer, order: UUID, reference: str, amount: str) -> Payment:
    with transaction.atomic():
        row = Payment.objects.select_for_update().filter(id=order, paid_at=None).first()
        if row is None:
            return Payment.objects.get(id=order)
        if Decimal(amount) != row.amount:
            raise Refused("amount", Words("到账金额不符。", "The amount that arrived differs."), status=409)
        return _settle(viewer, row, "online", reference)


def _row(found: MatterView) -> Payment:
    """The row of the step that waits, locked; the first to ask makes it. Refused: "nothing-owed" (409)."""
    due = owed(found)
    if due is None:
        raise _nothing_owed()
    visit = sum(step.name == due.step.name for step in found.steps)
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into payment (id, matter_id, step, visit, amount, currency, means, reference)
            values (%s, %s, %s, %s, %s, %s, '', '') on conflict do nothing""",
            [uuid7(), found.id, due.step.name, visit, Decimal(due.amount), due.currency],
        )
    row = (
        Payment.objects.select_for_update()
        .filter(matter_id=found.id, step=due.step.name, visit=visit, paid_at=None)
        .first()
    )
    if row is None:
        raise _nothing_owed()
    return row


def _settle(viewer: Viewer, row: Payment, means: str, reference: str) -> Payment:
    """Write the receipt and move the matter on, or neither."""
    with transaction.atomic():
        matter.hear(
            viewer, row.matter_id, step=row.step, said="done", message=MESSAGE,
            data={"amount": f"{row.amount:.2f}", "currency": row.currency, "means": means, "order": str(row.id)},
        )  # fmt: skip
        row.paid_at, row.means, row.reference = clock.now(), means, reference
        row.unit_id, row.account_id = viewer.unit_id, viewer.account_id
        row.receipt = _receipt_number(viewer.unit_id, row.paid_at)
        row.save()
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


def _nothing_owed() -> Refused:
    return Refused(
        "nothing-owed",
        Words("现在没有要缴的钱，可能已经缴过。", "Nothing is to be paid now; it may have been paid."),
        status=409,
    )
