"""The addresses of playback: for who supervises, for the auditor, and the player for who asked."""

from __future__ import annotations

from doorstep.domains.command.playback import pages
from doorstep.kernel.plug import Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import SIGNED_IN, Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)
_ONE = "command/playback/<uuid:playback_id>"
_TITLE = Words("回放", "Playback")
_SAID = Words("看过去的一小时，要两个人", "A past hour of the map, by two persons")

ROUTES: tuple[Route, ...] = (
    Route(
        "command/playback", pages.page, "command.playback", "supervise", "staff", _BOTH, _STAFF, tier="public"
    ),
    Route(
        "command/playback/audit",
        pages.page,
        "command.playback_audit",
        "audit",
        "staff",
        _BOTH,
        _STAFF,
        tier="public",
    ),
    Route(_ONE, pages.player, "command.playback_one", SIGNED_IN, "staff", _BOTH, _STAFF),
    Route(f"{_ONE}/hour", pages.hour, "command.playback_hour", SIGNED_IN, "staff", kinds=_STAFF),
)
TILES: tuple[Tile, ...] = (
    Tile(_TITLE, _SAID, pages.PATH, "supervise", "history", "public"),
    Tile(_TITLE, _SAID, pages.AUDIT, "audit", "history", "public"),
)
