"""Patrol's routes, tiles and chores."""

from __future__ import annotations

from doorstep.domains.command.patrol import done, editor, pages, plan
from doorstep.kernel.plug import Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)

ROUTES: tuple[Route, ...] = (
    Route("command/patrol", pages.board, "patrol", "duty", "staff", _BOTH, _STAFF, tier="public"),
    Route("command/patrol/sheet", pages.sheet, "patrol.sheet", "duty", "staff", kinds=_STAFF, tier="public"),
    Route("command/patrol/net", editor.page, "patrol.net", "duty", "staff", _BOTH, _STAFF, tier="public"),
    Route("command/patrol/mine", pages.mine, "patrol.mine", "duty", "staff", _BOTH, _STAFF),
)
TILES: tuple[Tile, ...] = (
    Tile(Words("巡逻", "Patrol"), Words("这一班的路线、巡到了多少", "This shift's routes and what was covered"), pages.PATH, "duty",
         "route", "public"),
    Tile(Words("我的巡逻", "My patrol"), Words("下一站、怎么走、点完成", "Next stop, the way, tap when done"), f"{pages.PATH}/mine",
         "duty", "map-pin"),
)  # fmt: skip
CHORES = ((plan.tend, 1.0), (done.tend, 60.0))
