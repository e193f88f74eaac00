"""What every template may use: how the reader wants it shown, who reads, and whose town it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest

from doorstep.kernel.trust import is_demo
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Words
from doorstep.web import language
from doorstep.web.places import counters


@dataclass(frozen=True, slots=True)
class Town:
    """Name above every page, and whether its people are invented."""

    name: Words
    demo: bool


@lru_cache(maxsize=1)
def town() -> Town:
    """The town of this deployment: the name from its region, whether it is a demonstration from its database."""
    return Town(region().brand, demo=is_demo())


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor of every page."""
    want = language.wish()
    return {
        "lang": want.lang,
        "html_lang": language.HTML_LANG[want.lang],
        "elder": want.mode == "elder",
        "help_phone": _phone() if want.mode == "elder" else "",
        "night": want.theme == "night",
        "viewer": getattr(request, "viewer", None),
        "town": town(),
    }


def _phone() -> str:
    """Somebody who answers now: the first counter that is open, else the first there is."""
    return next((place.phone for place in counters() if place.phone), "")
