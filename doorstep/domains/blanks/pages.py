"""The clerk's sheets, the sheet of one paper, and the supervisor's day of all stores below."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.blanks import bind, stock
from doorstep.domains.blanks.models import Blank, Move, Shift
from doorstep.kernel import read
from doorstep.kernel.org import below, unit_words
from doorstep.kernel.read import MatterView
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.pack.blank import kinds
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

WHAT = {
    "received": Words("入库", "received"), "issued": Words("领出", "issued"), "returned": Words("交回", "returned"),
    "used": Words("用了", "used"), "spoiled": Words("作废", "spoiled"), "missing": Words("少了", "missing"),
}  # fmt: skip
_SAID = {
    "receive": Words("收进来了。", "Received."), "issue": Words("领出来了。", "Issued to you."),
    "spoil": Words("作废记下了。", "Kept as spoiled."), "count": Words("点好了，等另一个人签字。", "Counted. Somebody else signs."),
    "sign": Words("签好了。", "Signed."), "bind": Words("登记好了，可以打印。", "Kept. It can be printed."),
    "again": Words("提了重印，等另一个人核准。", "Asked for. Somebody else has to agree."),
    "agree": Words("核准了，旧的已作废，换一张印。", "Agreed. The old sheet is spoiled; print on another."),
    "decline": Words("记下了：不重印。", "Kept: not printed again."),
}  # fmt: skip


def store(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What the unit has, what is in the viewer's hands, and what waits for a second signature."""
    refusal = _posted(request, viewer) if request.method == "POST" else None
    if isinstance(refusal, HttpResponse):
        return refusal
    mine = Shift.objects.filter(account_id=viewer.account_id, counted_at=None).order_by("kind")
    waits = Shift.objects.filter(unit_id=viewer.unit_id or 0, second_at=None).exclude(counted_at=None)
    context = {
        "kinds": kinds().values(), "stock": _stock([viewer.unit_id or 0]), "here": True, "mine": [_hand(one) for one in mine],
        "waits": [_shift(one) | {"mine": one.account_id == viewer.account_id} for one in waits.order_by("counted_at")],
        "moves": _moves([viewer.unit_id or 0], clock.now() - timedelta(days=2)), "post": request.POST,
        "refusal": refusal.words if refusal else None, "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    return render(request, "blanks/store.html", context, status=refusal.status if refusal else 200)


def _posted(request: HttpRequest, viewer: Viewer) -> HttpResponse | Refused:
    post, do = request.POST, request.POST.get("do", "")
    try:
        with transaction.atomic():
            if do == "receive":
                stock.receive(
                    viewer, post.get("kind", ""), post.get("first", ""), _number(post.get("count", ""))
                )
            elif do == "issue":
                stock.issue(
                    viewer, post.get("kind", ""), post.get("first", ""), _number(post.get("count", ""))
                )
            elif do == "spoil":
                stock.spoil(viewer, post.get("kind", ""), post.get("serial", ""), post.get("reason", ""))
            elif do == "count":
                counted = _number(post.get("counted", ""))
                stock.count(
                    viewer, _id(post.get("shift", "")), counted, post.get("missing", ""), post.get("why", "")
                )
            elif do == "sign":
                stock.sign(viewer, _id(post.get("shift", "")))
    except Refused as refusal:
        return refusal
    return redirect(f"{request.path}?did={do}")


def of_matter(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """On which sheet each paper of a matter is; bind one, ask for a reprint, agree to one."""
    found, refusal = _at_work(viewer, matter_id), None
    if request.method == "POST":
        try:
            with transaction.atomic():
                _on_paper(viewer, found, request)
            return redirect(f"{request.path}?did={request.POST.get('do', '')}")
        except Refused as refused:
            refusal = refused
    rows = [_paper(viewer, one) for one in bind.sheets(found)]
    context = {
        "matter": found, "name": found.applicant.masked().name, "papers": rows, "post": request.POST,
        "refusal": refusal.words if refusal else None, "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    return render(request, "blanks/matter.html", context, status=refusal.status if refusal else 200)


def _on_paper(viewer: Viewer, found: MatterView, request: HttpRequest) -> None:
    post, do = request.POST, request.POST.get("do", "")
    if do == "bind":
        bind.bind(viewer, found, post.get("paper", ""), post.get("serial", ""))
    elif do == "again":
        bind.ask_again(viewer, found, post.get("paper", ""), post.get("reason", ""))
    elif do in ("agree", "decline"):
        bind.decide(viewer, _id(post.get("reprint", "")), agree=do == "agree")


def _paper(viewer: Viewer, one: bind.Sheet) -> dict[str, Any]:
    held = Blank.objects.filter(kind=one.kind, state="out", shift_id__in=Shift.objects.filter(
        account_id=viewer.account_id, counted_at=None).values("id"))  # fmt: skip
    return {
        "number": one.number, "kind": kinds()[one.kind].title, "serial": one.serial, "reprint": one.reprint,
        "who": Words.of(one.reprint.who) if one.reprint else None,
        "mine": bool(one.reprint and one.reprint.account_id == viewer.account_id),
        "next": held.order_by("serial").values_list("serial", flat=True).first() or "",
    }  # fmt: skip


def part(request: HttpRequest, viewer: Viewer, found: MatterView) -> dict[str, Any] | None:
    """On the page of a matter: its papers that need a sheet."""
    rows = bind.sheets(found)
    return {"papers": rows, "matter": found} if rows else None


def day(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Stock, shifts and what was done today, of the viewer's unit and those under it."""
    refusal = _posted(request, viewer) if request.method == "POST" else None
    if isinstance(refusal, HttpResponse):
        return refusal
    units = list(below(viewer.unit_id))
    begin = datetime.combine(calendar().day_of(clock.now()), datetime.min.time(), calendar().zone)
    shifts = Shift.objects.filter(unit_id__in=units, second_at=None) | Shift.objects.filter(
        unit_id__in=units, second_at__gte=begin
    )
    context = {
        "stock": _stock(units), "shifts": [_shift(one) for one in shifts.order_by("unit_id", "opened_at")],
        "moves": _moves(units, begin), "refusal": refusal.words if refusal else None,
        "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    return render(request, "blanks/day.html", context, status=refusal.status if refusal else 200)


_STOCK = """select unit_id, kind, count(*) filter (where state = 'stock'), count(*) filter (where state = 'out'),
  count(*) filter (where state = 'used'), count(*) filter (where state = 'spoiled'), count(*) filter (where state = 'missing'),
  min(serial) filter (where state = 'stock') from blank where unit_id = any(%s) group by unit_id, kind order by unit_id, kind"""
_STATES = ("stock", "out", "used", "spoiled", "missing", "next")


def _stock(units: list[int]) -> list[dict[str, Any]]:
    return [
        {
            "unit": unit_words(unit),
            "kind": kinds()[kind].title,
            "code": kind,
            **dict(zip(_STATES, rest, strict=True)),
        }
        for unit, kind, *rest in fetch(_STOCK, units)
        if kind in kinds()
    ]


def _hand(row: Shift) -> dict[str, Any]:
    out = (
        Blank.objects.filter(shift_id=row.id, state="out").order_by("serial").values_list("serial", flat=True)
    )
    return _shift(row) | {"serials": list(out[:20]), "left": out.count(), "code": row.kind}


def _shift(row: Shift) -> dict[str, Any]:
    return {
        "id": row.id, "kind": kinds()[row.kind].title, "who": Words.of(row.who), "unit": unit_words(row.unit_id), "row": row,
        "second": Words.of(row.second_who) if row.second_who else None,
        "state": "closed" if row.second_at else "counted" if row.counted_at else "open",
        "short": row.counted is not None and row.counted != row.expected,
    }  # fmt: skip


def _moves(units: list[int], since: datetime) -> list[dict[str, Any]]:
    found = Move.objects.filter(unit_id__in=units, at__gte=since).order_by("-at")[:100]
    return [
        {"at": one.at, "what": WHAT[one.what], "kind": kinds()[one.kind].title, "first": one.first, "last": one.last,
         "count": one.count, "who": Words.of(one.who), "reason": one.reason, "matter": one.matter_id}
        for one in found
    ]  # fmt: skip


def _at_work(viewer: Viewer, matter_id: UUID) -> MatterView:
    """Read for the purpose of handling it: its paper is being made."""
    try:
        return read.read_matter(viewer, matter_id)
    except Refused as refusal:
        if refusal.code != "purpose":
            raise
        why = "登记证件用的空白证 · which sheet its paper is on"
        return read.read_matter(viewer, matter_id, purpose=refusal.faults[0][0], reason=why)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None
