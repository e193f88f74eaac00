"""Signing in and out. In a demo database anybody may be one of its people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from doorstep.kernel import trust
from doorstep.kernel.org import town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words
from doorstep.web.routes import SESSION_COOKIE, give_token, token_of


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo town."""

    role: str
    login: str
    password: str
    name: Words
    line: Words
    icon: str


def login(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The form, or a try: a wrong password is said without telling whether the account exists."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            token = trust.sign_in(request.POST.get("login", ""), request.POST.get("password", ""))
        except Refused as refused:
            refusal = refused
        else:
            return _welcome(request, token, wanted)
    context = {
        "next": wanted,
        "login": request.POST.get("login", ""),
        "refusal": refusal.words if refusal else None,
        "demo_logins": sorted(
            (_person(raw) for raw in trust.demo_logins()), key=lambda one: one.icon != "user"
        ),
        "growing": trust.is_demo() and trust.demo_fact("demo_lives") is None,
    }
    return render(request, "web/portal/login.html", context, status=refusal.status if refusal else 200)


def _welcome(request: HttpRequest, token: str, wanted: str) -> HttpResponse:
    rotate_token(request)
    response = redirect(_inside(request, wanted) or "/start")
    give_token(response, token)
    return response


def _inside(request: HttpRequest, address: str) -> str:
    """The address if it is ours, else nothing: a login must not send anybody to a stranger's page."""
    fine = url_has_allowed_host_and_scheme(address, allowed_hosts=None) and address.startswith("/")
    return address if fine and not address.startswith("/login") else ""


def _person(raw: dict[str, Any]) -> DemoPerson:
    unit = raw.get("unit") or ""
    named = next((u.name for u in town().units.values() if u.zh == unit), None)
    title = Words(*raw["title"])
    line = Words(f"{named.zh}，{title.zh}", f"{named.en}, {title.en}") if named else title
    name = Words(str(raw["name"]), str(raw.get("name_en") or raw["name"]))
    return DemoPerson(
        raw["role"], raw["login"], raw["password"], name, line, "building-bank" if named else "user"
    )


def logout(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """End the session here and in the database."""
    trust.sign_out(token_of(request))
    response = redirect("/")
    response.delete_cookie(SESSION_COOKIE)
    return response
