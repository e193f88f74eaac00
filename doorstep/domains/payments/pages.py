"""Paying: the applicant's page, the way back from the payment service, the window's page, and the receipt."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from doorstep.domains.payments import service, verbs
from doorstep.kernel import read
from doorstep.kernel.org import unit_words
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
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


def window(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """A clerk takes the money."""
    found = _at_work(viewer, matter_id)
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                verbs.take_cash(viewer, found, request.POST.get("amount", ""))
            return redirect(f"/payments/receipt/{found.id}")
        except Refused as refused:
            refusal = refused
    elif verbs.owed(found) is None:
        return redirect(
            f"/payments/receipt/{found.id}" if verbs.receipt(found) else f"/counter/matter/{found.id}"
        )
    context = _owed(found) | {
        "refusal": refusal.words if refusal else None,
        "typed": request.POST.get("amount", ""),
    }
    return render(request, "payments/window.html", context, status=refusal.status if refusal else 200)


def receipt(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """What was paid, by which means, under which number; to show or to print."""
    found = read.read_matter(viewer, matter_id) if viewer.is_resident else _at_work(viewer, matter_id)
    row = verbs.receipt(found)
    if row is None:
        return redirect(
            f"/payments/matter/{found.id}" if viewer.is_resident else f"/payments/window/{found.id}"
        )
    context = {
        "matter": found, "row": row, "money": saying.money({"amount": f"{row.amount:.2f}", "currency": row.currency}),
        "by": unit_words(row.unit_id) if row.unit_id else None, "cash": row.means == "cash",
        "frame": "web/resident.html" if viewer.is_resident else "web/staff.html", "resident": viewer.is_resident,
        "standin": row.means == "online" and "127.0.0.1" in settings.PAYMENTS_URL,
        "matter_url": f"/matter/{found.id}" if viewer.is_resident else f"/counter/matter/{found.id}",
    }  # fmt: skip
    return render(request, "payments/receipt.html", context)


def _at_work(viewer: Viewer, matter_id: UUID) -> MatterView:
    """Read for the purpose of handling it: the person stands there to pay."""
    try:
        return read.read_matter(viewer, matter_id)
    except Refused as refusal:
        if refusal.code != "purpose":
            raise
        return read.read_matter(
            viewer, matter_id, purpose=refusal.faults[0][0], reason="来人在窗口缴费 · here to pay"
        )


def _owed(found: MatterView) -> dict[str, Any]:
    due = verbs.owed(found)
    return {
        "matter": found, "due": due, "money": saying.money(due.money) if due else "",
        "sure": bool(due and all(one.sure for one in due.lines)),
        "standin": "127.0.0.1" in settings.PAYMENTS_URL, "name": found.applicant.masked().name,
    }  # fmt: skip
