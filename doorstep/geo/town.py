"""A town that does not exist, drawn as OpenStreetMap data: rings, superblocks behind gates, a river with few bridges, a
railway, a county town and villages in the hills. A pure function of its plan; the names come with the plan.

What makes such towns hard for those who send cars is in it on purpose: the nearest car by the map is often on the wrong
bank, streets end at walls, old lanes run one way, and villages hang on one road.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from doorstep.rulebook.words import Words

Tags = dict[str, str]
Place = tuple[float, float]
"""Kilometres east and north of the middle of the town."""
SUB = 6
"""Lots a superblock is divided into, each way."""
RIVER_HALF_KM = 0.09


@dataclass(frozen=True)
class Plan:
    """What a generated town is made from. Raises ValueError where it could not be drawn."""

    lon: float
    lat: float
    east_km: float
    north_km: float
    seed: int
    river: str
    railway: str
    park: str
    streets: tuple[str, ...]
    """Names for the long streets, used up in order; a street for which none is left has no name."""
    compounds: tuple[str, ...]
    """Names for the walled estates; they repeat, as they do."""
    named: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Streets that must be there, each with a longitude and latitude beside it."""
    villages: tuple[tuple[str, float, float], ...] = ()
    """Name, longitude, latitude; each hangs on the road from the one before it that is nearest."""
    county: tuple[str, float, float] | None = None
    """A county town: name, longitude, latitude."""
    roads_out: tuple[tuple[str, str], ...] = ()
    """Roads that lead away and end where the map does: name, and to which side (north, east, south, west)."""
    english: Mapping[str, str] = field(default_factory=dict)
    """Names in English, where the plan says them."""

    def words(self, name: str) -> Words:
        """A name of the plan in both languages."""
        return Words(name, self.english.get(name, name))

    def __post_init__(self) -> None:
        if not 2 <= self.east_km <= 20 or not 2 <= self.north_km <= 20:
            raise ValueError("a generated town reaches 2 to 20 km to each side")
        if not self.streets or not self.compounds:
            raise ValueError("a generated town needs names for its streets and its estates")


@dataclass
class Sheet:
    """Nodes and ways as they are drawn, with numbers that do not change from run to run."""

    plan: Plan
    nodes: dict[int, tuple[float, float, Tags]] = field(default_factory=dict)
    ways: list[tuple[int, list[int], Tags]] = field(default_factory=list)

    def node(self, at: Place, **tags: str) -> int:
        """Draw a node; its number."""
        number = len(self.nodes) + 1
        self.nodes[number] = (*self.degrees(at), tags)
        return number

    def way(self, nodes: Sequence[int], tags: Tags) -> None:
        """Draw a way; one of fewer than two nodes is none."""
        if len(nodes) > 1:
            self.ways.append((len(self.ways) + 1, list(nodes), tags))

    def degrees(self, at: Place) -> tuple[float, float]:
        """Longitude and latitude: turned a little and bent, since no town is a chessboard."""
        x, y = at
        x += 0.12 * math.sin(y / 1.7) + 0.05 * math.sin(x * 1.3 + y)
        y += 0.10 * math.sin(x / 2.1) + 0.04 * math.cos(y * 1.1 - x)
        turn = math.radians(5)
        east, north = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        return (
            round(self.plan.lon + east / _km_a_degree(self.plan.lat), 7),
            round(self.plan.lat + north / 110.57, 7),
        )

    def near(self, lon: float, lat: float) -> Place:
        """The place of a longitude and latitude, as if nothing were bent (to some 150 m)."""
        east, north = (lon - self.plan.lon) * _km_a_degree(self.plan.lat), (lat - self.plan.lat) * 110.57
        turn = math.radians(-5)
        return east * math.cos(turn) - north * math.sin(turn), east * math.sin(turn) + north * math.cos(turn)


def draw(plan: Plan) -> Town:
    """The town of this plan; what is drawn is its ``sheet``. The same plan gives the same nodes and ways, number by number."""
    sheet = Sheet(plan)
    town = Town(sheet, random.Random(plan.seed))  # noqa: S311 - a drawing, no secret
    town.arterials()
    town.blocks()
    town.water()
    _country(town)
    _roads_out(town)
    return town


def _km_a_degree(lat: float) -> float:
    return 111.320 * math.cos(math.radians(lat))


class Town:
    """The lattice of long streets and what lies between them."""

    def __init__(self, sheet: Sheet, chance: random.Random) -> None:
        self.sheet, self.chance = sheet, chance
        self.xs, self.ys = self._lines(sheet.plan.east_km), self._lines(sheet.plan.north_km)
        self.across, self.up = len(self.xs) - 1, len(self.ys) - 1
        self.crossing: dict[tuple[int, int], int] = {}
        self.lanes: Counter[str] = Counter()
        self.names_up, self.names_across = self._names()
        middle = self.across // 2
        self.bridges = {
            k for k in range(self.across + 1) if (k - middle) % 3 == 0 or self._ring(k, self.across) == 2
        }
        self.rail = self.xs[middle + 2] + 0.43
        self.lots = {(i, j): self._lot(i, j) for i in range(self.across) for j in range(self.up)}

    def _lines(self, half: float) -> list[float]:
        found = [-half]
        while found[-1] < half:
            found.append(found[-1] + self.chance.uniform(0.7, 1.1))
        return found

    @staticmethod
    def _ring(k: int, n: int) -> int:
        return min(k, n - k)

    def _names(self) -> tuple[list[str], list[str]]:
        """Each long street its name: those that must be there where they must be, the others in order."""
        up: list[str] = [""] * (self.across + 1)
        over: list[str] = [""] * (self.up + 1)
        for name, (lon, lat) in self.sheet.plan.named.items():
            x, y = self.sheet.near(lon, lat)
            self._claim(name, x, y, up, over)
        left = iter([name for name in self.sheet.plan.streets if name not in {*up, *over}])
        for names in (up, over):
            for k, name in enumerate(names):
                names[k] = name or next(left, "")
        return up, over

    def _claim(self, name: str, x: float, y: float, up: list[str], over: list[str]) -> None:
        free = [(abs(at - x), up, k) for k, at in enumerate(self.xs) if not up[k]]
        free += [(abs(at - y), over, k) for k, at in enumerate(self.ys) if not over[k]]
        off, names, k = min(free, key=lambda one: one[0], default=(9.0, up, 0))
        if off < 0.6 and self._inside(x, y):
            names[k] = name

    def _inside(self, x: float, y: float) -> bool:
        return self.xs[0] <= x <= self.xs[-1] and self.ys[0] <= y <= self.ys[-1]

    def _lot(self, i: int, j: int) -> tuple[list[int], list[int], bool]:
        """The minor streets of a superblock, by their place in it: northward, eastward, and whether it is an old one."""
        old = abs(self.xs[i]) < 1.6 and 0 < self.ys[j] < 2.4
        many = 4 if old else self.chance.choice((1, 2, 2, 3))
        fewer = max(1, many - self.chance.choice((0, 1)))
        return (
            sorted(self.chance.sample(range(1, SUB), many)),
            sorted(self.chance.sample(range(1, SUB), fewer)),
            old,
        )

    def river(self, x: float) -> float:
        """Where the middle of the river runs."""
        return -1.3 + 0.9 * math.sin(x / 2.6)

    def wet(self, at: Place, by: float = RIVER_HALF_KM) -> bool:
        """In the river, or nearer to its middle than that."""
        return abs(at[1] - self.river(at[0])) < by

    def at(self, i: int, j: int) -> Place:
        """The place of a crossing of the fine lattice."""
        return _between(self.xs, i), _between(self.ys, j)

    def node(self, i: int, j: int) -> int:
        """The one node of a crossing of the fine lattice."""
        if (i, j) not in self.crossing:
            self.crossing[i, j] = self.sheet.node(self.at(i, j))
        return self.crossing[i, j]

    def kind(self, k: int, n: int) -> tuple[str, int, int]:
        """Class, speed (km/h) and lanes of the long street number ``k`` of ``n``."""
        if self._ring(k, n) == 2:
            return "trunk", 80, 6  # the outer ring
        if self._ring(k, n) == n // 2 - 2 or (k % 3 == 0 and self._ring(k, n)):
            return "primary", 60, 6
        return "secondary", 50 if self._ring(k, n) else 60, 4

    def arterials(self) -> None:
        """The long streets, with their bridges, underpasses and signals."""
        for k in range(self.across + 1):
            self._arterial(True, k)
        for k in range(self.up + 1):
            self._arterial(False, k)
        for i in range(self.across + 1):
            for j in range(self.up + 1):
                fast = "trunk" in (self.kind(i, self.across)[0], self.kind(j, self.up)[0])
                found = self.crossing.get((i * SUB, j * SUB))
                if found and not fast and self.chance.random() < 0.8:
                    self.sheet.nodes[found][2]["highway"] = "traffic_signals"

    def _arterial(self, upward: bool, k: int) -> None:
        stretch, n = (self.up, self.across) if upward else (self.across, self.up)
        kind, speed, lanes = self.kind(k, n)
        name = (self.names_up if upward else self.names_across)[k]
        plain = {"highway": kind, "maxspeed": str(speed), "lanes": str(lanes), "surface": "asphalt"}
        plain |= {"name": name} if name else {}
        stops = self._stops(upward, k, stretch)
        for a, b in pairwise(stops):
            tags = self._spans(upward, k, a, b, plain)
            if tags:
                self.sheet.way([self.node(*a), self.node(*b)], tags)
        if name and kind != "trunk":
            self._numbers(stops, name)

    def _stops(self, upward: bool, k: int, stretch: int) -> list[tuple[int, int]]:
        found = []
        for g in range(stretch):
            sides = [(side, g) if upward else (g, side) for side in (k - 1, k)]
            lots = [self.lots[one] for one in sides if one in self.lots]
            slots = {s for ups, overs, _ in lots for s in (overs if upward else ups)}
            found += [g * SUB, *sorted(g * SUB + s for s in slots)]
        found.append(stretch * SUB)
        return [(k * SUB, q) if upward else (q, k * SUB) for q in found]

    def _spans(
        self, upward: bool, k: int, a: tuple[int, int], b: tuple[int, int], plain: Tags
    ) -> Tags | None:
        """The tags of one piece of a long street; None where it would need a bridge that nobody built."""
        (ax, ay), (bx, by) = self.at(*a), self.at(*b)
        over = (ay - self.river(ax)) * (by - self.river(bx)) < 0 or self.wet(((ax + bx) / 2, (ay + by) / 2))
        if over and not (upward and k in self.bridges):
            return None
        tags = dict(plain)
        if over:
            tags |= {"bridge": "yes", "layer": "1"} | (
                {"bridge:name": f"{plain['name']}大桥"} if "name" in plain else {}
            )
        if not upward and (ax - self.rail) * (bx - self.rail) < 0:
            tags |= {"tunnel": "yes", "layer": "-1"}
        if tags["highway"] == "trunk":
            tags["motorroad"] = "yes"
        return tags

    def _numbers(self, stops: list[tuple[int, int]], name: str) -> None:
        """House numbers along a street: odd ones to one side, even ones to the other."""
        for count, (at, side) in enumerate(_along([self.at(*one) for one in stops])):
            if not self.wet(at, 0.14) and self.chance.random() < 0.8:
                self.sheet.node(side, **{"addr:housenumber": str(count + 1), "addr:street": name})

    def blocks(self) -> None:
        """Minor streets, and the estates behind their gates."""
        for (i, j), (ups, overs, old) in self.lots.items():
            for number, s in enumerate(ups):
                kind = "tertiary" if len(ups) <= 2 and s == 3 else "residential"
                run = [(i * SUB + s, j * SUB + q) for q in (0, *overs, SUB)]
                self._minor(run, kind, self._lane(self.names_across[j]), old and number % 2 == 1)
            for number, s in enumerate(overs):
                run = [(i * SUB + q, j * SUB + s) for q in (0, *ups, SUB)]
                self._minor(run, "residential", self._lane(self.names_up[i]), old and number % 2 == 1)
            self._estates(i, j, (0, *ups, SUB), (0, *overs, SUB))

    def _lane(self, street: str) -> str:
        """The next lane off a long street, by its number."""
        self.lanes[street] += 1
        return f"{street}{self.lanes[street]}巷" if street else ""

    def _minor(self, run: list[tuple[int, int]], kind: str, name: str, one_way: bool) -> None:
        tags = {"highway": kind, "maxspeed": "40" if kind == "tertiary" else "30"}
        tags |= ({"name": name} if name else {}) | ({"oneway": "yes"} if one_way else {})
        for a, b in pairwise(run):
            (ax, ay), (bx, by) = self.at(*a), self.at(*b)
            over = (ay - self.river(ax)) * (by - self.river(bx)) < 0 or self.wet(
                ((ax + bx) / 2, (ay + by) / 2)
            )
            if not over and (ax - self.rail) * (bx - self.rail) >= 0 and self.chance.random() >= 0.1:
                self.sheet.way([self.node(*a), self.node(*b)], tags)

    def _estates(self, i: int, j: int, ups: Sequence[int], overs: Sequence[int]) -> None:
        edge = min(i, j, self.across - 1 - i, self.up - 1 - j) < 2
        for p, q in pairwise(ups):
            for r, s in pairwise(overs):
                low, high = self.at(i * SUB + p, j * SUB + r), self.at(i * SUB + q, j * SUB + s)
                bank = [(x, y) for x in (low[0], high[0]) for y in (low[1], (low[1] + high[1]) / 2, high[1])]
                empty = self.chance.random() < (0.55 if edge else 0.12)
                if (
                    not empty
                    and not any(self.wet(one, 0.16) for one in bank)
                    and not low[0] < self.rail < high[0]
                ):
                    self._estate(self.node(i * SUB + p, j * SUB + r), low, high, self.names_up[i][:2])

    def _estate(self, street: int, low: Place, high: Place, of: str) -> None:
        """A walled estate: one gate, a ring of lanes for those who live there, rows of slabs."""
        name = of + self.chance.choice(self.sheet.plan.compounds)
        wide, deep = high[0] - low[0], high[1] - low[1]
        private = {"access": "destination", "maxspeed": "15"}
        gate = self.sheet.node(
            (low[0] + 0.02, low[1] + 0.02), barrier="gate", access="destination", name=f"{name}大门"
        )
        corners = ((0.12, 0.12), (0.88, 0.12), (0.88, 0.88), (0.12, 0.88))
        ring = [self.sheet.node((low[0] + wide * a, low[1] + deep * b)) for a, b in corners]
        self.sheet.way([street, gate, ring[0]], {"highway": "service", "service": "driveway", **private})
        self.sheet.way([*ring, ring[0]], {"highway": "living_street", "name": name, **private})
        rows, columns = min(6, max(1, int(deep * 0.7 / 0.055))), max(1, min(4, int(wide * 0.7 / 0.08)))
        for number in range(rows * columns):
            row, column = divmod(number, columns)
            x = low[0] + wide * (0.2 + (column + 0.5) * 0.6 / columns)
            y = low[1] + deep * (0.2 + (row + 0.5) * 0.6 / rows)
            self._slab((x, y), {"addr:housenumber": f"{number + 1}号楼", "addr:street": name})

    def _slab(self, at: Place, tags: Tags) -> None:
        x, y = at
        around = [
            self.sheet.node((x + a, y + b))
            for a, b in ((-0.025, -0.0065), (0.025, -0.0065), (0.025, 0.0065), (-0.025, 0.0065))
        ]
        floors = str(self.chance.choice((6, 6, 11, 18)))
        self.sheet.way([*around, around[0]], {"building": "yes", "building:levels": floors, **tags})

    def water(self) -> None:
        """The river, the railway, the park."""
        plan, reach = self.sheet.plan, int(self.xs[-1] * 4) + 4
        steps = [x / 4 for x in range(-reach, reach + 1)]
        south = [self.sheet.node((x, self.river(x) - RIVER_HALF_KM + 0.01)) for x in steps]
        north = [self.sheet.node((x, self.river(x) + RIVER_HALF_KM - 0.01)) for x in reversed(steps)]
        self.sheet.way([*south, *north, south[0]], {"natural": "water", "water": "river", "name": plan.river})
        middle = [self.sheet.node((x, self.river(x))) for x in steps]
        self.sheet.way(middle, {"waterway": "river", "name": plan.river})
        ends = int(self.ys[-1] * 2) + 2
        rails = [self.sheet.node((self.rail, y / 2)) for y in range(-ends, ends + 1)]
        self.sheet.way(rails, {"railway": "rail", "name": plan.railway})
        green = [self.sheet.node(at) for at in ((-1.2, 0.4), (-0.3, 0.4), (-0.3, 1.1), (-1.2, 1.1))]
        self.sheet.way([*green, green[0]], {"leisure": "park", "name": plan.park})


def _between(lines: list[float], index: int) -> float:
    k, rest = divmod(index, SUB)
    return lines[k] if not rest else lines[k] + (lines[k + 1] - lines[k]) * rest / SUB


def _along(points: list[Place], every_km: float = 0.12) -> Iterator[tuple[Place, Place]]:
    """Places along a line, each with one beside it, to the left and to the right in turn."""
    side = 1.0
    for (ax, ay), (bx, by) in pairwise(points):
        length = math.hypot(bx - ax, by - ay)
        for step in range(int(length / every_km)):
            share = (step + 0.5) * every_km / length
            x, y = ax + (bx - ax) * share, ay + (by - ay) * share
            for side in (1.0, -1.0):
                yield (x, y), (x - (by - ay) / length * 0.025 * side, y + (bx - ax) / length * 0.025 * side)


def _country(town: Town) -> None:
    """The county town and the villages, each on the road that leads to it."""
    sheet, chance = town.sheet, random.Random(town.sheet.plan.seed + 1)  # noqa: S311
    gates = [town.node(i, j) for i, j in ((0, town.up // 2 * SUB), (town.across // 2 * SUB, town.up * SUB))]
    known = [(node, sheet.near(*sheet.nodes[node][:2])) for node in gates]
    if sheet.plan.county:
        name, lon, lat = sheet.plan.county
        at = sheet.near(lon, lat)
        middle = _little_town(sheet, at, name, chance)
        near = min(known, key=lambda one: math.dist(one[1], at))
        _road(
            sheet,
            near,
            (middle, at),
            {"highway": "primary", "maxspeed": "70", "lanes": "2", "ref": "S101"},
            chance,
        )
        known.append((middle, at))
    for name, lon, lat in sheet.plan.villages:
        at = sheet.near(lon, lat)
        middle = _village(sheet, at, name, chance)
        near = min(known, key=lambda one: math.dist(one[1], at))
        _road(
            sheet,
            near,
            (middle, at),
            {"highway": "tertiary", "maxspeed": "40", "name": f"{name}公路"},
            chance,
        )
        known.append((middle, at))


_SIDES = {
    "north": (0.3, 1.0, 0, 1),
    "east": (1.0, 0.6, 1, 0),
    "south": (0.6, 0.0, 0, -1),
    "west": (0.0, 0.3, -1, 0),
}
"""Where on the edge of the lattice a road out begins (shares of it), and which way it runs."""
_OUT_KM = 5.0


def _roads_out(town: Town) -> None:
    sheet, chance = town.sheet, random.Random(town.sheet.plan.seed + 2)  # noqa: S311
    for name, side in sheet.plan.roads_out:
        i, j, east, north = _SIDES[side]
        gate = (round(i * town.across) * SUB, round(j * town.up) * SUB)
        at = town.at(*gate)
        away = (at[0] + east * _OUT_KM, at[1] + north * _OUT_KM)
        tags = {"highway": "primary", "maxspeed": "80", "lanes": "4", "name": name}
        _road(sheet, (town.node(*gate), at), (sheet.node(away), away), tags, chance)


def _road(
    sheet: Sheet, a: tuple[int, Place], b: tuple[int, Place], tags: Tags, chance: random.Random
) -> None:
    """A road through the hills: it winds, by up to a tenth of its length."""
    (ax, ay), (bx, by) = a[1], b[1]
    length = math.dist(a[1], b[1])
    steps, bend = max(2, int(length / 0.4)), chance.uniform(-0.09, 0.09) * length
    wind = [math.sin(math.pi * k / steps) * bend + math.sin(k * 1.9) * 0.06 for k in range(1, steps)]
    between = [
        sheet.node(
            (
                ax + (bx - ax) * k / steps - (by - ay) / length * off,
                ay + (by - ay) * k / steps + (bx - ax) / length * off,
            )
        )
        for k, off in enumerate(wind, 1)
    ]
    sheet.way([a[0], *between, b[0]], tags | {"surface": "asphalt"})


def _village(sheet: Sheet, at: Place, name: str, chance: random.Random) -> int:
    """A main lane, some side lanes, houses in no order; the node in its middle."""
    middle = sheet.node(at, place="village", name=name)
    turn = chance.uniform(0, math.pi)
    for side, length in ((0.0, 0.35), (math.pi, 0.3), (math.pi / 2, 0.2), (-math.pi / 2, 0.22)):
        ways = [middle]
        for step in (1, 2, 3):
            far = length * step / 3
            here = (
                at[0] + far * math.cos(turn + side),
                at[1] + far * math.sin(turn + side) + chance.uniform(-0.01, 0.01),
            )
            ways.append(sheet.node(here))
            for house in range(3):
                off = (here[0] + chance.uniform(-0.05, 0.05), here[1] + chance.uniform(-0.05, 0.05))
                number = f"{int(far * 100) + house + 1}"
                sheet.node(off, **{"addr:housenumber": number, "addr:street": name})
        sheet.way(ways, {"highway": "residential", "maxspeed": "30", "name": f"{name}街"})
    return middle


def _little_town(sheet: Sheet, at: Place, name: str, chance: random.Random) -> int:
    """A county town of five streets by four; the node in its middle."""
    wide, deep = 5, 4
    grid = {
        (i, j): sheet.node((at[0] + (i - wide // 2) * 0.45, at[1] + (j - deep // 2) * 0.4))
        for i in range(wide)
        for j in range(deep)
    }
    for j in range(deep):
        tags = {"highway": "secondary" if j == deep // 2 else "residential", "maxspeed": "40"}
        sheet.way([grid[i, j] for i in range(wide)], tags | {"name": f"{name}{'中南北西'[j % 4]}街"})
    for i in range(wide):
        tags = {"highway": "secondary" if i == wide // 2 else "residential", "maxspeed": "40"}
        sheet.way([grid[i, j] for j in range(deep)], tags | {"name": f"{name}{'一二三四五'[i]}路"})
    for i, j in grid:
        for number in range(4):
            x = at[0] + (i - wide // 2) * 0.45 + chance.uniform(0.05, 0.35)
            y = at[1] + (j - deep // 2) * 0.4 + chance.uniform(0.05, 0.3)
            if i < wide - 1 and j < deep - 1:
                tags = {
                    "addr:housenumber": str(10 * i + number + 1),
                    "addr:street": f"{name}{'中南北西'[j % 4]}街",
                }
                sheet.node((x, y), **tags)
    middle = grid[wide // 2, deep // 2]
    sheet.nodes[middle][2].update(place="town", name=name)
    return middle


def bounds(sheet: Sheet) -> tuple[float, float, float, float]:
    """West, south, east, north of all that is drawn, degrees."""
    lons, lats = [one[0] for one in sheet.nodes.values()], [one[1] for one in sheet.nodes.values()]
    return min(lons), min(lats), max(lons), max(lats)


def write(sheet: Sheet, path: Any) -> None:
    """The sheet as an OpenStreetMap extract (.osm.pbf), with the box in its header that tile makers ask for."""
    import osmium
    from osmium.osm import mutable

    west, south, east, north = bounds(sheet)
    header = osmium.io.Header()
    header.set("generator", "doorstep geo")
    header.add_box(osmium.osm.Box(osmium.osm.Location(west, south), osmium.osm.Location(east, north)))
    writer = osmium.SimpleWriter(str(path), overwrite=True, header=header)
    for number, (lon, lat, tags) in sheet.nodes.items():
        writer.add_node(mutable.Node(id=number, version=1, location=(lon, lat), tags=tags))
    for number, nodes, tags in sheet.ways:
        writer.add_way(mutable.Way(id=number, version=1, nodes=nodes, tags=tags))
    writer.close()
