"""Payments: fees of items, paid online or at a window, once; the books, refunds, and the cash desks."""

from __future__ import annotations

from doorstep.domains.payments import desk, fiscal, pages, refund, verbs
from doorstep.kernel.plug import Domain, Door, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import PUBLIC, SIGNED_IN, Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)

DOMAIN = Domain(
    name="payments",
    title=Words("缴费", "Payments"),
    tiles=(
        Tile(Words("钱箱", "Cash drawer"), Words("开箱、点数、签字", "Open, count, sign"), "/payments/till",
             "receive", "cash"),
        Tile(Words("今天的钱", "Money of the day"), Words("收、退、对账", "Taken, returned, balanced"), "/payments/day",
             "supervise", "report-money"),
    ),
    doors={
        verbs.MESSAGE: Door(
            "/payments/matter/", Words("去缴费", "Pay"), "credit-card", pages.say,
            "/payments/window/", Words("收费", "Take the fee"), "receive",
        )
    },
    chores=((verbs.settle_asked, 3.0), (refund.give_back, 5.0), (fiscal.ask_platform, 5.0)),
    routes=(
        Route("payments/matter/<uuid:matter_id>", pages.pay, "pay", "apply", methods=_BOTH, kinds=("resident",)),
        Route("payments/back", pages.back, "pay.back", "apply", kinds=("resident",)),
        Route("payments/thanks", pages.thanks, "pay.thanks", PUBLIC),
        Route("payments/window/<uuid:matter_id>", pages.window, "pay.window", "receive", "staff", _BOTH, _STAFF),
        Route("payments/window/<uuid:matter_id>/code.svg", pages.code, "pay.code", "receive", "staff", kinds=_STAFF),
        Route("payments/receipt/<uuid:matter_id>", pages.receipt, "pay.receipt", SIGNED_IN),
        Route("payments/receipt/<uuid:matter_id>/fiscal.pdf", pages.fiscal_receipt, "pay.fiscal", SIGNED_IN),
        Route("payments/refund/<uuid:matter_id>", desk.refunds_of, "pay.refund", "read", "staff", _BOTH, _STAFF),
        Route("payments/till", desk.till, "pay.till", "receive", "staff", _BOTH, _STAFF),
        Route("payments/day", desk.day, "pay.day", "supervise", "staff", _BOTH, _STAFF),
    ),
)  # fmt: skip
