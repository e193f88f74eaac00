"""Road times from duty units to the places of calls, kept for half a minute so that one more call costs one more row.

The router is asked only for whom it may concern: up to `ALL` units everybody, else the `NEAREST` by the straight line; the
rest is estimated along it, and said so. Closures are other streets: with them other rows are kept. Rows that somebody asked
for within a minute are asked anew before they are old, by whoever calls `refresh` beside, so that nobody waits for that. A unit
that is further than it can have driven is asked for again at once.
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
FRESH_S, WANTED_S = 12.0, 60.0
"""A row is asked anew after so long, as long as somebody wanted it within a minute."""
JUMP = 0.009
"""Degrees, about a kilometre: nobody drives further within half a minute, so what was known of a unit that did is nothing."""
_FEW, _SHARE = 2, 20
"""Rows that one refreshing takes: some, or where there are many the twentieth part, so that all have their turn in time."""
_AFOOT: Final = {"foot": "pedestrian"}
_LINES: Final = {"auto": StraightLine(), "pedestrian": StraightLine(1.3, 5.0)}
_MOST_ROWS: Final = 2000
Road = tuple[float | None, bool]


@dataclass(slots=True)
class Row:
    """What is known of one place: road times by unit, where each was then, since when, and who wanted it when."""

    made: float
    by_unit: dict[str, Time] = field(default_factory=dict)
    stood: dict[str, Degrees] = field(default_factory=dict)
    off_road: bool = False
    wanted: float = 0.0
    crowd: Sequence[UnitAt] = ()

    def lacks(self, unit: str, here: Degrees) -> bool:
        """Is there no time of this unit, or one from far away?"""
        then = self.stood.get(unit)
        return then != here and (
            then is None or abs(then[0] - here[0]) > JUMP or abs(then[1] - here[1]) > JUMP
        )


Key = tuple[Degrees, tuple[Ring, ...]]


class Rows:
    """Rows by place and closures. ``tick`` counts seconds."""

    def __init__(self, router: Callable[[], Router], tick: Callable[[], float] = time.monotonic) -> None:
        self._router, self._tick = router, tick
        self._kept: dict[Key, Row] = {}
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
            for row in wanted:
                row.wanted, row.crowd = self._tick(), known
            self._fill([(_at(one), row) for one, row in zip(calls, wanted, strict=True)], known, rings)
            found = {
                one.id: {unit: (time.seconds, time.source == ROUTED) for unit, time in row.by_unit.items()}
                for one, row in zip(calls, wanted, strict=True)
            }
            off = [one.id for one, row in zip(calls, wanted, strict=True) if row.off_road]
            oldest = max((self._tick() - row.made for row in wanted), default=0.0)
            return found, off, oldest

    def refresh(self) -> int:
        """Ask anew for the oldest rows that are still wanted, one after the other, while others are answered with what is there.
        Returns for how many. A row that the router knows nothing of just now stays as it is, and grows old.
        """
        with self._lock:
            self._forget()
            now = self._tick()
            wanted = [(key, row) for key, row in self._kept.items() if now - row.wanted <= WANTED_S]
            old = sorted((one for one in wanted if now - one[1].made >= FRESH_S), key=lambda one: one[1].made)
        turn = old[: max(_FEW, len(wanted) // _SHARE)]
        for key, row in turn:
            self._anew(key, row)
        return len(turn)

    def _anew(self, key: Key, row: Row) -> None:
        where, closed = key
        fresh = Row(self._tick(), wanted=row.wanted, crowd=row.crowd)
        for mode, group, places in self._missing([(where, fresh)], row.crowd):
            self._ask(mode, group, places, closed)
        with self._lock:
            known = any(time.source == ROUTED for time in fresh.by_unit.values()) or fresh.off_road
            if self._kept.get(key) is row and (known or not row.by_unit):
                fresh.wanted, fresh.crowd = row.wanted, row.crowd
                self._kept[key] = fresh

    def _forget(self) -> None:
        now = self._tick()
        old = [key for key, row in self._kept.items() if now - row.made > LONGEST_S]
        for key in old if len(self._kept) < _MOST_ROWS else list(self._kept):
            del self._kept[key]

    def _fill(
        self, rows: Sequence[tuple[Degrees, Row]], units: Sequence[UnitAt], closed: tuple[Ring, ...]
    ) -> None:
        """Asks for what is not there yet, at once."""
        for done in [
            self._pool.submit(self._ask, mode, group, part, closed)
            for mode, group, places in self._missing(rows, units)
            for part in (places[::2], places[1::2])
            if part
        ]:
            done.result()

    def _missing(
        self, rows: Sequence[tuple[Degrees, Row]], units: Sequence[UnitAt]
    ) -> list[tuple[str, list[UnitAt], list[tuple[Degrees, Row]]]]:
        """What is to be asked: places that want the same units in one question. Until then times are those of the straight line."""
        asked: dict[tuple[str, tuple[int, ...]], list[tuple[Degrees, Row]]] = {}
        spots = [(one.id, _at(one)) for one in units]
        for where, row in rows:
            unknown = [k for k, spot in enumerate(spots) if row.lacks(*spot)]
            for mode in _LINES:
                missing = [k for k in unknown if _AFOOT.get(units[k].vehicle, "auto") == mode]
                for k in missing:
                    one = units[k]
                    row.by_unit[one.id], row.stood[one.id] = self._line(mode, one, where), spots[k][1]
                near = missing if len(units) <= ALL and mode == "auto" else self._near(where, units, missing)
                if near:
                    asked.setdefault((mode, tuple(near)), []).append((where, row))
        return [(mode, [units[k] for k in group], places) for (mode, group), places in asked.items()]

    @staticmethod
    def _near(where: Degrees, units: Sequence[UnitAt], which: Sequence[int]) -> list[int]:
        close = nearest(where, [_at(units[k]) for k in which], NEAREST)
        return sorted(which[k] for k in close)

    @staticmethod
    def _line(mode: str, unit: UnitAt, where: Degrees) -> Time:
        return _LINES[mode].matrix([_at(unit)], [where])[0][0]

    def _ask(
        self,
        mode: str,
        units: Sequence[UnitAt],
        places: Sequence[tuple[Degrees, Row]],
        closed: tuple[Ring, ...],
    ) -> None:
        """Puts what the router says into the rows. A place that nobody can drive to keeps its estimates, and is marked."""
        table = self._router().matrix(
            [_at(one) for one in units], [where for where, _ in places], closed, mode
        )
        for number, (where, row) in enumerate(places):
            told = {one.id: table[k][number] for k, one in enumerate(units)}
            if mode == "auto" and all(time.seconds is None for time in told.values()):
                row.off_road = self._router().locate(where) is None
            if not row.off_road:
                row.by_unit |= {unit: time for unit, time in told.items() if time.source == ROUTED}


def _at(one: CallAt | UnitAt) -> Degrees:
    return (round(one.lon or 0.0, 5), round(one.lat or 0.0, 5))
