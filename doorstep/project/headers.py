"""What the browser may do with our pages: run and fetch our own files, talk to our own stream, at a counter to the bridge
of its table, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from doorstep.web.ground import origins

_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob: {tiles}",
        "font-src 'self'",
        "connect-src 'self' {stream} {bridge} {tiles}",
        "frame-src 'self'",  # a kiosk prints a paper of ours from a frame
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self' {payments}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)


def stream_url(request: HttpRequest) -> str:
    """Where this visitor's browser finds the live stream; empty when none runs."""
    if settings.STREAM_URL or not settings.STREAM_PORT:
        return settings.STREAM_URL
    host = (
        request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()
    )
    return f"{request.scheme}://{host}:{settings.STREAM_PORT}"


def _origin(url: str) -> str:
    """Where a form of ours may lead besides ourselves: to the payment service."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _of_staff(request: HttpRequest) -> bool:
    """Whether this is a page of staff: they alone may reach the devices of their table."""
    view = request.resolver_match.func if request.resolver_match else None
    return getattr(getattr(view, "route", None), "surface", "") == "staff"


class ContentPolicy:
    """Middleware: a strict content policy on every answer without one of its own; ``request.stream_url``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            stream = stream_url(request)
        except DisallowedHost:  # answered with 400 further in
            stream = ""
        request.stream_url = stream  # type: ignore[attr-defined]
        response = self._get_response(request)
        bridge = settings.BRIDGE_URL if _of_staff(request) else ""
        payments = _origin(settings.PAYMENTS_URL)
        policy = _POLICY.format(stream=stream, payments=payments, bridge=bridge, tiles=origins())
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(self), geolocation=(self), microphone=(), payment=()"
        )
        return response
