"""What happens around every request: the reader's wish before, and pages that nobody keeps a copy of."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from doorstep.web import language


class Reader:
    """Sets the reader's language, letter size and ground for the time of the request, and keeps the wish."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        want = language.wish_of(request)
        with language.reading(want):
            response = self._get_response(request)
        language.keep(request, response)
        response.headers.setdefault("Content-Language", language.HTML_LANG[want.lang])
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Vary", "Cookie, Accept-Language")
        return response
