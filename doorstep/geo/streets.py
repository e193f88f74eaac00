"""The streets of a map as a graph for a chase: crossings, and what leads from one to the next, in seconds.

For who is nearest and how long a drive takes the router is asked, which knows turns and gates; this graph says which ways
there are at all, and where they can be cut. Lanes behind gates are left out: they end where they begin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray

from doorstep.geo.crs import Degrees, metres
from doorstep.solve.containment import Streets

_SPEED = {"motorway": 100.0, "trunk": 80.0, "primary": 60.0, "secondary": 50.0, "tertiary": 40.0, "unclassified": 40.0,
          "residential": 30.0}  # fmt: skip
_CLOSED_IN = {"motorway"}
_MAIN = {"motorway", "trunk", "primary", "secondary"}
_ON_M = 30.0
_AHEAD_KM = 3.0


@dataclass(frozen=True, slots=True)
class _Way:
    """A drivable way: its nodes, km/h, and what it is."""

    nodes: list[int]
    speed: float
    one_way: bool
    narrow: bool
    name: str
    kind: str


@dataclass(frozen=True)
class Net:
    """The graph with where its nodes lie (degrees) and what its links are called."""

    graph: Streets
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    names: tuple[str, ...]

    def place(self, node: int) -> Degrees:
        """Where a crossing lies."""
        return float(self.lon[node]), float(self.lat[node])

    def nearest(self, at: Degrees) -> int:
        """The nearer crossing of the street that a place lies on: not the nearest crossing, which may be across the river."""
        scale = np.array([np.cos(np.radians(at[1])), 1.0])
        here = np.column_stack([self.lon - at[0], self.lat - at[1]]) * scale
        tail, head = here[self.graph.tail], here[self.graph.head]
        along = head - tail
        length = np.maximum((along**2).sum(axis=1), 1e-18)
        share = np.clip(-(tail * along).sum(axis=1) / length, 0.0, 1.0)
        link = int((((tail + along * share[:, None]) ** 2).sum(axis=1)).argmin())
        return int(self.graph.head[link] if share[link] > 0.5 else self.graph.tail[link])

    def onward(self, at: Degrees, heading: float | None) -> list[int]:
        """Where somebody seen here can have gone on: the crossing itself, or with a ``heading`` (degrees from north, clockwise)
        the next crossings that lie ahead of them, within 75 degrees; all of them if none does.
        """
        here = self.nearest(at)
        if heading is None:
            return [here]
        after = [int(one) for one in self.graph.head[self.graph.tail == here]]
        ahead = [one for one in after if _off(self._bearing(here, one), heading) <= 75]
        return sorted(set(ahead)) or [here]

    def middle(self, link: int) -> Degrees:
        """A place on a link, near where it begins: there it is closed."""
        (a, b), (c, d) = self.place(int(self.graph.tail[link])), self.place(int(self.graph.head[link]))
        length = metres((a, b), (c, d))
        share = min(0.5, _ON_M / length) if length else 0.0
        return round(a + (c - a) * share, 6), round(b + (d - b) * share, 6)

    def called(self, link: int) -> tuple[str, str]:
        """The name of a link's street, and of one that it crosses where it is closed ("" where none has a name)."""
        own = self.names[link]
        at = int(self.graph.tail[link])
        touching = np.flatnonzero((self.graph.tail == at) | (self.graph.head == at))
        return own, next((self.names[k] for k in touching if self.names[k] and self.names[k] != own), "")

    def _bearing(self, a: int, b: int) -> float:
        (ax, ay), (bx, by) = self.place(a), self.place(b)
        return float(np.degrees(np.arctan2((bx - ax) * np.cos(np.radians(ay)), by - ay)))


def _off(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


def read(extract: Path) -> Net:
    """The graph of an OpenStreetMap extract (.osm.pbf). Links between the same crossings stay apart, as streets do; a main road
    that ends in nothing leaves the map there.
    """
    ways, places = _ways(extract)
    used = Counter(node for way in ways for node in way.nodes)
    ends = Counter(node for way in ways for node in (way.nodes[0], way.nodes[-1]))
    used += ends
    number: dict[int, int] = {}
    links = [link for way in ways for link in _links(way, used, places)]
    away = _away(ways, used, places)
    tail = [number.setdefault(link[0], len(number)) for link in links]
    head = [number.setdefault(link[1], len(number)) for link in links]
    return Net(
        Streets(
            len(number), np.array(tail, np.int64), np.array(head, np.int64), np.array([one[2] for one in links], np.float64),
            np.array([one[3].narrow for one in links], np.bool_),
            np.array([one[3].kind in _CLOSED_IN for one in links], np.bool_),
            np.array([one in away for one in number], np.bool_),
        ),
        np.array([places[one][0] for one in number]),
        np.array([places[one][1] for one in number]),
        tuple(one[3].name for one in links),
    )  # fmt: skip


def _away(ways: list[_Way], used: Counter[int], places: dict[int, Degrees]) -> set[int]:
    """Where a main road ends and nothing is ahead of it: there it leaves the map."""
    here = np.array([places[one] for one in used if used[one] > 1])
    found = set()
    for way in ways:
        for end, before in ((way.nodes[0], way.nodes[1]), (way.nodes[-1], way.nodes[-2])):
            if way.kind in _MAIN and used[end] == 2 and _nothing_ahead(here, places[before], places[end]):
                found.add(end)
    return found


def _nothing_ahead(here: NDArray[np.float64], before: Degrees, end: Degrees) -> bool:
    """No crossing within `_AHEAD_KM` and 45 degrees of where the road points."""
    scale = np.array([111.32 * np.cos(np.radians(end[1])), 110.57])
    road = (np.array(end) - np.array(before)) * scale
    far = (here - np.array(end)) * scale
    length = np.hypot(far[:, 0], far[:, 1])
    ahead = far @ road / max(float(np.hypot(*road)), 1e-9)
    return not bool(((length > 0.001) & (length < _AHEAD_KM) & (ahead > length * 0.7)).any())


def _ways(extract: Path) -> tuple[list[_Way], dict[int, Degrees]]:
    """Drivable ways, and where their nodes lie."""
    found: list[_Way] = []
    places: dict[int, Degrees] = {}
    wanted = osmium.filter.KeyFilter("highway")
    for thing in osmium.FileProcessor(str(extract)).with_locations().with_filter(wanted):
        kind = thing.tags.get("highway", "").removesuffix("_link") if thing.is_way() else ""
        nodes = [one for one in thing.nodes if one.location.valid()] if kind in _SPEED else []
        if len(nodes) < 2 or thing.tags.get("access") in ("no", "private"):
            continue
        places.update({one.ref: (one.location.lon, one.location.lat) for one in nodes})
        found.append(_way([one.ref for one in nodes], kind, thing.tags))
    return found, places


def _way(nodes: list[int], kind: str, tags: Any) -> _Way:
    said = tags.get("maxspeed", "")
    speed = float(said) if said.isdigit() and int(said) else _SPEED[kind]
    round_about = tags.get("junction") in ("roundabout", "circular")
    one_way = tags.get("oneway", "") in ("yes", "true", "1", "-1") or round_about or kind == "motorway"
    narrow = "bridge" in tags or "tunnel" in tags
    name = tags.get("bridge:name") or tags.get("name", "")
    return _Way(nodes[::-1] if tags.get("oneway") == "-1" else nodes, speed, one_way, narrow, name, kind)


def _links(
    way: _Way, used: Counter[int], places: dict[int, Degrees]
) -> Iterator[tuple[int, int, float, _Way]]:
    """A way cut at its crossings: tail, head, seconds, each way that it may be driven."""
    begin, length = way.nodes[0], 0.0
    for a, b in pairwise(way.nodes):
        length += metres(places[a], places[b])
        if used[b] < 2:
            continue
        seconds = length / way.speed * 3.6
        yield begin, b, seconds, way
        if not way.one_way:
            yield b, begin, seconds, way
        begin, length = b, 0.0
