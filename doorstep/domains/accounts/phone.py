"""Another telephone for one's own account: both numbers, then a code from each.

The old number is typed, too: a page left open changes nothing, and whoever has lost the old telephone is shown the way to a window.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.domains.accounts import carrier, pages, proving
from doorstep.domains.accounts.models import AccountClaim
from doorstep.domains.accounts.proving import About, Proving, Typed
from doorstep.kernel.party import mask_phone
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.format import FORMATS, tidy
from doorstep.rulebook.words import Refused, Words
from doorstep.web.questions import FaultLine, Question

COOKIE: Final = "doorstep_phone"
_BOTH: Final[tuple[About, About]] = ("leaves", "comes")
_ASKED: Final = {
    "leaves": Words("现在的手机号", "Present number"),
    "comes": Words("新手机号", "New number"),
}
_CODES: Final = {
    "leaves": Words("旧手机收到的 6 位数字", "The 6 digits sent to the old telephone"),
    "comes": Words("新手机收到的 6 位数字", "The 6 digits sent to the new telephone"),
}
_SAME: Final = Words("和现在的号码一样。请填新号码。", "This is the present number. Give the new one.")


def numbers(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The first page: the number that leaves and the one that comes."""
    own = AccountClaim.objects.filter(account_id=viewer.account_id).exists()
    if request.method != "POST" or not own or not carrier.available():
        held = _held(request)
        return _numbers(request, own, {one: held[one].typed.phone for one in held}, {})
    typed: dict[str, str] = {one: tidy(request.POST.get(one, ""), "cn-mobile")[:20] for one in _BOTH}
    wrong: dict[str, Words] = {
        one: fault for one in _BOTH if (fault := FORMATS["cn-mobile"].fault(typed[one]))
    }
    if not wrong and typed["leaves"] == typed["comes"]:
        wrong["comes"] = _SAME
    if wrong:
        return _numbers(request, own, typed, wrong, status=400)
    token = proving.new_token()
    try:
        for one in _BOTH:
            proving.begin(_of(token, one), one, Typed(phone=typed[one]), pages.source(request))
    except Refused as no:
        return _numbers(request, own, typed, {}, no, status=no.status)
    response = redirect("/accounts/phone/codes")
    response.set_cookie(
        COOKIE, token, max_age=1800, httponly=True, samesite="Lax", secure=settings.CSRF_COOKIE_SECURE
    )
    return response


def codes(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The second page: what each telephone was sent. What was right once need not be typed again."""
    held = _held(request)
    if len(held) < len(_BOTH):
        return redirect("/accounts/phone")
    token, wrong = request.COOKIES[COOKIE], dict[str, Words]()
    refusal: Words | None = None
    if request.method == "POST":
        for one in _BOTH:
            said = tidy(request.POST.get(one, ""), "cn-mobile")[:12]
            if not held[one].proved and (fault := proving.prove(_of(token, one), said)):
                wrong[one] = fault
        try:
            if not wrong:
                proving.change_phone(viewer, _of(token, "leaves"), _of(token, "comes"))
                response = redirect("/login?told=phone")
                response.delete_cookie(COOKIE)
                return response
        except Refused as no:
            refusal = no.words
        held = _held(request)
    questions = [
        _ask(one, _CODES[one], "", wrong, Words("发到了", "Sent to") , "one-time-code", shown=held[one].typed.phone)
        for one in _BOTH
        if not held[one].proved
    ]  # fmt: skip
    context = {"questions": questions, "refusal": refusal, "telephones": pages.telephones()}
    return _page(request, "phone_codes", context, wrong, 400 if wrong or refusal else 200)


def _of(token: str, about: About) -> str:
    return f"{token}:{about}"


def _held(request: HttpRequest) -> dict[About, Proving]:
    token = request.COOKIES.get(COOKIE, "")
    found = {one: proving.told(_of(token, one)) for one in _BOTH} if token else {}
    return {one: held for one, held in found.items() if held}


def _ask(
    name: str, title: Words, value: str, wrong: dict[str, Words], hint: Words, fill: str, *, shown: str = ""
) -> Question:
    told = Words(f"{hint.zh} {mask_phone(shown)}", f"{hint.en} {mask_phone(shown)}") if shown else hint
    return Question(
        name, name, title, told, None, True, wrong.get(name), value, "text",
        keyboard="numeric" if shown else "tel", autocomplete=fill,
    )  # fmt: skip


def _numbers(
    request: HttpRequest, own: bool, typed: dict[str, str], wrong: dict[str, Words], refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    hints = {
        "leaves": Words("登录用的那个", "The one you sign in with"),
        "comes": Words("以后用它登录", "The one to sign in with from now on"),
    }
    questions = [_ask(one, _ASKED[one], typed.get(one, ""), wrong, hints[one], "tel") for one in _BOTH]
    context = {
        "questions": questions, "own": own, "available": carrier.available(),
        "refusal": refusal.words if refusal else None,
    }  # fmt: skip
    return _page(request, "phone", context, wrong, status)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], wrong: dict[str, Words], status: int
) -> HttpResponse:
    faults = [FaultLine(one.anchor, one.fault) for one in context["questions"] if one.fault]
    return render(request, f"accounts/{template}.html", {**context, "faults": faults}, status=status)
