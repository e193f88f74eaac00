"""Paying where no police stand: at an outlet or kiosk the person scans a code with their own phone. Nobody takes cash there.

It stands on the page of the errand (slot ``errand.pay``). What was paid is booked by the worker, which asks the payment service.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from doorstep.domains.payments import pages, service, verbs
from doorstep.domains.payments.models import Payment
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words
from doorstep.web import saying

_WHY = "本人在代办点或自助机缴费 · here to pay"
_WAITS = "select exists (select 1 from step where matter_id = %s and closed_at is null and by = 'wait')"
_TOLD = {
    "no-service": Words("现在连不上支付服务，没有收钱。过一会再试，或者以后在网上、到窗口缴。",
                        "The payment service cannot be reached; no money was taken. Try again, or pay later elsewhere."),
    "nothing-owed": Words("现在没有要缴的钱，可能已经缴过。", "Nothing is to be paid now; it may have been paid."),
}  # fmt: skip


def part(request: HttpRequest, viewer: Viewer, matter_id: Any) -> dict[str, Any] | None:
    """On the page of what was brought here: the sum, the code to scan, whether it came. None where no money is asked for."""
    row = _row(UUID(str(matter_id)))
    if row is not None and row.paid_at is not None:
        return {"paid": row, "money": _money(row), "left": 0}
    told = {
        "id": matter_id, "back": request.path, "online": service.available(), "standin": pages.standin(),
        "refusal": _TOLD.get(request.GET.get("pay", "")),
    }  # fmt: skip
    if (
        row is not None and row.order_state == "asked"
    ):  # its sum is fixed: nobody's answers need be read for it
        over = row.asked_at is None or clock.now() - row.asked_at > service.HOLDS
        return told | {
            "money": _money(row),
            "asked": not over,
            "over": over,
            "silent": bool(row.silent_since),
        }
    if not fetch(_WAITS, UUID(str(matter_id)))[0][0]:
        return None
    try:
        found = pages.at_work(viewer, UUID(str(matter_id)), _WHY)
    except Refused:
        return None
    due = verbs.owed(found)
    return told | {"money": saying.money(due.money), "due": due} if due else None


def show_code(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """A code to pay by is wanted; back to the page it was asked on. Refused: "not-found"."""
    found, back = pages.at_work(viewer, matter_id, _WHY), request.POST.get("back", "/")
    back = back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/"
    try:
        with transaction.atomic():
            verbs.begin(viewer, found, pages.thanks_url())
    except Refused as refusal:
        return redirect(f"{back}?pay={refusal.code}")
    return redirect(back)


def code(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The code as a picture, while its order is open. Refused: "not-found"."""
    row = _row(matter_id)
    if row is None or row.paid_at is not None or row.order_state != "asked":
        raise not_found()
    return pages.code_of(row)


def _row(matter_id: UUID) -> Payment | None:
    return Payment.objects.filter(matter_id=matter_id).order_by("-visit", "-id").first()


def _money(row: Payment) -> str:
    return saying.money({"amount": f"{row.amount:.2f}", "currency": row.currency})
