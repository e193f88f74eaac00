"""The addresses of dispatch."""

from __future__ import annotations

from doorstep.domains.command.dispatch import pages
from doorstep.kernel.plug import Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route

_STAFF = ("officer",)

ROUTES: tuple[Route, ...] = (
    Route("command/dispatch", pages.page, "command.dispatch", "dispatch", "staff", ("GET", "POST"), _STAFF),
    Route("command/dispatch/posts", pages.posts, "command.posts", "dispatch", "staff", kinds=_STAFF),
    Route("command/dispatch/cover", pages.cover, "command.cover", "dispatch", "staff", kinds=_STAFF),
)
TILES: tuple[Tile, ...] = (
    Tile(
        Words("派警", "Dispatch"), Words("谁去、几分钟、为什么", "Who goes, how soon, and why"), pages.PATH, "dispatch",
        "arrows-exchange",
    ),
)  # fmt: skip
