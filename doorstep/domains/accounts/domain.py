"""Accounts 账号: people make their own with a telephone, have it verified at a window, and set a forgotten password anew."""

from __future__ import annotations

from doorstep.domains.accounts import bound, carrier, pages, phone, reset
from doorstep.kernel.plug import Domain, Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import PUBLIC, SIGNED_IN, Route

_BOTH = ("GET", "POST")

DOMAIN = Domain(
    name="accounts",
    title=Words("账号", "Accounts"),
    tiles=(Tile(reset.TITLE, reset.HINT, reset.PATH, "administer", "key", "public"),),
    slots=(
        Slot("login.top", "accounts/_told.html", pages.changed),
        Slot("login.ways", "accounts/_ways.html", pages.ways),
        Slot("account.top", "accounts/_told.html", pages.told),
        Slot("account.more", "accounts/_phone.html", pages.telephone),
        Slot("account.more", "accounts/_former.html", pages.former),
    ),
    chores=((carrier.send_codes, 0.5), (carrier.forget_codes, 600.0), (bound.bind_accounts, 1.0),
            (bound.join_documents, 2.0)),
    routes=(
        Route("accounts/new", pages.who("new"), "accounts.new", PUBLIC, methods=_BOTH),
        Route("accounts/new/code", pages.code("new"), "accounts.new.code", PUBLIC, methods=_BOTH),
        Route("accounts/new/password", pages.password("new"), "accounts.new.password", PUBLIC, methods=_BOTH),
        Route("accounts/forgot", pages.who("reset"), "accounts.forgot", PUBLIC, methods=_BOTH),
        Route("accounts/forgot/code", pages.code("reset"), "accounts.forgot.code", PUBLIC, methods=_BOTH),
        Route("accounts/forgot/password", pages.password("reset"), "accounts.forgot.password", PUBLIC, methods=_BOTH),
        Route("accounts/resets", reset.resets, "accounts.resets", reset.POWERS[0], "staff", _BOTH, ("officer",), tier="public",
              or_by=reset.POWERS[1:]),
        Route("accounts/code", reset.code, "accounts.code", PUBLIC, methods=_BOTH),
        Route("accounts/phone", phone.numbers, "accounts.phone", SIGNED_IN, methods=_BOTH, kinds=("resident",)),
        Route("accounts/phone/codes", phone.codes, "accounts.phone.codes", SIGNED_IN, methods=_BOTH, kinds=("resident",)),
    ),
)  # fmt: skip
