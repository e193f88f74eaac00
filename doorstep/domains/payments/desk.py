"""For those who handle the money: the clerk's drawer, refunds of one matter, and the day of a unit and those under it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.payments import drawer, ledger, pages, refund
from doorstep.domains.payments.models import Drawer, Entry, Payment, Refund
from doorstep.kernel.org import below, unit_words
from doorstep.kernel.read import MatterView
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.pack.fee import fen_of, yuan_of
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

_SAID = {
    "open": Words("开箱了。", "The drawer is open."),
    "count": Words("点好了，等另一个人复点、签字。", "Counted. Somebody else counts again and signs."),
    "sign": Words("签好了，这一班的账平了。", "Signed; this shift is closed."),
    "pay_out": Words("退了，钱箱里已经减去。", "Paid out; the drawer has that much less."),
    "order": Words("退费提了。", "The refund is ordered."),
    "agree": Words("核准了。", "Confirmed."),
    "decline": Words("记下了：不退。", "Kept: not given back."),
}


def till(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The clerk's own drawer: open, what it should hold, count; others of the unit to sign; cash refunds to pay out."""
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                _at_till(viewer, request)
            return redirect(f"/payments/till?did={request.POST.get('do', '')}")
        except Refused as refused:
            refusal = refused
    mine = drawer.mine(viewer)
    counted = Drawer.objects.filter(unit_id=viewer.unit_id or 0, second_at=None).exclude(counted_at=None)
    cash = [_refund(one) for one in refund.open_ones() if one.means == "cash" and one.state == "ordered"]
    context = {
        "drawer": _drawer(mine) if mine else None, "lines": _lines(mine) if mine else (), "cash": cash,
        "to_sign": [_drawer(one) | {"mine": one.account_id == viewer.account_id} for one in counted.order_by("counted_at")],
        "refusal": refusal.words if refusal else None, "code": refusal.code if refusal else "", "post": request.POST,
        "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    return render(request, "payments/till.html", context, status=refusal.status if refusal else 200)


def _at_till(viewer: Viewer, request: HttpRequest) -> None:
    post = request.POST
    do = post.get("do", "")
    if do == "open":
        drawer.open_one(viewer, _typed(post.get("float", "")))
    elif do == "count":
        drawer.count(
            viewer, _id(post.get("drawer", "")), _typed(post.get("counted", "")), post.get("why", "")
        )
    elif do == "sign":
        drawer.sign(viewer, _id(post.get("drawer", "")))
    elif do == "pay_out":
        refund.pay_out(viewer, _id(post.get("refund", "")))


def refunds_of(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """What came and went for one matter; order a refund, or decide one that waits."""
    found, refusal = pages.at_work(viewer, matter_id), None
    if request.method == "POST":
        try:
            with transaction.atomic():
                did = _on_refund(viewer, found, request)
            return redirect(f"{request.path}?did={did}")
        except Refused as refused:
            refusal = refused
    paid = Payment.objects.filter(matter_id=found.id).exclude(paid_at=None).order_by("paid_at")
    left = [(one, refund.left(one)) for one in paid]
    context = {
        "matter": found, "name": found.applicant.masked().name,
        "payments": [{"row": one, "left": yuan_of(fen)} for one, fen in left if fen > 0],
        "lines": [_entry(one) for one in ledger.of_matter(found.id)],
        "refunds": [_refund(one) | {"mine": one.account_id == viewer.account_id} for one in refund.of_matter(found.id)],
        "may_order": viewer.may("receive", found.pack.branch) or viewer.may("decide", found.pack.branch),
        "may_decide": viewer.may("supervise") or viewer.may("decide"),
        "reasons": [(code, refund.REASONS[code]) for code in refund.BY_HAND], "request_id": uuid4().hex,
        "refusal": refusal.words if refusal else None, "code": refusal.code if refusal else "", "post": request.POST,
        "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    return render(request, "payments/refunds.html", context, status=refusal.status if refusal else 200)


def _on_refund(viewer: Viewer, found: MatterView, request: HttpRequest) -> str:
    post = request.POST
    if post.get("do") in ("agree", "decline"):
        refund.decide(viewer, _id(post.get("refund", "")), agree=post["do"] == "agree")
        return post["do"]
    refund.order(
        viewer, found, _id(post.get("payment", "")), amount=post.get("amount", ""), reason=post.get("reason", ""),
        why=post.get("why", ""), request_id=post.get("request_id", ""),
    )  # fmt: skip
    return "order"


def day(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The supervisor's day: what came and went by unit, each cash desk, refunds that are open, orders nobody answers for. Sums
    alone for who leads units without working with records.
    """
    if not viewer.may("supervise"):
        return _day_led(request, viewer)
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                drawer.sign(viewer, _id(request.POST.get("drawer", "")))
            return redirect(f"{request.path}?did=sign")
        except Refused as refused:
            refusal = refused
    on, units = _day(request.GET.get("day", "")), sorted(below(viewer.unit_id))
    begin = datetime.combine(on, datetime.min.time(), calendar().zone)
    desks = Drawer.objects.filter(unit_id__in=units, opened_at__lt=begin + timedelta(days=1))
    shown = [
        one
        for one in desks.order_by("unit_id", "opened_at")
        if one.second_at is None or one.second_at >= begin
    ]
    sums = _sums(units, begin)
    context = {
        "on": on, "before": on - timedelta(days=1), "after": on + timedelta(days=1) if on < _today() else None,
        "sums": [_said(one) for one in sums], "total": _said(_total(sums)), "drawers": [_drawer(one) for one in shown],
        "refunds": [_refund(one) for one in refund.open_ones()], "silent": _silent(),
        "refusal": refusal.words if refusal else None, "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    return render(request, "payments/day.html", context, status=refusal.status if refusal else 200)


_LED = "select unit_id, cash, online, refunded, differs, total, desks, unsigned, wrong from trust.money_led(%s, %s)"


def _day_led(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What came and went by unit, and how the cash desks stand, in numbers; nothing is signed from here. Refused: "no-right"."""
    if request.method != "GET":
        raise refuse_right()
    on = _day(request.GET.get("day", ""))
    begin = datetime.combine(on, datetime.min.time(), calendar().zone)
    sums, desks = [], []
    for unit, *rest in fetch(_LED, begin, begin + timedelta(days=1)):
        sums.append({"unit": unit_words(unit), **dict(zip(_SUMS, map(int, rest), strict=False))})
        if rest[5]:
            desks.append({"unit": unit_words(unit), "count": rest[5], "unsigned": rest[6], "wrong": rest[7]})
    context = {
        "on": on, "before": on - timedelta(days=1), "after": on + timedelta(days=1) if on < _today() else None, "led": True,
        "sums": [_said(one) for one in sums], "total": _said(_total(sums)), "desks": desks,
    }  # fmt: skip
    return render(request, "payments/day.html", context)


_BY_UNIT = """select unit_id, coalesce(sum(fen) filter (where kind = 'received' and means = 'cash'), 0),
  coalesce(sum(fen) filter (where kind = 'received' and means = 'online'), 0),
  coalesce(sum(fen) filter (where kind = 'refunded'), 0),
  coalesce(sum(fen) filter (where kind in ('surplus', 'shortage')), 0), sum(fen)
from ledger where unit_id = any(%s) and at >= %s and at < %s group by unit_id order by unit_id"""
_SUMS = ("cash", "online", "refunded", "differs", "all")


def _sums(units: list[int], begin: datetime) -> list[dict[str, Any]]:
    """One line a unit, in fen."""
    found = fetch(_BY_UNIT, units, begin, begin + timedelta(days=1))
    return [
        {"unit": unit_words(unit), **dict(zip(_SUMS, map(int, rest), strict=True))} for unit, *rest in found
    ]


def _said(sums: dict[str, Any]) -> dict[str, Any]:
    return {name: _yuan(value) if isinstance(value, int) else value for name, value in sums.items()}


def _total(sums: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: sum(one[name] for one in sums) for name in _SUMS}


def _silent() -> list[dict[str, Any]]:
    """Orders for which the payment service has not answered; the worker goes on asking."""
    rows = (
        Payment.objects.filter(order_state="asked").exclude(silent_since=None).order_by("silent_since")[:50]
    )
    return [{"id": one.matter_id, "money": _yuan(one.fen), "since": one.silent_since} for one in rows]


def _drawer(row: Drawer) -> dict[str, Any]:
    booked = row.booked_fen if row.booked_fen is not None else ledger.in_drawer(row)
    counted = row.counted_fen
    return {
        "id": row.id, "unit": unit_words(row.unit_id), "who": Words.of(row.who), "row": row, "booked": _yuan(booked),
        "counted": _yuan(counted) if counted is not None else "", "differs": counted is not None and counted != booked,
        "by": _yuan(counted - booked) if counted is not None else "", "float": _yuan(row.float_fen),
        "second": Words.of(row.second_who) if row.second_who else None,
        "state": "closed" if row.second_at else "counted" if row.counted_at else "open",
    }  # fmt: skip


def _lines(row: Drawer) -> list[dict[str, Any]]:
    return [_entry(one) for one in Entry.objects.filter(drawer_id=row.id).order_by("-at")[:100]]


_KINDS = {
    "received": Words("收", "received"),
    "refunded": Words("退", "given back"),
    "surplus": Words("长款", "surplus"),
    "shortage": Words("短款", "shortage"),
}
_MEANS = {
    "cash": Words("现金", "cash"),
    "online": Words("网上", "online"),
    "none": Words("免缴", "nothing to pay"),
}


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "at": one.at, "kind": _KINDS[one.kind], "means": _MEANS[one.means], "money": _yuan(one.fen), "matter": one.matter_id,
        "unit": unit_words(one.unit_id), "reference": one.reference,
    }  # fmt: skip


def _refund(one: Refund) -> dict[str, Any]:
    return {
        "id": one.id, "matter": one.matter_id, "money": _yuan(one.fen), "means": _MEANS[one.means],
        "why": refund.REASONS[one.reason], "said": refund.said(one), "code": one.state, "at": one.at,
        "unit": unit_words(one.unit_id), "tries": one.tries,
    }  # fmt: skip


def _yuan(fen: int) -> str:
    return pages.money_of(fen, drawer.CURRENCY)


def _typed(text: str) -> int:
    """Yuan as typed, in fen; -1 for what is no amount."""
    try:
        return fen_of(text.strip())
    except ValueError:
        return -1


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None


def _today() -> date:
    return clock.now().astimezone(calendar().zone).date()


def _day(text: str) -> date:
    try:
        return min(date.fromisoformat(text), _today())
    except ValueError:
        return _today()
