"""Which language, letter size and ground the reader wants: ``?lang= ?mode= ?theme=``, kept in cookies.

The path of a page is the same in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, cast

from django.http import HttpRequest, HttpResponse

from doorstep.rulebook.words import Lang, Words

KEPT_FOR = 400 * 24 * 3600
COOKIES = {"lang": "doorstep_lang", "mode": "doorstep_mode", "theme": "doorstep_theme"}
CHOICES = {"lang": ("zh", "en"), "mode": ("plain", "elder"), "theme": ("day", "night")}
HTML_LANG = {"zh": "zh-Hans", "en": "en"}


@dataclass(frozen=True, slots=True)
class Wish:
    """How this reader wants pages shown."""

    lang: Lang = "zh"
    mode: Literal["plain", "elder"] = "plain"
    theme: Literal["day", "night"] = "day"


_USUAL = Wish()
_now: ContextVar[Wish] = ContextVar("doorstep_reader", default=_USUAL)


def wish() -> Wish:
    """The wish of the reader being served; Chinese, plain, day outside a request."""
    return _now.get()


def lang() -> Lang:
    """ "zh" or "en": the language of the reader being served."""
    return _now.get().lang


def say(words: Words | str) -> str:
    """The text in the reader's language."""
    return words.in_(lang()) if isinstance(words, Words) else words


@contextmanager
def reading(want: Wish) -> Iterator[None]:
    """Everything inside is shown as ``want`` says."""
    token = _now.set(want)
    try:
        yield
    finally:
        _now.reset(token)


def wish_of(request: HttpRequest) -> Wish:
    """What the address asks for, else the cookie, else (for the language) the browser's list."""
    found = {}
    for what, cookie in COOKIES.items():
        asked = request.GET.get(what) or request.COOKIES.get(cookie)
        found[what] = asked if asked in CHOICES[what] else None
    language = found["lang"] or _first_spoken(request.headers.get("Accept-Language", ""))
    return Wish(
        cast("Lang", language),
        cast("Any", found["mode"] or "plain"),
        cast("Any", found["theme"] or "day"),
    )


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """Remember what the address asked for."""
    for what, cookie in COOKIES.items():
        asked = request.GET.get(what)
        if asked in CHOICES[what]:
            response.set_cookie(
                cookie, asked, max_age=KEPT_FOR, samesite="Lax", secure=request.is_secure(), httponly=True
            )


def _first_spoken(header: str) -> Lang:
    """The first of Chinese and English in the browser's list; Chinese if neither is there."""
    for part in header.split(","):
        tongue = part.split(";")[0].strip().lower()[:2]
        if tongue in ("zh", "en"):
            return cast("Lang", tongue)
    return "zh"
