"""Making an account and setting a forgotten password anew: who you are, the code from your telephone, a password.

Both ways are the same three pages. A cookie holds the token under which the database keeps what was typed, so nothing has to be
typed twice; whether anybody has an account is never said before the telephone is proved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render

from doorstep.domains.accounts import bound, carrier, proving
from doorstep.domains.accounts.proving import About, Proving, Typed
from doorstep.kernel import trust
from doorstep.kernel.party import mask_phone
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.format import tidy
from doorstep.rulebook.words import Refused, Words
from doorstep.web.questions import FaultLine, Question, known_by, who_by
from doorstep.web.routes import give_token

COOKIE: Final = "doorstep_proving"
_HOUR: Final = 3600
_AT: Final = {"new": "/accounts/new", "reset": "/accounts/forgot"}
_TOLD: Final = {
    "new": Words(
        "账号做好了，已经登录。以后用手机号和密码登录。",
        "Your account is made and you are signed in. From now on sign in with your number and password.",
    ),
    "reset": Words(
        "密码换好了，别处的登录都已退出。", "Your password is set. Every other session of yours has ended."
    ),
    "phone": Words(
        "手机号换好了。请用新号码登录。", "Your telephone is changed. Sign in with the new number."
    ),
}
View = Callable[[HttpRequest, Viewer], HttpResponse]


def who(about: About) -> View:
    """The first page: name (for a new account), document, telephone."""

    def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
        if viewer.signed_in:
            return redirect("/account" if viewer.is_resident else "/start")
        held = _held(request, about)
        if request.method != "POST":
            return _who(request, about, held.typed if held else Typed(), {})
        typed = Typed(
            tidy(request.POST.get("name", ""))[:80],
            known_by(request.POST),
            tidy(request.POST.get("phone", ""), "cn-mobile")[:20],
        )
        wrong = proving.faults(about, typed)
        if wrong or not carrier.available():
            return _who(request, about, typed, wrong, status=400 if wrong else 503)
        token = request.COOKIES.get(COOKIE, "") if held else proving.new_token()
        try:
            proving.begin(token, about, typed, source(request))
        except Refused as no:
            return _who(request, about, typed, {}, no)
        response = redirect(f"{_AT[about]}/code")
        response.set_cookie(
            COOKIE, token, max_age=_HOUR, httponly=True, samesite="Lax", secure=settings.CSRF_COOKIE_SECURE
        )
        return response

    return page


def code(about: About) -> View:
    """The second page: the code from the message, or another one."""

    def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
        held = _held(request, about)
        if held is None:
            return redirect(_AT[about])
        token, wrong, told = request.COOKIES[COOKIE], None, None
        if request.method == "POST" and request.POST.get("do") == "again":
            try:
                proving.begin(token, about, held.typed, source(request))
                told = Words("又发了一条，用新的这条。", "Another one is on its way; use the new one.")
            except Refused as no:
                wrong = no.words
        elif request.method == "POST":
            wrong = proving.prove(token, tidy(request.POST.get("code", ""), "cn-mobile")[:12])
            if wrong is None:
                return redirect(f"{_AT[about]}/password")
        context = {
            "wrong": wrong,
            "told": told,
            "phone": mask_phone(held.typed.phone),
            "telephones": telephones(),
        }
        return _page(request, about, "code", context, status=400 if wrong else 200)

    return page


def password(about: About) -> View:
    """The third page: a password, and it is done."""

    def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
        held = _held(request, about)
        if held is None or not held.proved:
            return redirect(f"{_AT[about]}/code" if held else _AT[about])
        wrong: Words | None = None
        if request.method == "POST":
            typed = request.POST.get("password", "")
            try:
                if typed != request.POST.get("again", ""):
                    raise Refused(
                        "password",
                        Words("两次输的不一样，请再输一遍。", "The two are not the same; type both again."),
                    )
                done = proving.sign_up if about == "new" else proving.new_password
                return _enter(request, done(request.COOKIES[COOKIE], typed), typed, about)
            except Refused as no:
                wrong = no.words
        context = {"wrong": wrong, "taken": held.taken, "phone": mask_phone(held.typed.phone)}
        return _page(request, about, "password", context, status=400 if wrong else 200)

    return page


def ways(request: HttpRequest, viewer: Viewer, _: None) -> dict[str, Any]:
    """Below the form of signing in."""
    return {}


def changed(request: HttpRequest, viewer: Viewer, _: None) -> dict[str, Any] | None:
    """Above it, where the eye is: that the telephone was changed."""
    return {"told": _TOLD["phone"]} if request.GET.get("told") == "phone" else None


def telephone(request: HttpRequest, viewer: Viewer, _: None) -> dict[str, Any] | None:
    """On the page of the own account: the way to another telephone."""
    return {} if viewer.is_resident and viewer.login.startswith("tel:") else None


def told(request: HttpRequest, viewer: Viewer, _: None) -> dict[str, Any] | None:
    """On the page of the own account: what was just done."""
    words = _TOLD.get(request.GET.get("told", ""))
    return {"told": words} if words else None


def former(request: HttpRequest, viewer: Viewer, _: None) -> dict[str, Any] | None:
    """Below it: the documents of before."""
    found = bound.former(viewer) if viewer.party_id else []
    return {"former": found} if found else None


def _enter(request: HttpRequest, login: str, typed: str, about: About) -> HttpResponse:
    token = trust.sign_in(login, typed)
    rotate_token(request)
    response = redirect(f"/account?told={about}")
    give_token(response, token)
    response.delete_cookie(COOKIE)
    return response


def _held(request: HttpRequest, about: About) -> Proving | None:
    """How far this visitor is on this way; None for one who has not begun it."""
    found = proving.told(request.COOKIES.get(COOKIE, ""))
    return found if found and found.about == about else None


def _who(
    request: HttpRequest, about: About, typed: Typed, wrong: dict[str, Words], refusal: Refused | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    questions = [
        *([_ask("name", Words("姓名", "Name"), typed.name, wrong, Words("和证件上一样", "As in your document"))]
          if about == "new" else []),
        who_by("id_no", typed.document, title=Words("证件号", "Number of your document"), fault=wrong.get("id_no"),
               hint=Words("身份证 18 位，最后一位可能是 X", "The identity number has 18 characters; the last may be X")),
        _ask("phone", Words("手机号", "Mobile number"), typed.phone, wrong,
             Words("收验证码用，以后用它登录", "It gets the code, and is what you sign in with"), "tel", "tel"),
    ]  # fmt: skip
    context = {
        "questions": questions, "refusal": refusal.words if refusal else None, "available": carrier.available(),
        "faults": [FaultLine(one.anchor, one.fault) for one in questions if one.fault],
    }  # fmt: skip
    return _page(request, about, "who", context, refusal.status if refusal else status)


def _ask(
    name: str, title: Words, value: str, wrong: dict[str, Words], hint: Words, keyboard: str = "text", fill: str = "name"
) -> Question:  # fmt: skip
    return Question(
        name,
        name,
        title,
        hint,
        None,
        True,
        wrong.get(name),
        value,
        "text",
        keyboard=keyboard,
        autocomplete=fill,
    )


def _page(
    request: HttpRequest, about: About, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    whole = {"new": about == "new", "at": _AT[about], **context}
    return render(request, f"accounts/{template}.html", whole, status=status)


def source(request: HttpRequest) -> str:
    """Whence it was asked: told by the proxy that stands before us, if one does; nothing for this machine itself."""
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() if settings.HTTPS else ""
    found = told or str(request.META.get("REMOTE_ADDR", ""))
    return "" if found in ("127.0.0.1", "::1") else found


def telephones() -> str:
    """In a demonstration: where the stand-in's telephones are looked at."""
    return settings.SMS_URL if trust.is_demo() and "127.0.0.1" in settings.SMS_URL else ""
