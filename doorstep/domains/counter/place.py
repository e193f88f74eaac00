"""Where a visit takes place: the windows of the viewer's unit, and what may be taken in there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.kernel.matter import CHANNELS
from doorstep.kernel.org import point_named, reach_at, town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words

_REMOTE = ("online", "kiosk", "agent", "post", "partner")


@dataclass(frozen=True, slots=True)
class Window:
    """A point of service with people in it, and how matters come in there (hall, station, room …)."""

    code: str
    name: Words
    address: Words
    phone: str
    channel: str


def points_of(viewer: Viewer) -> list[Window]:
    """The windows of the viewer's unit."""
    mine = [p for p in town().points.values() if p.unit_id == viewer.unit_id]
    windows = (Window(p.code, p.name, p.address, p.phone, _channel(p.kind, p.channels)) for p in mine)
    return [one for one in windows if one.channel]


def _channel(kind: str, channels: Sequence[str]) -> str:
    """That of its kind, if the point has it; else its first that needs people there."""
    found = [one for one in channels if one in CHANNELS and one not in _REMOTE]
    return kind if kind in found else next(iter(found), "")


def point_of(viewer: Viewer, chosen: str) -> Window | None:
    """The window that was chosen, else the first of the unit."""
    mine = points_of(viewer)
    return next((p for p in mine if p.code == chosen), mine[0] if mine else None)


def offered(viewer: Viewer, point: Window | None) -> list[Pack]:
    """The items that this clerk may take in at this point."""
    return [
        p
        for p in pack.listed(reach_at(point.code) if point else ())
        if point
        and point.channel in p.channels
        and point_named(point.code).serves(point.channel, p.code)
        and viewer.may("receive", p.branch)
    ]
