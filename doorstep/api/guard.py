"""One guard before every operation: who asks, may they, is the request whole; then one transaction around the answer.

`operation` is the only way to put a function on the API, and it cannot be called without a right.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import BaseModel

from doorstep.api import problem
from doorstep.kernel import trust
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words
from doorstep.web.routes import APART, PUBLIC, SESSION_COOKIE, SIGNED_IN, token_of

KEY_HEADER = "Idempotency-Key"
_LONGEST_KEY = 80
_READS = ("GET", "HEAD")

Run = Callable[..., HttpResponseBase]
Function = Callable[..., HttpResponseBase]


class Asked(HttpRequest):
    """A request that passed the guard."""

    viewer: Viewer
    request_id: str


def operation(
    router: Router,
    method: str,
    path: str,
    *,
    right: str,
    answer: type[BaseModel] | None = None,
    status: int = 200,
    keyed: bool | None = None,
    entered: bool = True,
    body: str = "application/json",
    extra: dict[str, Any] | None = None,
) -> Callable[[Function], Function]:
    """Put a function on the API under a right: PUBLIC, SIGNED_IN or a verb of kernel.trust.

    ``keyed``: an Idempotency-Key is required (default: every POST). ``entered``: the guard's transaction covers the
    whole operation; without it the function enters by itself (sign-in, uploads). ``body``: the media type it takes,
    empty if the function reads the stream itself.
    """
    if right not in (PUBLIC, SIGNED_IN) and right not in trust.VERBS:
        raise ValueError(f"{method} {path}: {right!r} is not a right")
    needs_key = method == "POST" if keyed is None else keyed

    def declare(function: Function) -> Function:
        first, _, rest = (function.__doc__ or "").strip().partition("\n")
        documented = {"x-right": right, "x-keyed": needs_key, **(extra or {})}
        router.api_operation(
            [method], path, response={status: answer}, operation_id=function.__name__, summary=first.rstrip("."),
            description=" ".join(rest.split()) or None, url_name=function.__name__, openapi_extra=documented,
        )(function)  # fmt: skip
        decorate_view(_guard(right, needs_key, entered, body))(function)
        return function

    return declare


def _guard(right: str, needs_key: bool, entered: bool, body: str) -> Callable[[Run], Run]:
    def around(run: Run) -> Run:
        def guarded(request: HttpRequest, **kw: Any) -> HttpResponseBase:
            asked = cast("Asked", request)
            try:
                if body:
                    _ = request.body  # read before the transaction: a slow sender must not hold one open
                if not entered:
                    _admit_alone(asked, right, needs_key)
                    return run(request, **kw)
                with trust.enter(token_of(request)) as viewer:
                    _admit(asked, viewer, right, needs_key)
                    _check_body(request, body)
                    return run(request, **kw)
            except Exception as fault:
                _log_refusal(request, fault)
                return problem.of(request, fault)

        return guarded

    return around


def _admit_alone(asked: Asked, right: str, needs_key: bool) -> None:
    """Admits in a transaction of its own, which is over before the operation begins."""
    if right == PUBLIC:
        return
    with trust.enter(token_of(asked)) as viewer:
        _admit(asked, viewer, right, needs_key)


def _admit(asked: Asked, viewer: Viewer, right: str, needs_key: bool) -> None:
    """Lets the request pass, or raises what stops it: sign-in, right, CSRF, key, in this order."""
    if right != PUBLIC and not viewer.signed_in:
        raise trust.refuse_sign_in()
    if right != PUBLIC and viewer.kind in APART:
        raise trust.refuse_right()
    if right not in (PUBLIC, SIGNED_IN):
        viewer.need(right)
    if viewer.signed_in and asked.method not in _READS and _by_cookie(asked):
        check_form_token(asked)
    asked.viewer = viewer
    asked.request_id = asked.headers.get(KEY_HEADER, "").strip()
    if needs_key and not 0 < len(asked.request_id) <= _LONGEST_KEY:
        raise _no_key()


def _by_cookie(request: HttpRequest) -> bool:
    """Was the token sent by a browser of its own accord, perhaps at another page's wish?"""
    return "Authorization" not in request.headers and SESSION_COOKIE in request.COOKIES


def check_form_token(request: HttpRequest) -> None:
    """A write by cookie must carry the form token, which another site cannot read. Refused: "form-token" (403).

    Django's own check, asked about a request that has no form: looking for the token in one would swallow an upload.
    """
    bare = HttpRequest()
    bare.method, bare.META, bare.COOKIES = "PUT", request.META, request.COOKIES
    if CsrfViewMiddleware(_unused).process_view(bare, _unused, (), {}) is not None:
        raise Refused(
            "form-token",
            Words(
                "用浏览器会话改动时，请在 X-CSRFToken 头里带上 GET /session 给的 csrf_token；什么都没有改动。",
                "To change something with a browser session, send csrf_token of GET /session in the header "
                "X-CSRFToken; nothing was changed.",
            ),
            status=403,
        )


def _unused(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("the check calls no view")


def _check_body(request: HttpRequest, body: str) -> None:
    if not body or not request.body:
        return
    media = (request.content_type or "").lower()
    if media != body and not (body == "application/json" and media.endswith("+json")):
        raise Refused(
            "media-type",
            Words(
                f"请求内容请用 {body}，没有收下 {media}。", f"Send the body as {body}; {media} was not taken."
            ),
            status=415,
        )
    if b"\\u0000" in request.body:
        raise Refused(
            "nul",
            Words(
                "文字里有不能保存的空字符，请删去。",
                "The text holds a NUL character, which cannot be kept; remove it.",
            ),
        )


def _no_key() -> Refused:
    return Refused(
        "no-request-id",
        Words(
            f"请在 {KEY_HEADER} 头里给这个请求一个编号（1 至 80 个字符，如 UUID）；重发时用同一个，就不会办两次。",
            f"Give this request an id in the header {KEY_HEADER} (1-80 characters, such as a UUID); send the same one "
            "again and it cannot happen twice.",
        ),
        status=400,
    )


def _log_refusal(request: HttpRequest, fault: Exception) -> None:
    """Somebody signed in was turned away: that stays, in a transaction of its own."""
    if isinstance(fault, Refused) and fault.status in (403, 404):
        with suppress(Error):
            trust.log_refusal(token_of(request), f"{request.method} {request.path} {fault.code}")
