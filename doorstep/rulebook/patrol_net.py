"""What a place owes to its patrols: areas, points that must be visited, lines that must be driven, and the stations and rings
they belong to. `regions/<name>/patrol.yaml`, or one mark as an editor writes it; a mark without a shape is counted and not drawn.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from doorstep.rulebook.notation import MappingNode, Node, NotYaml, ScalarNode, SequenceNode, compose, plain
from doorstep.rulebook.region_profile import FOLDER
from doorstep.rulebook.words import Words

FILE: Final = "patrol.yaml"
KINDS: Final = ("core", "key", "point", "line")
"""Core areas 核心区域, key areas 重点区域, points 必到点, lines 必巡线."""
AREAS: Final = ("core", "key")
LEAST: Final = {"core": 3, "key": 3, "point": 1, "line": 2}
"""So many places make a shape."""
DAY: Final = 24 * 60
_CODE = re.compile(r"[A-Z][A-Z0-9-]{1,15}")
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_LISTS = {"areas": AREAS, "points": ("point",), "lines": ("line",)}

Place = tuple[float, float]
Span = tuple[int, int]
"""Minutes of a day; one that ends at or before its begin runs over midnight."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that is owed: an area is there to name and draw, a point is visited, a line is driven.

    ``visits``: so often a shift; ``windows`` instead: once in each of these hours that lies in the shift. ``stay`` seconds at
    a point. ``each_way``: a line is driven once each way; ``one_way``: only as it is written.
    """

    code: str
    kind: str
    name: Words
    ring: str = ""
    area: str = ""
    shape: tuple[Place, ...] = ()
    visits: int = 1
    windows: tuple[Span, ...] = ()
    stay: int = 180
    each_way: bool = False
    one_way: bool = False
    sure: bool = True

    def as_dict(self) -> dict[str, Any]:
        """As JSON keeps it; `mark` reads it again."""
        told = {name: getattr(self, name) for name in self.__slots__}
        hours = [f"{_clock(a)}-{_clock(b)}" for a, b in self.windows]
        return told | {
            "name": self.name.as_dict(),
            "windows": hours,
            "shape": [list(one) for one in self.shape],
        }


@dataclass(frozen=True, slots=True)
class Net:
    """All that a place owes. ``stations``: codes of its points of kind workstation that cars start from; ``pace`` km/h on a line
    that is patrolled; ``cars`` at each station where no unit is on duty to ask.
    """

    marks: tuple[Mark, ...]
    stations: tuple[str, ...]
    rings: Mapping[str, Words]
    shifts: Mapping[str, Span]
    pace: float = 20.0
    cars: int = 2
    sure: bool = True

    def of(self, *kinds: str) -> tuple[Mark, ...]:
        """The marks of these kinds."""
        return tuple(one for one in self.marks if one.kind in kinds)

    def named(self, code: str) -> Mark | None:
        """The mark with this code."""
        return next((one for one in self.marks if one.code == code), None)

    def changed(self, marks: Iterable[Mark], gone: Iterable[str] = ()) -> Net:
        """The same net with these marks in the place of those of the same code, or added, and without those that are ``gone``."""
        told, left = {one.code: one for one in self.marks}, set(gone)
        told.update((one.code, one) for one in marks)
        return replace(self, marks=tuple(one for one in told.values() if one.code not in left))


class Wrong(ValueError):
    """What is wrong with a mark, in both languages, and at which field."""

    def __init__(self, field: str, words: Words) -> None:
        super().__init__(f"{field}: {words.en}")
        self.field, self.words = field, words


def load_net(region: str, stations: Iterable[str] = (), folder: Path = FOLDER) -> Net | None:
    """The net of a region; None if it has none. Raises ValueError with ``file:line`` and what is wrong, all of it at once.

    ``stations``: codes of the work stations that the region has.
    """
    path = folder / region / FILE
    if not path.is_file():
        return None
    name = f"{region}/{FILE}"
    try:
        return _Reader(name, frozenset(stations)).net(compose(path.read_text("utf-8"), name))
    except NotYaml as why:
        raise ValueError(f"{name}:{why.line}: {why.problem}") from why


def mark(raw: Mapping[str, Any]) -> Mark:
    """One mark as it is written. Raises Wrong, at the first field that makes no sense."""
    kind, code = str(raw.get("kind", "")), str(raw.get("code", ""))
    if not _CODE.fullmatch(code):
        raise Wrong(
            "code",
            Words("编号用大写字母开头，可以带数字和短横。", "A code is capital letters, digits and dashes."),
        )
    if kind not in KINDS:
        raise Wrong(
            "kind", Words("种类是 core、key、point、line 之一。", "The kind is core, key, point or line.")
        )
    try:
        name = Words.of(raw.get("name"))
    except ValueError as why:
        raise Wrong("name", Words("名称要有中文和英文。", "A name needs Chinese and English.")) from why
    windows = tuple(span(one) for one in raw.get("windows") or ())
    visits = raw.get("visits", 1)
    if type(visits) is not int or not 1 <= visits <= 24 or (windows and visits != 1):
        raise Wrong(
            "visits",
            Words("一班 1 到 24 次；写了时段就不写次数。", "1 to 24 times a shift; not beside hours."),
        )
    stay = raw.get("stay", 180)
    if type(stay) is not int or not 0 <= stay <= 7200:
        raise Wrong("stay", Words("停留 0 到 7200 秒。", "A stay is 0 to 7200 seconds."))
    each_way, one_way = bool(raw.get("each_way")), bool(raw.get("one_way"))
    if (each_way and one_way) or (kind != "line" and (each_way or one_way)):
        raise Wrong(
            "each_way",
            Words(
                "只有线分方向；单行的不能来回。", "Only a line has a way; a one-way one is not driven back."
            ),
        )
    return Mark(code, kind, name, str(raw.get("ring", "")), str(raw.get("area", "")), _shape(kind, raw.get("shape") or ()),
                visits, windows, stay, each_way, one_way, bool(raw.get("sure", True)))  # fmt: skip


def span(text: Any) -> Span:
    """ "08:00-16:00" as minutes of the day. Raises Wrong."""
    ends = [_CLOCK.fullmatch(part.strip()) for part in str(text).split("-")]
    minutes = [int(one[1]) * 60 + int(one[2]) for one in ends if one]
    if len(ends) != 2 or len(minutes) != 2 or max(minutes) > DAY or minutes[0] == minutes[1]:
        raise Wrong("windows", Words("时段写成 08:00-16:00。", "Hours are written 08:00-16:00."))
    return minutes[0], minutes[1]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _shape(kind: str, raw: Any) -> tuple[Place, ...]:
    places = []
    for one in raw:
        if not isinstance(one, list | tuple) or len(one) != 2:
            raise Wrong("shape", Words("每一处是 [经度, 纬度]。", "Each place is [longitude, latitude]."))
        try:
            lon, lat = float(one[0]), float(one[1])
        except (TypeError, ValueError) as why:
            raise Wrong("shape", Words("经纬度是数字。", "Degrees are numbers.")) from why
        if not (math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -85 <= lat <= 85):
            raise Wrong("shape", Words("经纬度超出范围。", "Degrees out of range."))
        places.append((lon, lat))
    if places and not LEAST[kind] <= len(places) <= (1 if kind == "point" else 200):
        raise Wrong(
            "shape",
            Words(
                "点写一处，线至少两处，区域至少三处，最多两百处。",
                "A point is one place, a line two or more, an area three or more; 200 at most.",
            ),
        )
    return tuple(places)


class _Reader:
    """One file: each thing that is wrong with its line."""

    def __init__(self, name: str, known: frozenset[str]) -> None:
        self.name, self.known = name, known
        self.wrong: list[str] = []

    def net(self, root: Node | None) -> Net:
        if not isinstance(root, MappingNode):
            raise ValueError(f"{self.name}:1: says nothing")
        told = {str(key.value): node for key, node in root.value}
        rings = {code: Words.of(one) for code, one in self._map(told, "rings").items()}
        shifts = {code: self._span(told["shifts"], one) for code, one in self._map(told, "shifts").items()}
        sure = bool(plain(told.get("sure") or None) is not False)
        marks = [one for key, kinds in _LISTS.items() for one in self._marks(told.get(key), kinds, sure)]
        stations = [str(one.value) for one in self._list(told.get("stations")) if self._station(one)]
        self._whole(marks, rings)
        if self.wrong:
            raise ValueError("\n".join(self.wrong))
        plainly = {key: plain(told[key]) for key in ("pace", "cars") if key in told}
        return Net(tuple(one for one, _ in marks), tuple(stations), rings, shifts, sure=sure, **plainly)

    def _say(self, node: Node, what: str) -> None:
        self.wrong.append(f"{self.name}:{node.start_mark.line + 1}: {what}")

    def _map(self, told: Mapping[str, Node], key: str) -> dict[str, Any]:
        raw = plain(told.get(key))
        if not isinstance(raw, dict) or not raw:
            raise ValueError(f"{self.name}: `{key}` is missing")
        return raw

    def _list(self, node: Node | None) -> list[Node]:
        return list(node.value) if isinstance(node, SequenceNode) else []

    def _span(self, node: Node, text: Any) -> Span:
        try:
            return span(text)
        except Wrong as why:
            self._say(node, str(why))
            return 0, DAY

    def _marks(self, node: Node | None, kinds: tuple[str, ...], sure: bool) -> Iterator[tuple[Mark, Node]]:
        for one in self._list(node):
            raw = plain(one)
            try:
                if not isinstance(raw, dict):
                    raise Wrong("code", Words("不是一条。", "is not a mark"))
                found = mark({"kind": kinds[0], "sure": sure, **raw})
                if found.kind not in kinds:
                    raise Wrong("kind", Words("放错了地方。", f"{found.kind} does not stand here"))
                yield found, one
            except Wrong as why:
                self._say(one, f"{raw.get('code', '') if isinstance(raw, dict) else ''} {why}".strip())

    def _station(self, node: Node) -> bool:
        known = isinstance(node, ScalarNode) and (not self.known or node.value in self.known)
        if not known:
            self._say(node, f"{node.value} is no work station of the region")
        return known

    def _whole(self, marks: list[tuple[Mark, Node]], rings: Mapping[str, Words]) -> None:
        """Codes once each; areas and rings that are there."""
        counted = Counter(one.code for one, _ in marks)
        areas = {one.code for one, _ in marks if one.kind in AREAS}
        for one, node in marks:
            if counted[one.code] > 1:
                self._say(node, f"{one.code} stands twice")
            if one.ring and one.ring not in rings:
                self._say(node, f"{one.code}: there is no ring {one.ring}")
            if one.area and one.area not in areas:
                self._say(node, f"{one.code}: there is no area {one.area}")
