"""Answers go out packed to whoever can unpack them: pages, styles, scripts and JSON, to a third or a fifth of their size.

A proxy may do so as well; without one, a page over a telephone must not weigh five times as much.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

_KINDS: Final = (
    "text/",
    "application/json",
    "application/geo+json",
    "application/javascript",
    "image/svg+xml",
)
_LEAST: Final = 1000
_NOISE: Final = 100
"""So many bytes at most are added by chance, so that nobody learns a word of a page from its size (the BREACH attack)."""


class Packed:
    """Middleware, the outermost: gzip for text that is worth it. What is streamed, but for static files, stays as it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        kind = response.headers.get("Content-Type", "")
        if (
            response.status_code != 200
            or not kind.startswith(_KINDS)
            or "Content-Encoding" in response.headers
        ):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if request.method != "GET" or "gzip" not in request.headers.get("Accept-Encoding", ""):
            return response
        if isinstance(response, HttpResponse) and len(response.content) >= _LEAST:
            response.content = compress_string(response.content, max_random_bytes=_NOISE)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        elif isinstance(response, StreamingHttpResponse) and request.path.startswith(settings.STATIC_URL):
            return _static(response)
        return response


def _static(response: StreamingHttpResponse) -> HttpResponse:
    """A file of ours, packed once. Its tag is that of the plain file, so its date alone says whether it changed."""
    raw = b"".join(response)
    response.close()
    headers = {k: v for k, v in response.headers.items() if k not in ("ETag", "Content-Length")}
    return HttpResponse(_once(raw), headers=headers | {"Content-Encoding": "gzip"})


@lru_cache(maxsize=64)
def _once(raw: bytes) -> bytes:
    return gzip.compress(raw, 9, mtime=0)
