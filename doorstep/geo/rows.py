"""Road times from duty units to the places of calls, kept for half a minute so that one more call costs one more row.

The router is asked only for whom it may concern: up to `ALL` units everybody, else the `NEAREST` by the straight line; the
rest is estimated along it, and said so. Closures are other streets: with them other rows are kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from doorstep.geo.advice import CallAt, UnitAt, place
from doorstep.geo.crs import Degrees
from doorstep.geo.router import ROUTED, Ring, Router, StraightLine, Time, nearest
from doorstep.geo.valhalla import THREADS

NEAREST, ALL, LONGEST_S = 20, 100, 30.0
_AFOOT: Final = {"foot": "pedestrian"}
_LINES: Final = {"auto": StraightLine(), "pedestrian": StraightLine(1.3, 5.0)}
_MOST_ROWS: Final = 2000
Road = tuple[float | None, bool]


@dataclass(slots=True)
class Row:
    """What is known of one place: road times by unit, and since when."""

    made: float
    by_unit: dict[str, Time] = field(default_factory=dict)
    off_road: bool = False


class Rows:
    """Rows by place and closures. ``tick`` counts seconds."""

    def __init__(self, router: Callable[[], Router], tick: Callable[[], float] = time.monotonic) -> None:
        self._router, self._tick = router, tick
        self._kept: dict[tuple[Degrees, tuple[Ring, ...]], Row] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, "rows")

    def times(
        self, calls: Sequence[CallAt], units: Sequence[UnitAt], closed: Sequence[Ring] = ()
    ) -> tuple[dict[str, dict[str, Road]], list[str], float]:
        """Seconds by call and unit (and whether routed), the calls that no street leads to, and the age of the oldest row."""
        with self._lock:
            self._forget()
            rings = tuple(closed)
            wanted = [self._kept.setdefault((_at(one), rings), Row(self._tick())) for one in calls]
            known = [one for one in units if place(one)]
            self._fill(list(zip(calls, wanted, strict=True)), known, rings)
            found = {
                one.id: {unit: (time.seconds, time.source == ROUTED) for unit, time in row.by_unit.items()}
                for one, row in zip(calls, wanted, strict=True)
            }
            off = [one.id for one, row in zip(calls, wanted, strict=True) if row.off_road]
            oldest = max((self._tick() - row.made for row in wanted), default=0.0)
            return found, off, oldest

    def _forget(self) -> None:
        now = self._tick()
        old = [key for key, row in self._kept.items() if now - row.made > LONGEST_S]
        for key in old if len(self._kept) < _MOST_ROWS else list(self._kept):
            del self._kept[key]

    def _fill(
        self, rows: Sequence[tuple[CallAt, Row]], units: Sequence[UnitAt], closed: tuple[Ring, ...]
    ) -> None:
        """Asks for what is not there yet: places that want the same units in one question."""
        asked: dict[tuple[str, tuple[int, ...]], list[tuple[CallAt, Row]]] = {}
        for call, row in rows:
            for mode in _LINES:
                missing = [
                    k
                    for k, one in enumerate(units)
                    if _AFOOT.get(one.vehicle, "auto") == mode and one.id not in row.by_unit
                ]
                for k in missing:
                    row.by_unit[units[k].id] = self._line(mode, units[k], call)
                near = missing if len(units) <= ALL and mode == "auto" else self._near(call, units, missing)
                if near:
                    asked.setdefault((mode, tuple(near)), []).append((call, row))
        for done in [
            self._pool.submit(self._ask, mode, [units[k] for k in group], part, closed)
            for (mode, group), places in asked.items()
            for part in (places[::2], places[1::2])
            if part
        ]:
            done.result()

    @staticmethod
    def _near(call: CallAt, units: Sequence[UnitAt], which: Sequence[int]) -> list[int]:
        close = nearest((call.lon, call.lat), [_at(units[k]) for k in which], NEAREST)
        return sorted(which[k] for k in close)

    @staticmethod
    def _line(mode: str, unit: UnitAt, call: CallAt) -> Time:
        return _LINES[mode].matrix([_at(unit)], [_at(call)])[0][0]

    def _ask(
        self,
        mode: str,
        units: Sequence[UnitAt],
        places: Sequence[tuple[CallAt, Row]],
        closed: tuple[Ring, ...],
    ) -> None:
        """Puts what the router says into the rows. A place that nobody can drive to keeps its estimates, and is marked."""
        table = self._router().matrix(
            [_at(one) for one in units], [_at(call) for call, _ in places], closed, mode
        )
        for number, (call, row) in enumerate(places):
            told = {one.id: table[k][number] for k, one in enumerate(units)}
            if mode == "auto" and all(time.seconds is None for time in told.values()):
                row.off_road = self._router().locate(_at(call)) is None
            if not row.off_road:
                row.by_unit |= {unit: time for unit, time in told.items() if time.source == ROUTED}


def _at(one: CallAt | UnitAt) -> Degrees:
    return (round(one.lon or 0.0, 5), round(one.lat or 0.0, 5))
