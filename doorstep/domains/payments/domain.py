"""Payments: fees of items, paid online or at a window, once; the books, refunds, and the cash desks."""

from __future__ import annotations

from doorstep.domains.payments import desk, fiscal, here, pages, refund, verbs
from doorstep.kernel.plug import Domain, Door, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import PUBLIC, SIGNED_IN, Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)
_APART = ("outlet", "kiosk")

DOMAIN = Domain(
    name="payments",
    title=Words("缴费", "Payments"),
    tiles=(
        Tile(Words("钱箱", "Cash drawer"), Words("开箱、点数、签字", "Open, count, sign"), "/payments/till",
             "receive", "cash"),
        Tile(Words("今天的钱", "Money of the day"), Words("收、退、对账", "Taken, returned, balanced"), "/payments/day",
             "supervise", "report-money", "public"),
    ),
    doors={
        verbs.MESSAGE: Door(
            "/payments/matter/", Words("去缴费", "Pay"), "credit-card", pages.say,
            "/payments/window/", Words("收费", "Take the fee"), "receive",
        )
    },
    happens={
        "paid_in": Words("收到一笔不该收的钱", "Money came that is not owed"),
        "reduced": Words("减免费用", "The fee was reduced"),
        "refund_ordered": Words("决定退费", "A refund was ordered"),
        "refund_confirmed": Words("第二人核准退费", "A second person confirmed the refund"),
        "refund_declined": Words("第二人不同意退费", "A second person declined the refund"),
        "refunded": Words("退费完成", "The money was given back"),
    },
    slots=(Slot("errand.pay", "payments/_here.html", here.part),),
    chores=((verbs.settle_asked, 3.0), (refund.give_back, 5.0), (fiscal.ask_platform, 5.0)),
    routes=(
        Route("payments/matter/<uuid:matter_id>", pages.pay, "pay", "apply", methods=_BOTH, kinds=("resident",)),
        Route("payments/back", pages.back, "pay.back", "apply", kinds=("resident",)),
        Route("payments/thanks", pages.thanks, "pay.thanks", PUBLIC),
        Route("payments/window/<uuid:matter_id>", pages.window, "pay.window", "receive", "staff", _BOTH, _STAFF),
        Route("payments/window/<uuid:matter_id>/code.svg", pages.code, "pay.code", "receive", "staff", kinds=_STAFF),
        Route("payments/here/<uuid:matter_id>", here.show_code, "pay.here", "bring", "staff", ("POST",), _APART),
        Route("payments/here/<uuid:matter_id>/code.svg", here.code, "pay.here_code", "bring", "staff", kinds=_APART),
        Route("payments/receipt/<uuid:matter_id>", pages.receipt, "pay.receipt", SIGNED_IN),
        Route("payments/receipt/<uuid:matter_id>/fiscal.pdf", pages.fiscal_receipt, "pay.fiscal", SIGNED_IN),
        Route("payments/refund/<uuid:matter_id>", desk.refunds_of, "pay.refund", "read", "staff", _BOTH, _STAFF),
        Route("payments/till", desk.till, "pay.till", "receive", "staff", _BOTH, _STAFF),
        Route("payments/day", desk.day, "pay.day", "supervise", "staff", _BOTH, _STAFF, tier="public"),
    ),
)  # fmt: skip
