"""Every page says who may enter, and one guard asks: no view is reachable without it.

A ``Route`` names its right: ``PUBLIC`` (anybody), ``SIGNED_IN``, or a verb of the list in kernel.trust.
The guard turns the reader's token into a ``Viewer`` (which also opens the transaction and its scope), checks
the right, calls ``view(request, viewer, **kw)`` and turns a ``Refused`` into a page in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from doorstep.kernel import trust
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused
from doorstep.web import errors, uploads

PUBLIC: Final = "PUBLIC"
SIGNED_IN: Final = "SIGNED_IN"
SESSION_COOKIE: Final = "doorstep_session"
APART: Final = ("outlet", "kiosk")
"""Kinds of account where no police stand: they enter only pages that name them, and no door of the API."""

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Route:
    """One page. ``right`` is PUBLIC, SIGNED_IN or a verb; ``surface`` says whose page it is.

    ``kinds`` narrows it to kinds of viewer ("resident", "officer"); empty means any that has the right, but for `APART`.
    ``tier`` is what the page shows: one with no person on it is open to a right that reaches what is public.
    A view whose form carries files sets ``receives`` and is called with ``received``, stored beforehand.
    """

    path: str
    view: View
    name: str
    right: str
    surface: str = "resident"
    methods: tuple[str, ...] = ("GET",)
    kinds: tuple[str, ...] = ()
    receives: bool = False
    tier: str = "personal"
    or_by: tuple[str, ...] = ()
    """Rights that open it too, for one page that several duties share."""


def urls(routes: Iterable[Route]) -> list[URLPattern]:
    """URL patterns in which every view stands behind the guard. Names must be unique."""
    found: list[URLPattern] = []
    seen: set[str] = set()
    for route in routes:
        if route.name in seen:
            raise ValueError(f"two routes are called {route.name}")
        seen.add(route.name)
        allowed = require_http_methods(
            [*route.methods, "HEAD"] if "GET" in route.methods else list(route.methods)
        )
        view = allowed(_guarded(route))
        view.route = route  # type: ignore[attr-defined]  # the house rule reads it
        found.append(path(route.path, view, name=route.name))
    return found


def token_of(request: HttpRequest) -> str:
    """The session token of the cookie, else of the Authorization header, else empty."""
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        return bearer.removeprefix("Bearer ").strip()
    return request.COOKIES.get(SESSION_COOKIE, "")


def give_token(response: HttpResponseBase, token: str) -> None:
    """Let the browser carry the session: unreadable to scripts, unsent from other sites, for as long as it lasts."""
    response.set_cookie(
        SESSION_COOKIE, token, max_age=trust.SESSION_MINUTES * 60, httponly=True, samesite="Lax",
        secure=settings.CSRF_COOKIE_SECURE,
    )  # fmt: skip


def _guarded(route: Route) -> Callable[..., HttpResponseBase]:
    @wraps(route.view)
    def enter(request: HttpRequest, **kw: Any) -> HttpResponseBase:
        token = token_of(request)
        try:
            if route.receives:
                kw["received"] = _receive(route, request, token)
            with trust.enter(token) as viewer:
                request.viewer = viewer  # type: ignore[attr-defined]
                _check(route, viewer)
                return route.view(request, viewer, **kw)
        except Refused as refusal:
            if refusal.code == "sign-in" and request.method in ("GET", "HEAD"):
                return redirect(_login_address(request))
            trust.log_refusal(token, f"{route.name} {refusal.code}")
            return errors.refused(request, refusal)

    return enter


def lost(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """404 for an address that nobody declared, in the frame of whoever asks for it."""
    with trust.enter(token_of(request)) as viewer:
        request.viewer = viewer  # type: ignore[attr-defined]
        return errors.not_found(request)


def _receive(route: Route, request: HttpRequest, token: str) -> uploads.Received:
    """The files of a form, stored outside any transaction; nobody who may not enter is let near the disk."""
    if request.method != "POST" or not uploads.came(request):
        return {}
    with trust.enter(token) as viewer:
        _check(route, viewer)
    return uploads.receive(request)


def _check(route: Route, viewer: Viewer) -> None:
    """Lets the viewer pass, or raises Refused "sign-in" or "no-right"."""
    if route.right == PUBLIC:
        return
    if not viewer.signed_in:
        raise trust.refuse_sign_in()
    if (route.kinds or viewer.kind in APART) and viewer.kind not in route.kinds:
        raise trust.refuse_right()
    if route.right != SIGNED_IN and not any(viewer.may(verb, tier=route.tier) for verb in route.or_by):
        viewer.need(route.right, tier=route.tier)


def _login_address(request: HttpRequest) -> str:
    return "/login?" + urlencode({"next": request.get_full_path()})
