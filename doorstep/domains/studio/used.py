"""The page that says where a thing is used: which items, and in each what asks, reads, prints or says it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from doorstep.domains.studio import use
from doorstep.domains.studio.frame import show
from doorstep.domains.studio.use import KINDS, Named, Used
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook.words import Words

_MOST = 200


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind of thing to look for."""

    url: str
    words: Words
    here: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in the list, with where its uses are told."""

    named: Named
    url: str


def used(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Everything of one kind with how many items use it, or one of them with every place. Refused: "not-found" for one that
    neither the shared files nor any item name."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else "fact"
    tabs = tuple(Tab(f"/studio/used?kind={one}", words, one == kind) for one, words in KINDS.items())
    listed = use.named(kind)
    if name := request.GET.get("name", ""):
        thing = next((one for one in listed if one.name == name), None)
        if thing is None:
            raise not_found()
        found = use.used_by(kind, name)
        context = {
            "thing": thing,
            "kind": kind,
            "kind_words": KINDS[kind],
            "tabs": tabs,
            "items": found,
            "places": _places(found),
        }
        return show(request, "used", {"using": True, **context})
    asked = request.GET.get("find", "").strip()
    fits = [one for one in listed if _fits(one, asked)]
    lines = [Line(one, _url(kind, one.name)) for one in fits[:_MOST]]
    context = {
        "lines": lines,
        "kind": kind,
        "tabs": tabs,
        "find": asked,
        "count": len(fits),
        "total": len(listed),
        "most": _MOST,
    }
    return show(request, "used", {"using": True, **context})


def _fits(one: Named, asked: str) -> bool:
    text = f"{one.name}\n{one.title.zh}\n{one.title.en}".lower()
    return all(word in text for word in asked.lower().split())


def _url(kind: str, name: str) -> str:
    return "/studio/used?" + urlencode({"kind": kind, "name": name})


def _places(found: tuple[Used, ...]) -> int:
    return sum(len(one.uses) for one in found)
