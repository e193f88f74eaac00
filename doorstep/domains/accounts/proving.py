"""Proving to hold a telephone, to make an account by oneself or to set a forgotten password anew.

The visitor holds a token in a cookie; the database keeps what was typed under it, sealed, and the hash of a code that it drew
itself (``sql/accounts.sql``). Nothing here finds out who else has an account: only the holder of a telephone is told that.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from django.db import transaction

from doorstep.domains.accounts.password import credential, fault
from doorstep.kernel.crypto import new_key, open_sealed, seal
from doorstep.kernel.party import with_phone
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, keys
from doorstep.rulebook import document
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused, Words

About = Literal["new", "reset", "leaves", "comes"]
_TO_WINDOW: Final = Words(
    "急用的话，带证件到任何一个窗口。", "If it is urgent, take your document to any window."
)
_LIMITS: Final = {
    "soon": Words(
        "一分钟之内刚发过一条，请先看看手机。没收到，过一分钟再要。",
        "One was sent less than a minute ago; look at your telephone first. If none came, ask again in a minute.",
    ),
    "phone": Words(
        "这个手机号今天已经要过 5 次验证码，明天再试。" + _TO_WINDOW.zh,
        "Five codes were asked for with this number today. Try again tomorrow. " + _TO_WINDOW.en,
    ),
    "source": Words(
        "现在要验证码的人太多，请过一小时再试。" + _TO_WINDOW.zh,
        "Too many codes are being asked for. Try again in an hour. " + _TO_WINDOW.en,
    ),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """Who somebody says they are."""

    name: str = ""
    document: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Proving:
    """How far somebody is: ``left`` tries for the code; ``taken``: the telephone that they proved to hold has an account."""

    about: str
    typed: Typed
    proved: bool
    left: int
    taken: bool


def faults(about: About, typed: Typed) -> dict[str, Words]:
    """What is wrong with what was typed, by question."""
    found: dict[str, Words | None] = {
        "id_no": document.fault(typed.document)
        if typed.document
        else Words("请填证件号。", "Give the number."),
        "phone": FORMATS["cn-mobile"].fault(typed.phone),
    }
    if typed.document == "none":
        found["id_no"] = Words("没有证件的，请到窗口办。", "Without a document, please come to a window.")
    if about == "new" and not typed.name:
        found["name"] = Words("请填姓名，和证件上一样。", "Give your name as in your document.")
    return {name: words for name, words in found.items() if words}


def new_token() -> str:
    return secrets.token_urlsafe(24)


def begin(token: str, about: About, typed: Typed, source: str) -> None:
    """Draw a code for this telephone and keep what was typed under the token; ``source``: the address it was asked from, kept as a
    keyed index for a day. Refused (429): "soon", "phone", "source"; "over" for a token that was used.
    """
    mark, key, blind = _mark(token), new_key(), keys().blind
    raw = {"name": typed.name, "document": typed.document, "phone": typed.phone}
    told = fetch(
        "select trust.begin_proving(%s, %s, %s, %s, %s, %s, %s, %s)",
        mark, about, keys().wrap(key, mark), seal(key, orjson.dumps(raw), b"proving"), blind("login", typed.phone),
        blind("id_no", document.index(typed.document)), blind("name", document.spelled(typed.name)),
        blind("source", source) if source else None,
    )[0][0]  # fmt: skip
    if told in _LIMITS:
        raise Refused(told, _LIMITS[told], status=429)
    if told != "ok":
        raise refuse_over()


def told(token: str) -> Proving | None:
    """What was typed under a token, and how far it is; None for none, or after an hour."""
    raw: Any = fetch("select trust.proving_of(%s)", _mark(token))[0][0] if token else None
    if raw is None:
        return None
    raw = orjson.loads(raw) if isinstance(raw, str | bytes) else raw
    typed = opened(_mark(token), bytes.fromhex(raw["key"]), bytes.fromhex(raw["typed"]))
    return Proving(raw["about"], typed, raw["proved"], raw["left"], raw["taken"])


def opened(mark: bytes, wrapped: bytes, sealed: bytes) -> Typed:
    """What was typed, in clear."""
    return Typed(**orjson.loads(open_sealed(keys().unwrap(wrapped, mark), sealed, b"proving")))


def prove(token: str, code: str) -> Words | None:
    """Try a code. None if it was right, else what to do."""
    said = fetch("select trust.prove(%s, %s)", _mark(token), code)[0][0]
    if said == "ok":
        return None
    found = told(token)
    if said == "over" or found is None or not found.left:
        return refuse_over().words
    return Words(
        f"验证码不对，请照短信再填一遍；还能试 {found.left} 次。",
        f"That is not the code. Copy it from the message once more; {found.left} tries are left.",
    )


def sign_up(token: str, password: str) -> str:
    """Make the account; returns the telephone, which is its login. Refused: "password", "over", "taken"."""
    found = _checked(token, password)
    salt, proof = credential(password)
    rights = orjson.dumps(list(region().roles["resident"])).decode()
    said = fetch(
        "select trust.sign_up(%s, %s, %s, %s, %s, %s)",
        _mark(token),
        uuid7(),
        found.typed.name,
        rights,
        salt,
        proof,
    )[0][0]
    if said == "taken":
        raise refuse_taken()
    if said != "ok":
        raise refuse_over()
    return found.typed.phone


def new_password(token: str, password: str) -> str:
    """Set the password anew; sessions that the old one opened end. Returns the login. Refused: "password", "over"."""
    found = _checked(token, password)
    if fetch("select trust.new_password(%s, %s, %s)", _mark(token), *credential(password))[0][0] != "ok":
        raise refuse_over()
    return found.typed.phone


def change_phone(viewer: Viewer, leaves: str, comes: str) -> None:
    """The account of who is signed in has the telephone proved under ``comes`` from now on, instead of the one proved under
    ``leaves``; so has the own record, where it held that one; every session ends. Refused: "over", "taken" (409).
    """
    was, now = told(leaves), told(comes)
    with transaction.atomic():
        said = fetch("select trust.change_phone(%s, %s)", _mark(leaves), _mark(comes))[0][0]
        if said == "taken":
            raise refuse_taken()
        if said != "ok" or was is None or now is None:
            raise refuse_over()
        record = with_phone(viewer.party_id, was.typed.phone, now.typed.phone) if viewer.party_id else None
        if record is not None and fetch("select trust.keep_phone(%s)", record)[0][0] != "ok":
            raise refuse_over()


def refuse_taken() -> Refused:
    """The telephone is somebody's account already; told only to who proved to hold it."""
    return Refused(
        "taken", Words("这个手机号已经有账号了。", "This telephone has an account already."), status=409
    )


def _checked(token: str, password: str) -> Proving:
    found = told(token)
    if found is None or not found.proved:
        raise refuse_over()
    number = document.parts(found.typed.document).number
    wrong = fault(password, found.typed.phone, number, number[-8:], found.typed.name)
    if wrong:
        raise Refused("password", wrong)
    return found


def refuse_over() -> Refused:
    """The code was tried too often, or is too old."""
    return Refused(
        "over",
        Words(
            "这个验证码过时了，或者试错太多次。请再要一条。",
            "This code is too old, or was tried too often. Ask for another.",
        ),
        status=409,
    )


def _mark(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
