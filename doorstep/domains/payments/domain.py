"""Payments: fees of items, paid online or at a window, once."""

from __future__ import annotations

from doorstep.domains.payments import pages, verbs
from doorstep.kernel.plug import Domain, Door
from doorstep.rulebook.words import Words
from doorstep.web.routes import SIGNED_IN, Route

_BOTH = ("GET", "POST")

DOMAIN = Domain(
    name="payments",
    title=Words("缴费", "Payments"),
    doors={
        verbs.MESSAGE: Door(
            "/payments/matter/", Words("去缴费", "Pay"), "credit-card", pages.say,
            "/payments/window/", Words("收现金", "Take cash"), "receive",
        )
    },
    chores=((verbs.settle_asked, 3.0),),
    routes=(
        Route("payments/matter/<uuid:matter_id>", pages.pay, "pay", "apply", methods=_BOTH, kinds=("resident",)),
        Route("payments/back", pages.back, "pay.back", "apply", kinds=("resident",)),
        Route(
            "payments/window/<uuid:matter_id>", pages.window, "pay.window", "receive", "staff", _BOTH, ("officer",)
        ),
        Route("payments/receipt/<uuid:matter_id>", pages.receipt, "pay.receipt", SIGNED_IN),
    ),
)  # fmt: skip
