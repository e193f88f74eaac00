"""How long it takes, which way, and how far one gets: the port to whoever knows the streets.

`Valhalla` asks a Valhalla service on this machine over HTTP; `StraightLine` guesses, for when the service is down or the
streets of a region are not laid. Every answer says which of the two it is (``source``): a time that nobody routed is shown
as estimated, never as measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from doorstep.geo.crs import Degrees, metres
from doorstep.geo.talk import Away, Talk

T = TypeVar("T")
ROUTED, ESTIMATED = "routed", "estimated"
Ring = tuple[Degrees, ...]
DETOUR, KM_PER_H = 1.4, 30.0
"""What the straight line is stretched by, and how fast one goes on it, when nobody knows the streets."""


class Unreachable(Exception):
    """No way leads there; the straight line is no answer either (a place in the sea, a closed bank)."""


@dataclass(frozen=True)
class Leg:
    """One stretch of a way, as a driver is told of it: ``kind`` is a word of `KINDS`."""

    kind: str
    street: str
    metres: float
    seconds: float
    begin: int
    """Index into the way's line where this stretch begins."""


@dataclass(frozen=True)
class Way:
    """A way from here to there."""

    seconds: float
    metres: float
    line: tuple[Degrees, ...]
    legs: tuple[Leg, ...]
    source: str


@dataclass(frozen=True)
class Time:
    """How long from one place to another; None where no way leads."""

    seconds: float | None
    source: str


@dataclass(frozen=True)
class Reach:
    """What lies within ``seconds``: rings of degrees, the first of each the outer one."""

    seconds: float
    rings: tuple[Ring, ...]
    source: str


@dataclass(frozen=True)
class Fix:
    """Where somebody was, degrees, and when, seconds of any clock."""

    lon: float
    lat: float
    at: float
    accuracy_m: float = 10.0


@dataclass(frozen=True)
class Driven:
    """A piece of street that a track was matched to: the number of its way in the extract and how much of it, 0 to 1."""

    way: int
    begin: float
    end: float
    forward: bool
    first_fix: int
    last_fix: int


class Router(Protocol):
    """Whoever answers these five questions can carry the map."""

    def route(self, stops: Sequence[Degrees], closed: Sequence[Ring] = (), mode: str = "auto") -> Way:
        """The quickest way through all stops, not through ``closed``. Raises Unreachable, Away."""

    def matrix(
        self,
        origins: Sequence[Degrees],
        targets: Sequence[Degrees],
        closed: Sequence[Ring] = (),
        mode: str = "auto",
    ) -> list[list[Time]]:
        """A row an origin, a time a target. Raises Away."""

    def isochrone(self, origin: Degrees, seconds: Sequence[float], mode: str = "auto") -> list[Reach]:
        """How far one gets within each of these times. Raises Away."""

    def match(self, fixes: Sequence[Fix]) -> list[Driven]:
        """Which streets a track ran on. Raises Away."""

    def locate(self, place: Degrees, mode: str = "auto") -> Degrees | None:
        """The nearest place on a street, or None if there is none within some hundred metres. Raises Away."""


class StraightLine:
    """Guesses along the straight line: detour and speed as given."""

    def __init__(self, detour: float = DETOUR, km_per_h: float = KM_PER_H) -> None:
        if detour < 1 or km_per_h <= 0:
            raise ValueError("a detour is at least 1, a speed above 0 km/h")
        self._s_per_m = detour * 3.6 / km_per_h
        self._detour = detour

    def route(self, stops: Sequence[Degrees], closed: Sequence[Ring] = (), mode: str = "auto") -> Way:
        far = sum(metres(a, b) for a, b in pairwise(stops))
        return Way(far * self._s_per_m, far * self._detour, tuple(stops), (), ESTIMATED)

    def matrix(
        self,
        origins: Sequence[Degrees],
        targets: Sequence[Degrees],
        closed: Sequence[Ring] = (),
        mode: str = "auto",
    ) -> list[list[Time]]:
        return [[Time(metres(a, b) * self._s_per_m, ESTIMATED) for b in targets] for a in origins]

    def isochrone(self, origin: Degrees, seconds: Sequence[float], mode: str = "auto") -> list[Reach]:
        return [Reach(s, (_circle(origin, s / self._s_per_m),), ESTIMATED) for s in seconds]

    def match(self, fixes: Sequence[Fix]) -> list[Driven]:
        return []

    def locate(self, place: Degrees, mode: str = "auto") -> Degrees | None:
        return place


def _circle(middle: Degrees, radius_m: float, corners: int = 48) -> Ring:
    east = 111_320 * math.cos(math.radians(middle[1]))
    turns = [2 * math.pi * k / corners for k in range(corners + 1)]
    return tuple(
        (middle[0] + radius_m * math.cos(t) / east, middle[1] + radius_m * math.sin(t) / 110_570)
        for t in turns
    )


class Valhalla:
    """A Valhalla 3 service at ``host``:``port``."""

    def __init__(self, host: str, port: int, timeout_s: float = 5.0) -> None:
        self._talk = Talk(host, port, timeout_s)

    def route(self, stops: Sequence[Degrees], closed: Sequence[Ring] = (), mode: str = "auto") -> Way:
        told = self._ask("/route", {"locations": _places(stops), "costing": mode, **_closed(closed),
                                    "directions_options": {"units": "kilometers"}})  # fmt: skip
        legs, line = [], list[Degrees]()
        for leg in told["trip"]["legs"]:
            shift = max(0, len(line) - 1)
            points = _decoded(leg["shape"])
            line += points[1:] if line else points
            legs += [
                Leg(KINDS.get(one["type"], "on"), ", ".join(one.get("street_names", [])[:1]), one["length"] * 1000,
                    one["time"], one["begin_shape_index"] + shift)
                for one in leg["maneuvers"]
            ]  # fmt: skip
        whole = told["trip"]["summary"]
        return Way(whole["time"], whole["length"] * 1000, tuple(line), tuple(legs), ROUTED)

    def matrix(
        self,
        origins: Sequence[Degrees],
        targets: Sequence[Degrees],
        closed: Sequence[Ring] = (),
        mode: str = "auto",
    ) -> list[list[Time]]:
        if not origins or not targets:
            return [[] for _ in origins]
        asked = {"sources": _places(origins), "targets": _places(targets), "costing": mode, **_closed(closed)}
        try:
            rows = self._ask("/sources_to_targets", asked)["sources_to_targets"]
        except Unreachable:
            return self._those_on_streets(origins, targets, closed, mode)
        return [
            [
                self._time(origin, target, cell["time"], closed, mode)
                for target, cell in zip(targets, row, strict=True)
            ]
            for origin, row in zip(origins, rows, strict=True)
        ]

    def _those_on_streets(
        self, origins: Sequence[Degrees], targets: Sequence[Degrees], closed: Sequence[Ring], mode: str
    ) -> list[list[Time]]:
        """One place without a street near it (in the sea) must not cost the others their answer: no way leads there."""
        both = [*origins, *targets]
        found = self._ask("/locate", {"locations": _places(both), "costing": mode, "verbose": False})
        fine = [bool(one.get("edges")) for one in found]
        rows = [k for k in range(len(origins)) if fine[k]]
        columns = [k for k in range(len(targets)) if fine[len(origins) + k]]
        nowhere = [[Time(None, ROUTED) for _ in targets] for _ in origins]
        if all(fine) or not rows or not columns:
            return nowhere
        told = self.matrix([origins[k] for k in rows], [targets[k] for k in columns], closed, mode)
        for k, line in zip(rows, told, strict=True):
            for column, time in zip(columns, line, strict=True):
                nowhere[k][column] = time
        return nowhere

    def _time(self, a: Degrees, b: Degrees, seconds: float | None, closed: Sequence[Ring], mode: str) -> Time:
        """The matrix misses some pairs that a route finds (a scrap of street at one end): those are asked again."""
        if seconds is not None:
            return Time(seconds, ROUTED)
        try:
            return Time(self.route((a, b), closed, mode).seconds, ROUTED)
        except Unreachable:
            return Time(None, ROUTED)

    def isochrone(self, origin: Degrees, seconds: Sequence[float], mode: str = "auto") -> list[Reach]:
        asked = {"locations": _places((origin,)), "costing": mode, "polygons": True, "denoise": 0.2,
                 "contours": [{"time": s / 60} for s in seconds]}  # fmt: skip
        try:
            found = self._ask("/isochrone", asked)["features"]
        except Unreachable:
            return [Reach(s, (), ROUTED) for s in seconds]
        rings = {round(one["properties"]["contour"] * 60): one["geometry"] for one in found}
        return [Reach(s, _rings(rings.get(round(s))), ROUTED) for s in seconds]

    def match(self, fixes: Sequence[Fix]) -> list[Driven]:
        if len(fixes) < 2:
            return []
        shape = [{"lon": f.lon, "lat": f.lat, "time": f.at, "accuracy": f.accuracy_m} for f in fixes]
        keep = ["edge.way_id", "edge.begin_shape_index", "edge.source_percent_along", "edge.target_percent_along",
                "edge.forward", "matched.edge_index", "matched.type"]  # fmt: skip
        asked = {"shape": shape, "costing": "auto", "shape_match": "map_snap", "use_timestamps": True,
                 "filters": {"attributes": keep, "action": "include"}}  # fmt: skip
        try:
            told = self._ask("/trace_attributes", asked)
        except Unreachable:
            return []
        where: dict[int, list[int]] = {}
        for number, one in enumerate(told.get("matched_points", [])):
            if one.get("type") == "matched" and "edge_index" in one:
                where.setdefault(one["edge_index"], []).append(number)
        return [
            Driven(edge["way_id"], edge.get("source_percent_along", 0.0), edge.get("target_percent_along", 1.0),
                   edge.get("forward", True), min(where.get(k, [-1])), max(where.get(k, [-1])))
            for k, edge in enumerate(told.get("edges", []))
        ]  # fmt: skip

    def locate(self, place: Degrees, mode: str = "auto") -> Degrees | None:
        found = self._ask("/locate", {"locations": _places((place,)), "costing": mode, "verbose": False})
        edges = found[0].get("edges") or []
        return (edges[0]["correlated_lon"], edges[0]["correlated_lat"]) if edges else None

    def ready(self) -> bool:
        """Does the service answer?"""
        try:
            self._ask("/status", {})
        except (Away, Unreachable):
            return False
        return True

    def _ask(self, path: str, asked: dict[str, Any]) -> Any:
        status, raw = self._talk.ask(path, asked)
        if status >= 500:
            raise Away(f"{status}")
        if status >= 400:
            raise Unreachable(raw[:200].decode(errors="replace"))
        return json.loads(raw)


@dataclass(frozen=True)
class Fallback:
    """Asks ``first``; answers by ``second`` as long as that does not answer at all."""

    first: Router
    second: Router = field(default_factory=StraightLine)

    def route(self, stops: Sequence[Degrees], closed: Sequence[Ring] = (), mode: str = "auto") -> Way:
        return self._either(lambda router: router.route(stops, closed, mode))

    def matrix(
        self,
        origins: Sequence[Degrees],
        targets: Sequence[Degrees],
        closed: Sequence[Ring] = (),
        mode: str = "auto",
    ) -> list[list[Time]]:
        return self._either(lambda router: router.matrix(origins, targets, closed, mode))

    def isochrone(self, origin: Degrees, seconds: Sequence[float], mode: str = "auto") -> list[Reach]:
        return self._either(lambda router: router.isochrone(origin, seconds, mode))

    def match(self, fixes: Sequence[Fix]) -> list[Driven]:
        return self._either(lambda router: router.match(fixes))

    def locate(self, place: Degrees, mode: str = "auto") -> Degrees | None:
        return self._either(lambda router: router.locate(place, mode))

    def _either(self, ask: Callable[[Router], T]) -> T:
        try:
            return ask(self.first)
        except Away:
            return ask(self.second)


def nearest(place: Degrees, others: Sequence[Degrees], most: int = 20) -> list[int]:
    """Indices of the ``most`` places nearest by the straight line, nearest first: whom to ask the router about.

    Of a hundred units the one nearest by road was always among the fifteen nearest by line (measured on two towns, one of
    them cut by a river); twenty are taken.
    """
    ranked = sorted(range(len(others)), key=lambda k: metres(place, others[k]))
    return ranked[:most]


def _places(places: Iterable[Degrees]) -> list[dict[str, float]]:
    return [{"lon": lon, "lat": lat} for lon, lat in places]


def _closed(rings: Sequence[Ring]) -> dict[str, Any]:
    return {"exclude_polygons": [[list(corner) for corner in ring] for ring in rings]} if rings else {}


def _rings(geometry: Any) -> tuple[Ring, ...]:
    if not geometry:
        return ()
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return tuple(tuple((lon, lat) for lon, lat in polygon[0]) for polygon in polygons)


def _decoded(text: str) -> list[Degrees]:
    """An encoded line of Valhalla: differences of millionths of a degree, five bits a letter."""
    numbers, value, shift = [], 0, 0
    for letter in text:
        bits = ord(letter) - 63
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    lat = lon = 0
    found = []
    for north, east in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + north, lon + east
        found.append((lon / 1e6, lat / 1e6))
    return found


KINDS = {
    1: "start", 2: "start", 3: "start", 4: "arrive", 5: "arrive", 6: "arrive", 7: "becomes", 8: "on", 9: "right_slight",
    10: "right", 11: "right_sharp", 12: "turn_back", 13: "turn_back", 14: "left_sharp", 15: "left", 16: "left_slight",
    17: "ramp", 18: "ramp_right", 19: "ramp_left", 20: "exit_right", 21: "exit_left", 22: "on", 23: "keep_right",
    24: "keep_left", 25: "merge", 26: "roundabout", 27: "roundabout_out", 28: "ferry", 29: "ferry_out", 37: "merge", 38: "merge",
}  # fmt: skip
"""Valhalla's numbers of manoeuvres (its API, "maneuvers") as the words that `geo.spoken` has sentences for."""
