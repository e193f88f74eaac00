"""Home: open to anybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel import lists
from doorstep.kernel.trust import Viewer
from doorstep.web.occasions import tips
from doorstep.web.places import counters, offered
from doorstep.web.portal.find import Wanted, told_occasions
from doorstep.web.portal.rows import mine_row

_NEAR = 4


def help_me(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Somebody to do it with: by telephone, a relative, at a counter, on paper."""
    return render(request, "web/portal/help.html", {"points": counters()[:2]})


def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Search, what there is, my open matters, counters open now."""
    packs = offered()
    places = counters()
    mine = lists.my_matters(viewer).rows if viewer.is_resident else ()
    waits = lists.waiting(viewer)
    context = {
        "tips": tips(),
        "mine": [mine_row(row, waits) for row in mine if not row.ended][:_NEAR],
        "signed_in": viewer.signed_in,
        "staff": viewer.signed_in and not viewer.is_resident,
        "best": places[0] if places else None,
        "points": places[1:_NEAR],
        "drawers": [one for one in told_occasions(packs, Wanted()) if one.count],
        "count": len(packs),
    }
    return render(request, "web/portal/home.html", context)
