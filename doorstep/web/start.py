"""Where the working day begins: the first way into a domain that the viewer's rights open."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.kernel.plug import Tile
from doorstep.kernel.trust import Viewer
from doorstep.web.routes import APART, SIGNED_IN, Route


def start_pages(tiles: Iterable[Tile]) -> tuple[Route, Route]:
    """The routes of /start and /start/all, given every domain's tiles: staff go to their work, residents to the portal."""
    known = tuple(tiles)

    def of(viewer: Viewer) -> list[Tile]:
        mine = [tile for tile in known if tile.right == "bring"] if viewer.kind in APART else known
        return [tile for tile in mine if viewer.may(tile.right, tier=tile.tier)]

    def start(request: HttpRequest, viewer: Viewer) -> HttpResponse:
        if viewer.is_resident:
            return redirect("/")
        mine = of(viewer)
        return redirect(mine[0].path) if mine else render(request, "web/start.html")

    def everything(request: HttpRequest, viewer: Viewer) -> HttpResponse:
        """All that the viewer's rights open, by a line each: desks that are not used every day are found here."""
        return (
            redirect("/") if viewer.is_resident else render(request, "web/start.html", {"tiles": of(viewer)})
        )

    staff = ("resident", "officer", *APART)
    return Route("start", start, "start", SIGNED_IN, "staff", kinds=staff), Route(
        "start/all", everything, "start.all", SIGNED_IN, "staff", kinds=staff
    )
