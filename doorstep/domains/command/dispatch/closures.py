"""Roads that are closed: by address and until when, opened again before that. Advice and times go round them at once."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final
from uuid import UUID

from doorstep.domains.command.dispatch.models import Closure
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Ring
from doorstep.geo.talk import Away
from doorstep.kernel.row import insert, rows, run
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

_HALF_M: Final = 40.0
_LONGEST_H: Final = 72
_FITS: Final = 0.5


def now() -> list[Closure]:
    """Those that hold at this moment, the newest first."""
    return rows(Closure, "where until > %s and ended_at is null order by since desc limit 50", clock.now())


def rings() -> list[Ring]:
    """The same as the router wants them."""
    return [tuple((float(lon), float(lat)) for lon, lat in one.ring) for one in now()]


def close(viewer: Viewer, *, where: str, hours: int, words: str) -> UUID:
    """Nobody is sent through here for so many hours. ``where``: an address, or longitude,latitude. Refused: "no-right", "closure"
    for a place that is not found or for no time or more than three days.
    """
    viewer.need("dispatch")
    if not 1 <= hours <= _LONGEST_H:
        raise _no(Words(f"写 1 到 {_LONGEST_H} 小时。", f"Say 1 to {_LONGEST_H} hours."))
    at, said = _place(where.strip()[:100])
    fresh, moment = uuid7(), clock.now()
    insert(Closure(id=fresh, words=(words.strip() or said)[:120], ring=[list(one) for one in _square(at)], since=moment,
                   until=moment + timedelta(hours=hours), set_by=viewer.account_id, ended_at=None))  # fmt: skip
    return fresh


def reopen(viewer: Viewer, which: UUID) -> None:
    """The road is open again; nothing happens to one that is. Refused: "no-right"."""
    viewer.need("dispatch")
    run("update closure set ended_at = %s where id = %s and ended_at is null", clock.now(), which)


def _place(where: str) -> tuple[Degrees, str]:
    lon, comma, lat = where.partition(",")
    try:
        found = (float(lon), float(lat)) if comma else None
    except ValueError:
        found = None
    if found and -180 <= found[0] <= 180 and -85 <= found[1] <= 85:
        return found, where
    try:
        hits = ground.beside().find(where, 1) if where else []
    except Away:
        raise _no(Words("地图进程不在，请写经纬度。", "The map is away: give longitude,latitude.")) from None
    if not hits or hits[0].fits < _FITS:
        raise _no(Words("没有找到这个地方。", "That place is not found."))
    return hits[0].at, hits[0].name


def _square(at: Degrees) -> Ring:
    north = _HALF_M / 110_570
    east = _HALF_M / (111_320 * math.cos(math.radians(at[1])))
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    return tuple((round(at[0] + x * east, 6), round(at[1] + y * north, 6)) for x, y in corners)


def _no(words: Words) -> Refused:
    return Refused("closure", words, faults=(("/where", words),))
