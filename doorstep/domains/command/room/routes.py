"""The duty room's routes, its tile, and the chore that makes the reports."""

from __future__ import annotations

from doorstep.domains.command.room import pages, report
from doorstep.kernel.plug import Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_STAFF = ("officer",)

ROUTES = (
    Route("command/room", pages.room, "command.room", "duty", "staff", ("GET", "POST"), _STAFF),
    Route(
        "command/room/report/<str:day>", pages.morning, "command.room_report", "duty", "staff", kinds=_STAFF
    ),
)
TILES = (
    Tile(
        Words("值班室", "Duty room"), Words("今天的事、人、交班", "Today's work, people, hand-over"), "/command/room",
        "duty", "layout-dashboard",
    ),
)  # fmt: skip
CHORES = ((report.make_due, 60.0),)
