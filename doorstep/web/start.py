"""Where the working day begins: the first way into a domain that the viewer's rights open."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.kernel.plug import Tile
from doorstep.kernel.trust import Viewer
from doorstep.web.routes import SIGNED_IN, Route


def start_page(tiles: Iterable[Tile]) -> Route:
    """The route of /start, given every domain's tiles: staff go to their work, residents to the portal."""
    known = tuple(tiles)

    def start(request: HttpRequest, viewer: Viewer) -> HttpResponse:
        if viewer.is_resident:
            return redirect("/")
        mine = [tile for tile in known if viewer.may(tile.right, tier=tile.tier)]
        return redirect(mine[0].path) if mine else render(request, "web/start.html")

    return Route("start", start, "start", SIGNED_IN, "staff")
