"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token, rotate_token
from ninja import Router

from doorstep.api.answer import In, Out, Text, said
from doorstep.api.guard import Asked, operation
from doorstep.kernel import trust
from doorstep.kernel.org import town
from doorstep.kernel.trust import Viewer
from doorstep.web.routes import PUBLIC, SESSION_COOKIE, SIGNED_IN, give_token, token_of

router = Router(tags=["session"])


class SignIn(In):
    login: str
    password: str


class UnitRef(Out):
    """A unit, by the code that verbs take."""

    code: str
    name: Text

    @classmethod
    def at(cls, unit_id: int) -> UnitRef:
        unit = town().units[unit_id]
        return cls(code=unit.code, name=Text.of(unit.name))


class Me(Out):
    """Who is signed in. ``csrf_token`` goes into X-CSRFToken when a browser session changes something."""

    account: UUID
    login: str
    name: Text
    kind: str
    unit: UnitRef | None
    rights: list[str]
    assurance: int
    csrf_token: str


class Session(Me):
    """A session just opened. ``token`` is shown this once; it is also in the cookie."""

    token: str


class StreamUrl(Out):
    """Where server-sent events come from; empty if this deployment has no stream."""

    url: str


@operation(router, "POST", "/session", right=PUBLIC, answer=Session, status=201, keyed=False, entered=False)
def sign_in(request: HttpRequest, who: SignIn) -> HttpResponse:
    """Sign in with a login and a password.

    Five failures lock the login for 15 minutes (429).
    """
    token = trust.sign_in(who.login, who.password)  # by itself: a failure counts although it is refused
    rotate_token(request)
    with trust.enter(token) as viewer:
        body = Session(**_me(request, viewer), token=token)
        response = said(body, 201, {"Location": "/api/v1/session"})
    give_token(response, token)
    return response


@operation(router, "GET", "/session", right=SIGNED_IN, answer=Me)
def who_am_i(request: Asked) -> HttpResponse:
    """Who is signed in, with which rights."""
    return said(Me(**_me(request, request.viewer)))


@operation(router, "DELETE", "/session", right=SIGNED_IN, status=204)
def sign_out(request: Asked) -> HttpResponse:
    """Sign out: the token is worthless at once, everywhere."""
    trust.sign_out(token_of(request))
    response = HttpResponse(status=204)
    response.delete_cookie(SESSION_COOKIE, samesite="Lax")
    return response


@operation(router, "GET", "/stream-url", right=SIGNED_IN, answer=StreamUrl)
def stream_url(request: Asked) -> HttpResponse:
    """Where live changes come from (server-sent events, same session)."""
    return said(StreamUrl(url=getattr(request, "stream_url", "")))


def _me(request: HttpRequest, viewer: Viewer) -> dict[str, Any]:
    return {
        "account": viewer.account_id, "login": viewer.login, "name": Text.of(viewer.name), "kind": viewer.kind,
        "unit": UnitRef.at(viewer.unit_id) if viewer.unit_id is not None else None, "rights": sorted(viewer.rights),
        "assurance": viewer.assurance, "csrf_token": get_token(request),
    }  # fmt: skip
