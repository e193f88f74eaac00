"""Home, search, the list of services and of counters: open to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel import lists
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.finding import find
from doorstep.web.language import say
from doorstep.web.places import counters
from doorstep.web.portal.rows import mine_row

_NEAR = 4
_ICONS = {"confirmation": "id", "licence": "license", "benefit": "coins", "payment": "receipt"}


@dataclass(frozen=True, slots=True)
class Card:
    """A service on a list."""

    code: str
    title: Words
    line: Words


@dataclass(frozen=True, slots=True)
class Drawer:
    """A group of services and where it leads."""

    title: Words
    line: Words
    icon: str
    url: str
    code: str


def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Search, what there is, my open matters, counters open now."""
    packs = tuple(pack.listed())
    places = counters()
    mine = lists.my_matters(viewer).rows if viewer.is_resident else ()
    context = {
        "tips": [tip for tip in (_everyday_name(one) for one in packs[:3]) if tip],
        "mine": [mine_row(row) for row in mine if not row.ended][:_NEAR],
        "signed_in": viewer.signed_in,
        "staff": viewer.signed_in and not viewer.is_resident,
        "best": places[0] if places else None,
        "points": places[1:_NEAR],
        "drawers": _drawers(packs),
        "count": len(packs),
    }
    return render(request, "web/portal/home.html", context)


def search(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """All services, and those that fit what was asked."""
    asked = request.GET.get("q", "").strip()[:80]
    context = {"q": asked, "hits": _hits(asked), "items": [_card(one) for one in pack.listed()]}
    return render(request, "web/portal/find.html", context)


def hits(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Only what fits, put under the box while somebody types."""
    asked = request.GET.get("q", "").strip()[:80]
    return render(request, "web/portal/_hits.html", {"q": asked, "hits": _hits(asked)})


def points(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Every counter, the open ones first."""
    return render(request, "web/portal/points.html", {"points": counters()})


def _card(one: Pack) -> Card:
    return Card(one.code, one.title, one.summary)


def _hits(asked: str) -> list[Card]:
    return [_card(hit.pack) for hit in find(asked, pack.listed())]


def _everyday_name(one: Pack) -> Words | None:
    """How people say it when they do not know what it is called."""
    zh, en = one.aliases.get("zh", ()), one.aliases.get("en", ())
    return Words(zh[len(zh) // 2], en[len(en) // 2]) if zh and en else None


def _drawers(packs: tuple[Pack, ...]) -> list[Drawer]:
    """Services by their group; a group of one leads straight to its service."""

    def group(one: Pack) -> str:
        return str(one.raw["group"]["zh"])

    drawers = []
    for _, found in groupby(sorted(packs, key=group), key=group):
        members = list(found)
        first, title = members[0], Words.of(members[0].raw["group"])
        names = Words(
            "、".join(one.title.zh for one in members[:3]), ", ".join(one.title.en for one in members[:3])
        )
        url = f"/item/{first.code}" if len(members) == 1 else "/find?" + urlencode({"q": say(title)})
        drawers.append(
            Drawer(title, names, _ICONS.get(str(first.raw["kind"]), "clipboard-list"), url, first.code)
        )
    return drawers
