"""What the package of units adds: its pages and tiles, and the chores that forget and that watch."""

from __future__ import annotations

from doorstep.domains.command.units import feed, pages, safety
from doorstep.kernel.plug import Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)

ROUTES = (
    Route("command/duty", pages.mine, "command.duty", "duty", "staff", _BOTH, _STAFF),
    Route("command/units", pages.roster, "command.units", "dispatch", "staff", _BOTH, _STAFF),
    Route("command/units/own", pages.roster, "command.units_own", "duty", "staff", _BOTH, _STAFF),
)
TILES = (
    Tile(Words("我的警力", "My unit"), Words("上班签到，报状态", "Sign on, say how you stand"), "/command/duty", "duty", "car"),
    Tile(Words("警力", "Duty units"), Words("谁在班，在哪，怎么样", "Who is on duty, where, how they stand"), "/command/units",
         "dispatch", "users"),
)  # fmt: skip
CHORES = ((feed.forget, 600.0), (safety.watch, 15.0))
