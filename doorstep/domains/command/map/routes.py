"""The address of the command map."""

from __future__ import annotations

from doorstep.domains.command.map import pages
from doorstep.kernel.plug import Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_OR = ("dispatch", "supervise")

ROUTES: tuple[Route, ...] = (
    Route("command/map", pages.page, "command.map", "duty", "staff", kinds=("officer",), or_by=_OR),
    Route(
        "command/map/layers",
        pages.layers,
        "command.map_layers",
        "duty",
        "staff",
        kinds=("officer",),
        or_by=_OR,
    ),
    Route("command/wall", pages.page, "command.wall", "dispatch", "staff", kinds=("officer",)),
)
TILES: tuple[Tile, ...] = (
    Tile(
        Words("指挥地图", "Command map"), Words("警情和警力此刻在哪", "Where calls and units are now"), pages.PATH, "duty",
        "map-pin",
    ),
)  # fmt: skip
