"""For one call: who is advised, and who else could go with their road minutes; and sending, which keeps what was advised."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from doorstep.domains.command.calls import reading, send
from doorstep.domains.command.dispatch import board, closures
from doorstep.domains.command.units import duty
from doorstep.geo.crs import Degrees, metres
from doorstep.geo.router import ROUTED, StraightLine, Time
from doorstep.geo.talk import Away
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

_MOST: Final = 12
_MODES: Final = {"foot": "pedestrian"}
_LINES: Final = {"auto": StraightLine(), "pedestrian": StraightLine(1.3, 5.0)}
_SHOWN: Final = Words("照当时显示的建议", "As advised when it was shown")


@dataclass(frozen=True, slots=True)
class Other:
    """A duty unit that is not advised: ``busy`` with something else, ``routed``: by road and not by the straight line."""

    unit: duty.Standing
    busy: bool
    minutes: int | None
    routed: bool


@dataclass(frozen=True, slots=True)
class Picks:
    """``lines``: needs of the call and who is advised for each; ``others``: the nearest first, those who are free before those who
    are not; ``away``: no map answers, all is by the straight line."""

    lines: tuple[board.Line, ...]
    others: tuple[Other, ...]
    away: bool


def of(viewer: Viewer, call: reading.OpenCall) -> Picks:
    """The same advice as on the board, for one open call, and everybody else who could go."""
    read = board.read(viewer, call.id, moves=False)
    lines = tuple(one for advice in read.calls for one in advice.lines if not one.sent)
    named = {one.unit.id for one in lines if one.unit} | {int(one["id"]) for one in call.out}
    rest = [one for one in duty.standing() if one.id not in named and one.state not in ("off", "broken")]
    others, away = _others(call, rest, read.away)
    return Picks(lines, others, away)


def _others(
    call: reading.OpenCall, rest: Sequence[duty.Standing], away: bool
) -> tuple[tuple[Other, ...], bool]:
    if call.lon is None or call.lat is None:
        return tuple(Other(one, one.on_matter is not None, None, False) for one in rest[:_MOST]), False
    there = (call.lon, call.lat)
    placed = {one.id: at for one in rest if (at := _at(one))}
    by_line = sorted(
        rest, key=lambda one: (one.on_matter is not None, metres(placed[one.id], there) if one.id in placed else 1e9)
    )[:_MOST]  # fmt: skip
    times, away = _times([one for one in by_line if one.id in placed], placed, there, away)
    found = [_other(one, times.get(one.id)) for one in by_line]
    found.sort(key=lambda one: (one.busy, one.minutes is None, one.minutes or 0))
    return tuple(found), away


def _times(
    units: Sequence[duty.Standing], placed: dict[int, Degrees], there: Degrees, away: bool
) -> tuple[dict[int, Time], bool]:
    """One question of the map for those who drive and one for those who walk; by the straight line without it, and once it was
    ``away`` nobody waits for it again."""
    times: dict[int, Time] = {}
    rings = closures.rings()
    for mode, line in _LINES.items():
        who = [one for one in units if _MODES.get(one.kind, "auto") == mode]
        if not who:
            continue
        origins = [placed[one.id] for one in who]
        rows = line.matrix(origins, [there])
        try:
            rows = rows if away else ground.beside().matrix(origins, [there], rings, mode)
        except Away:
            away = True
        times |= {one.id: row[0] for one, row in zip(who, rows, strict=True)}
    return times, away


def _at(one: duty.Standing) -> Degrees | None:
    """Where it was last seen, else where it waits."""
    lon, lat = (one.lon, one.lat) if one.lon is not None else (one.home_lon, one.home_lat)
    return None if lon is None or lat is None else (lon, lat)


def _other(one: duty.Standing, time: Time | None) -> Other:
    seconds = time.seconds if time else None
    minutes = None if seconds is None else max(1, round(seconds / 60))
    return Other(one, one.on_matter is not None, minutes, bool(time and time.source == ROUTED))


def choose(
    viewer: Viewer, matter: UUID, units: Sequence[int], *, shown: Collection[str], why: str, request_id: str
) -> None:
    """Send as advised, or otherwise with a reason; what was advised at this moment is kept with the sending. ``shown``: ids
    that the page named as advised. Refused: "not-found", "reason" (409), and as `send.send`.
    """
    read = board.read(viewer, matter, moves=False)
    if not read.calls:
        raise not_found()
    reason = read.calls[0].reason()
    for one in set(shown) - set(reason):  # calls of equal weight may have changed places since
        reason[one] = {"codes": ["as-shown"], "said": [[_SHOWN.zh, _SHOWN.en]]}
    other = [one for one in units if str(one) not in reason]
    if other and not read.away and not why.strip():
        words = Words(
            "建议刚刚变了，或者选的不是建议的警力：写一句为什么，或者重新看建议。",
            "The advice has just changed, or you chose otherwise: say why, or look at the advice again.",
        )
        raise Refused("reason", words, status=409, faults=(("/why", words),))
    send.send(
        viewer, matter, units=units, request_id=request_id, reason=reason, overridden_why=why.strip() if other else ""
    )  # fmt: skip
