"""One point of service: whether it is open, where it is in words, and what can be done there."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel.org import point_named, reach_at
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.web.catalogue import CHANNELS
from doorstep.web.places import brought, online_here, place_named
from doorstep.web.portal.find import branches_of


def point(request: HttpRequest, viewer: Viewer, point_code: str) -> HttpResponse:
    """What it takes, its hours, its address without a map. Refused: "no-point"."""
    there = brought(pack.listed(reach_at(point_code)), point=point_code)
    online = request.GET.get("online") == "1"
    shown = tuple(one for one in there if online_here(one)) if online else there
    context = {
        "point": place_named(point_code), "branches": branches_of(shown), "count": len(shown), "all": len(there),
        "online": online, "open": len(shown) <= 40,
        "channels": [CHANNELS[one] for one in point_named(point_code).channels if one in CHANNELS and one != "online"],
    }  # fmt: skip
    return render(request, "web/portal/point.html", context)
