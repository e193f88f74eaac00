"""Paying: the applicant's page, the way back from the payment service, the window's page with its code, and the receipt."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from doorstep.domains.payments import drawer, fiscal, ledger, refund, service, verbs
from doorstep.domains.payments.models import Payment
from doorstep.kernel import paper, read
from doorstep.kernel.org import unit_words
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook.pack.fee import yuan_of
from doorstep.rulebook.words import Refused, Words
from doorstep.web import saying


def say(found: MatterView) -> Words:
    """What the applicant is told on the page of the matter."""
    due = verbs.owed(found)
    text = saying.money(due.money) if due else ""
    return Words(f"应缴 {text}。网上缴、到窗口缴都行。", f"{text} is to be paid, online or at a window.")


def pay(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """How much, and on to the payment service."""
    found = read.read_matter(viewer, matter_id)
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                there = verbs.begin(viewer, found, f"{settings.PUBLIC_URL}/payments/back")
            return HttpResponseRedirect(there)
        except Refused as refused:
            refusal = refused
    elif verbs.owed(found) is None:
        return redirect(f"/payments/receipt/{found.id}" if verbs.receipt(found) else f"/matter/{found.id}")
    context = _owed(found) | {
        "refusal": refusal.words if refusal else None, "online": service.available(),
        "left": request.GET.get("left"),
    }  # fmt: skip
    return render(request, "payments/pay.html", context, status=refusal.status if refusal else 200)


def back(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The payer comes back: paid, or not yet."""
    row = verbs.came_back(viewer, request.GET.dict())
    if row.paid_at is None:
        return redirect(f"/payments/matter/{row.matter_id}?left=1")
    return redirect(f"/payments/receipt/{row.matter_id}")


def thanks(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Where somebody lands who paid by the code on the clerk's screen: it says nothing about anybody."""
    return render(request, "payments/thanks.html")


def window(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """A clerk takes the fee: cash into the drawer, or the person pays by the code on the screen; or less is owed."""
    found, refusal = at_work(viewer, matter_id), None
    if request.method == "POST":
        try:
            verbs.end_order(viewer, found) if request.POST.get("do") != "code" else None
            found = at_work(viewer, matter_id)
            with transaction.atomic():
                _take(viewer, found, request)
            return redirect(request.path)
        except Refused as refused:
            refusal = refused
            found = at_work(viewer, matter_id)
    due = verbs.owed(found)
    if due is None and refusal is None:
        there = f"/payments/receipt/{found.id}" if verbs.receipt(found) else f"/counter/matter/{found.id}"
        return (
            HttpResponse(headers={"HX-Redirect": there})
            if "HX-Request" in request.headers
            else redirect(there)
        )
    row = (
        Payment.objects.filter(matter_id=found.id, step=due.step.name, visit=due.visit).first()
        if due
        else None
    )
    context = _owed(found) | {
        "refusal": refusal.words if refusal else None, "code": refusal.code if refusal else "",
        "typed": request.POST.get("amount", ""), "why": request.POST.get("why", ""), "drawer": drawer.mine(viewer),
        "asked": bool(row and row.order_state == "asked"), "silent": bool(row and row.silent_since),
        "less": verbs.reductions(found), "online": service.available(),
    }  # fmt: skip
    return render(request, "payments/window.html", context, status=refusal.status if refusal else 200)


def _take(viewer: Viewer, found: MatterView, request: HttpRequest) -> None:
    do = request.POST.get("do", "cash")
    if do == "code":
        verbs.begin(viewer, found, thanks_url())
    elif do == "reduce":
        verbs.reduce(viewer, found, request.POST.get("reduction", ""), request.POST.get("why", ""))
    elif verbs.owed(found) or not verbs.receipt(
        found
    ):  # pressed twice, or just paid online: the receipt is the answer
        verbs.take_cash(viewer, found, request.POST.get("amount", ""))


def thanks_url() -> str:
    """Where the phone lands that paid by a code on a screen."""
    return f"{settings.PUBLIC_URL}/payments/thanks"


def standin() -> bool:
    """Is it a stand-in that plays the payment service?"""
    return "127.0.0.1" in settings.PAYMENTS_URL


def code(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The code that the person scans at the window, as a picture; only while the order is open."""
    found = at_work(viewer, matter_id)
    due = verbs.owed(found)
    row = (
        Payment.objects.filter(matter_id=found.id, step=due.step.name, visit=due.visit).first()
        if due
        else None
    )
    if row is None or row.order_state != "asked":
        raise not_found()
    return code_of(row)


def code_of(row: Payment) -> HttpResponse:
    """The address to pay an open order at, as a picture to scan."""
    there = service.pay_address(verbs.order_of(row), f"{row.amount:.2f}", row.currency, thanks_url())
    return HttpResponse(
        paper.qr_svg(there), content_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


def receipt(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """What was paid, by which means, under which number; to show or to print."""
    found = read.read_matter(viewer, matter_id) if viewer.is_resident else at_work(viewer, matter_id)
    row = verbs.receipt(found)
    if row is None:
        return redirect(
            f"/payments/matter/{found.id}" if viewer.is_resident else f"/payments/window/{found.id}"
        )
    context = {
        "matter": found, "row": row, "money": saying.money({"amount": f"{row.amount:.2f}", "currency": row.currency}),
        "by": unit_words(row.unit_id) if row.unit_id else None, "means": row.means,
        "lines": ledger.of_matter(found.id), "refunds": _refunds(found), "left": refund.left(row),
        "fiscal": fiscal.of_payment(row.id),
        "frame": "web/resident.html" if viewer.is_resident else "web/staff.html", "resident": viewer.is_resident,
        "standin": row.means == "online" and standin(),
        "matter_url": f"/matter/{found.id}" if viewer.is_resident else f"/counter/matter/{found.id}",
    }  # fmt: skip
    return render(request, "payments/receipt.html", context)


def fiscal_receipt(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The fiscal receipt as a paper, once the platform has issued it. Refused: "not-found"."""
    found = read.read_matter(viewer, matter_id) if viewer.is_resident else at_work(viewer, matter_id)
    row = verbs.receipt(found)
    issued = fiscal.of_payment(row.id) if row else None
    if issued is None:
        raise not_found()
    answer = HttpResponse(fiscal.content(viewer, issued), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{issued.code}-{issued.number}.pdf"'
    return answer


def _refunds(found: MatterView) -> list[dict[str, Any]]:
    return [
        {"money": money_of(one.fen, one.currency), "why": refund.REASONS[one.reason], "state": refund.said(one),
         "code": one.state, "at": one.done_at or one.at}
        for one in refund.of_matter(found.id)
    ]  # fmt: skip


def money_of(fen: int, currency: str) -> str:
    """¥40.00 for 4000 fen, −¥40.00 for as much going out."""
    if fen == 0:
        return saying.money({"amount": "0.01", "currency": currency}).replace("0.01", "0.00")
    text = saying.money({"amount": yuan_of(abs(fen)), "currency": currency})
    return f"−{text}" if fen < 0 else text


def at_work(viewer: Viewer, matter_id: UUID, why: str = "来人在窗口缴费 · here to pay") -> MatterView:
    """Read for the purpose of handling it: the person stands there to pay."""
    try:
        return read.read_matter(viewer, matter_id)
    except Refused as refusal:
        if refusal.code != "purpose":
            raise
        return read.read_matter(viewer, matter_id, purpose=refusal.faults[0][0], reason=why)


def _owed(found: MatterView) -> dict[str, Any]:
    due = verbs.owed(found)
    return {
        "matter": found, "due": due, "money": saying.money(due.money) if due else "",
        "sure": bool(due and all(one.sure for one in due.lines)),
        "parts": [(one.title, money_of(one.fen, one.currency)) for one in due.lines if one.title] if due else (),
        "reduction": due.reduction if due else None, "standin": standin(),
        "name": found.applicant.masked().name,
    }  # fmt: skip
