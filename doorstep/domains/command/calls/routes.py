"""The addresses of calls."""

from __future__ import annotations

from collections.abc import Callable

from doorstep.domains.command.calls import pages, shift
from doorstep.domains.command.calls.pages import LIST
from doorstep.kernel.plug import Slot, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import PUBLIC, Route

_BOTH = ("GET", "POST")
_STAFF = ("officer",)

ROUTES: tuple[Route, ...] = (
    Route("command/calls", pages.open_list, "calls", "dispatch", "staff", kinds=_STAFF),
    Route("command/calls/new", pages.new, "calls.new", "dispatch", "staff", _BOTH, _STAFF),
    Route("command/calls/think", pages.think, "calls.think", "dispatch", "staff", ("POST",), _STAFF),
    Route("command/calls/shift", shift.page, "calls.shift", "dispatch", "staff", _BOTH, _STAFF),
    Route("command/calls/mine", pages.on_duty, "calls.mine", "duty", "staff", _BOTH, _STAFF),
    Route("command/calls/<uuid:matter_id>", pages.one, "calls.one", "dispatch", "staff", _BOTH, _STAFF),
    Route("command/sos", pages.sos, "sos", PUBLIC, methods=_BOTH),
)

TILES: tuple[Tile, ...] = (
    Tile(
        Words("警情", "Calls"), Words("接警、派警，看到哪一步", "Take calls, send, and see how they stand"), LIST, "dispatch",
        "phone-call",
    ),
    Tile(
        Words("派给我的警情", "Calls for me"), Words("去哪、什么事、要注意什么", "Where, what, and what to know"),
        f"{LIST}/mine", "duty", "bell",
    ),
)  # fmt: skip

SLOTS: tuple[Slot, ...] = (Slot("mine.top", "command/_sos_link.html", pages.sos_part),)

CHORES: tuple[tuple[Callable[[], int], float], ...] = ()
