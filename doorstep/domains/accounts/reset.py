"""A colleague's forgotten password: one person asks, one of another power agrees and is told a code, the colleague sets it anew.

Who may ask and agree, and the code itself, is the database's (`sql/reset.sql`); these pages only say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.accounts.password import credential, fault
from doorstep.kernel.org import unit_words
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, log_access, refuse_right
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

PATH: Final = "/accounts/resets"
POWERS: Final = ("administer", "secure", "audit")
"""The three that are kept apart: who makes accounts, who keeps them safe, who looks at what both did."""
TITLE: Final = Words("同事忘了密码", "A colleague’s password")
HINT: Final = Words("一人提出，另一人核准", "One asks, another agrees")
_NO: Final = {
    "no-right": Words(
        "这一步要由另一种权限的人来做：一般账号由系统管理员提出、安全保密管理员核准；三员自己的账号由另外两员办。",
        "This step is for somebody with another power: the administrator asks for ordinary accounts and the security administrator "
        "agrees; for an account of the three themselves the other two do it.",
    ),
    "nobody": Words(
        "没有在用的工作账号叫这个登录名。居民在登录页自己用手机换，没有手机的到窗口。",
        "No work account in use has this login. Residents use their telephone on the sign-in page, or go to a window.",
    ),
    "own": Words("自己的密码不能自己来，请找另外两个人。", "Not for your own account: ask two others."),
    "same": Words("您提的，要由另一个人核准。", "You asked for it; somebody else agrees."),
    "open": Words(
        "这个账号已经有一份在等，见下面。", "There is one for this account already; see below."
    ),
    "over": Words("这一份已经过时，或者办过了。要的话重新提。", "This one is over. Ask anew if it is needed."),
    "no-why": Words(
        "写一句：本人怎么来的，您怎么认出是本人。", "Write how they came to you and how you knew that it was them."
    ),
}  # fmt: skip
_SAID: Final = {
    "asked": Words(
        "提出了，等另一个人核准，24 小时内有效。", "Asked for. Another person has 24 hours to agree."
    ),
    "dropped": Words("撤回了，码不能再用。", "Taken back; its code opens nothing."),
}
STATES: Final = {
    "waiting": (Words("等第二个人", "Waits for the second person"), "wait"),
    "agreed": (Words("码已给出，还没用", "Code given, not used yet"), "wait"),
    "used": (Words("换好了", "Set anew"), "done"),
    "dropped": (Words("撤回了", "Taken back"), "stop"),
    "over": (Words("过时了", "Over"), "stop"),
}


@dataclass(frozen=True, slots=True)
class Reset:
    """One line of the page."""

    id: UUID
    login: str
    who: Words
    unit: Words
    why: str
    state: str
    asked: Words
    asked_at: datetime
    agreed: Words | None
    agreed_at: datetime | None
    used_at: datetime | None
    mine: bool
    own: bool
    may: bool

    @property
    def words(self) -> Words:
        return STATES[self.state][0]

    @property
    def look(self) -> str:
        return STATES[self.state][1]

    @property
    def open(self) -> bool:
        return self.state in ("waiting", "agreed")


def listed(viewer: Viewer) -> list[Reset]:
    """What waits and what was done in ninety days, of accounts within the viewer's reach. Refused: "no-right"."""
    if not any(viewer.may(power, tier="public") for power in POWERS):
        raise refuse_right()
    raw = fetch("select trust.resets()")[0][0]
    if raw is None:
        raise refuse_right()
    log_access(viewer, kind="list", tier=0, purpose="audit", detail="password resets")
    return [_line(one) for one in _told(raw)]


def ask(login: str, why: str, request_id: UUID) -> None:
    """Ask that this work account gets another password. Twice with one id is once.

    Refused: "no-why", "nobody", "own", "open" (409), "no-right" (403).
    """
    if not why.strip():
        raise Refused("no-why", _NO["no-why"], faults=(("/why", _NO["no-why"]),))
    _heed(
        fetch("select trust.ask_reset(%s, %s, %s)", request_id, login.strip().lower(), why.strip()[:200])[0][
            0
        ]
    )


def agree(reset_id: UUID) -> dict[str, Any]:
    """The second person's yes. Returns login, code (told once, kept nowhere in clear) and until when it is good.

    The old password and every session of the account have ended. Refused: "same", "own", "no-right" (403), "over" (409), "nobody".
    """
    told: dict[str, Any] = _told(fetch("select trust.agree_reset(%s)", reset_id)[0][0])
    _heed(told["said"])
    return told | {"until": datetime.fromisoformat(told["until"])}


def drop(reset_id: UUID) -> None:
    """Take it back before it is used. Refused: "nobody", "over" (409)."""
    _heed(fetch("select trust.drop_reset(%s)", reset_id)[0][0])


def use(login: str, said: str, password: str) -> dict[str, Any]:
    """Set the password with the code. Returns who asked and agreed, and when.

    Refused: "password", "wrong-code" (401), "locked" (429).
    """
    wrong = fault(password, login)
    if wrong:
        raise Refused("password", wrong, faults=(("/password", wrong),))
    plain = "".join(one for one in said.lower() if one.isalnum())
    drawn = "-".join(plain[n : n + 4] for n in range(0, len(plain), 4))
    told: dict[str, Any] = _told(
        fetch("select trust.use_reset(%s, %s, %s, %s)", login.strip().lower(), drawn, *credential(password))[
            0
        ][0]
    )
    if told["said"] == "locked":
        words = Words(
            "试错次数太多，请 15 分钟后再试。", "Too many failed attempts. Try again in 15 minutes."
        )
        raise Refused("locked", words, status=429)
    if told["said"] != "ok":
        words = Words(
            "登录名和重设码对不上，或者码已经过时。照着纸条再输一遍；还不行，请核准的人重新办。",
            "Login and code do not fit, or the code is over. Copy the slip once more; otherwise ask for another.",
        )
        raise Refused("wrong-code", words, status=401, faults=(("/code", words),))
    return {
        "asked": Words(told["asked_zh"], told["asked_en"]), "agreed": Words(told["agreed_zh"], told["agreed_en"]),
        "asked_at": datetime.fromisoformat(told["asked_at"]), "agreed_at": datetime.fromisoformat(told["agreed_at"]),
    }  # fmt: skip


def _heed(said: str) -> None:
    if said != "ok":
        status = {"no-right": 403, "open": 409, "over": 409, "same": 409}.get(said, 400)
        raise Refused(said, _NO[said], status=status)


def _told(raw: Any) -> Any:
    return orjson.loads(raw) if isinstance(raw, str | bytes) else raw


def _line(one: dict[str, Any]) -> Reset:
    at = {name: datetime.fromisoformat(one[name]) if one[name] else None for name in ("agreed_at", "used_at")}
    return Reset(
        UUID(one["id"]), one["login"], Words(one["zh"], one["en"]), unit_words(one["unit"]), one["why"], one["state"],
        Words(one["asked_zh"], one["asked_en"]), datetime.fromisoformat(one["asked_at"]),
        Words(one["agreed_zh"], one["agreed_en"]) if one["agreed_zh"] else None, at["agreed_at"], at["used_at"],
        one["mine"], one["own"], one["may"],
    )  # fmt: skip


# ---- pages ----


def resets(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The page of the three powers: ask, agree, take back; what was done in ninety days."""
    refusal: Refused | None = None
    slip: dict[str, Any] | None = None
    listed(viewer)  # refused before anything is done
    if request.method == "POST":
        try:
            slip = _do(request)
            if slip is None:
                return redirect(f"{PATH}?did={'asked' if request.POST.get('do') == 'ask' else 'dropped'}")
        except Refused as no:
            refusal = no
    asks = (
        viewer.may("administer", tier="public")
        or viewer.may("secure", tier="public")
        or viewer.may("audit", tier="public")
    )
    context = {
        "rows": listed(viewer), "slip": slip, "refusal": refusal.words if refusal else None, "asks": asks, "request_id": uuid7(),
        "typed": request.POST if refusal else {}, "said": _SAID.get(request.GET.get("did", "")),
    }  # fmt: skip
    response = render(request, "accounts/resets.html", context, status=refusal.status if refusal else 200)
    if slip:
        response["Cache-Control"] = "no-store"
    return response


def _do(request: HttpRequest) -> dict[str, Any] | None:
    do, post = request.POST.get("do", ""), request.POST
    if do == "ask":
        ask(post.get("login", ""), post.get("why", ""), _id(post.get("request_id", "")))
        return None
    if do == "drop":
        drop(_id(post.get("reset", "")))
        return None
    return agree(_id(post.get("reset", "")))


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as why:
        raise Refused("nobody", _NO["over"], status=409) from why


def code(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The page of whoever holds a code."""
    refusal: Refused | None = None
    done: dict[str, Any] | None = None
    if request.method == "POST":
        try:
            typed = request.POST.get("password", "")
            if typed != request.POST.get("again", ""):
                words = Words("两次输的不一样，请再输一遍。", "The two are not the same; type both again.")
                raise Refused("password", words, faults=(("/again", words),))
            done = use(request.POST.get("login", ""), request.POST.get("code", ""), typed)
        except Refused as no:
            refusal = no
    context = {"refusal": refusal.words if refusal else None, "typed": request.POST, "done": done}
    return render(request, "accounts/code_given.html", context, status=refusal.status if refusal else 200)
