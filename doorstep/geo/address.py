"""Where is "某某路12号"? Places of the streets' extract, found as people type or say them.

Numbers in Chinese or full-width digits, 號 for 号, left-out words, one wrong character, pinyin or its initials: what is
typed is folded to one form, candidates share pairs of characters with it, and are ranked by what they share.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from doorstep.geo.crs import Degrees, metres

_CELL = 0.003
"""Degrees: about three hundred metres."""
_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_COUNTED = re.compile("[零〇一二两三四五六七八九十百]+(?=号|栋|幢|楼|单元|室|弄)")
_TAIL = re.compile(r"(?<=\D)\d+(?:[号栋幢楼弄室户层-]|单元|附|院|\d)*$")
_SAME = str.maketrans(
    {
        "號": "号",
        "棟": "栋",
        "幢": "栋",
        "路": "路",
        "鎮": "镇",
        "縣": "县",
        "區": "区",
        "街": "街",
        "－": "-",
        "—": "-",
    }
)


@dataclass(frozen=True)
class Spot:
    """A place with a name: ``kind`` is street, estate, house, place, point or police."""

    name: str
    kind: str
    lon: float
    lat: float
    near: str = ""
    """Whose ground it is on, to tell two of one name apart."""
    letters: str = ""
    """The name in pinyin without tones, and its initials, apart by a blank."""

    @property
    def at(self) -> Degrees:
        return (self.lon, self.lat)


@dataclass(frozen=True)
class Found:
    """A spot and how well it fits, 0 to 1; ``exact`` when nothing of what was typed is left over."""

    spot: Spot
    fits: float
    exact: bool


def folded(text: str) -> str:
    """One form for what people type: narrow digits, no blanks, Chinese numerals before 号, 栋, 室 as digits."""
    parts = unicodedata.normalize("NFKD", text).lower()
    bare = "".join(
        one for one in parts if not unicodedata.combining(one)
    )  # names abroad are typed without accents
    plain = unicodedata.normalize("NFC", bare).translate(_SAME)
    plain = re.sub(r"[\s,，。、·()（）]+", "", plain)
    return _COUNTED.sub(lambda hit: str(_counted(hit[0])), plain)


def _counted(text: str) -> int:
    """一百零二 as 102, 二十 as 20, 十二 as 12, 三〇一 as 301."""
    if not set(text) & set("十百"):
        return int("".join(str(_DIGITS[one]) for one in text))
    total, last = 0, 0
    for one in text:
        if one in "十百":
            total += (last or 1) * (10 if one == "十" else 100)
            last = 0
        else:
            last = _DIGITS[one]
    return total + last


class Gazetteer:
    """All spots of a region in memory: twenty thousand take some megabytes, an answer about a millisecond.

    A name is looked for by itself (a street, an estate, a village); the house in it by its number afterwards, so that a
    wrong street with the right number never comes before the right street.
    """

    def __init__(self, spots: Iterable[Spot]) -> None:
        self._heads: dict[str, list[Spot]] = defaultdict(list)
        self._houses: dict[str, dict[int, list[Spot]]] = defaultdict(lambda: defaultdict(list))
        letters: dict[str, str] = {}
        for one in spots:
            head, numbers = _split(folded(one.name))
            if one.kind == "house" and numbers:
                self._houses[head][numbers[0]].append(one)
            else:
                head = folded(one.name)
                self._heads[head].append(one)
                letters[head] = one.letters
        self._pairs: dict[str, list[str]] = defaultdict(list)
        self._letters: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for head in dict.fromkeys([*self._heads, *self._houses]):
            for pair in _pairs(head):
                self._pairs[pair].append(head)
            for word in letters.get(head, "").split():
                self._letters[word[:3]].append((word, head))

    def __len__(self) -> int:
        return sum(map(len, self._heads.values())) + sum(
            len(one) for of in self._houses.values() for one in of.values()
        )

    def find(self, text: str, most: int = 8, near: Degrees | None = None) -> list[Found]:
        """The spots that fit best, best first; an empty list when nothing typed is in any name.

        A house that is not in the extract is answered by the one with the nearest number, else by its street (``exact``
        is False), so that a call can be placed at once and mended on the map. ``near`` settles which of several of one name.
        """
        typed = folded(text)
        head, numbers = _split(typed)
        if not head:
            return []
        spelt = self._by_letters(head) if head.isascii() else {}
        scores = {**self._by_pairs(head), **spelt}
        found: list[Found] = []
        for name in sorted(scores, key=lambda one: (-scores[one], len(one), one)):
            fits = round(scores[name], 3)
            same = name in spelt or name == head
            spots, exact = self._spots(name, numbers)
            for spot in sorted(spots, key=lambda one: (_far(one, near), one.near)):
                found.append(Found(spot, fits, exact and same))
            if len(found) >= most:
                break
        return found[:most]

    def nearest(self, place: Degrees) -> Spot | None:
        """The named place nearest to this one: what a call is said to be near. None if there is none
        within some three hundred metres."""
        lon, lat = place
        cells = [(round(lon / _CELL) + x, round(lat / _CELL) + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        near = [one for cell in cells for one in self._cells.get(cell, ())]
        return min(near, key=lambda one: metres(one.at, place), default=None)

    @cached_property
    def _cells(self) -> Mapping[tuple[int, int], list[Spot]]:
        found: dict[tuple[int, int], list[Spot]] = defaultdict(list)
        houses = (one for of in self._houses.values() for ones in of.values() for one in ones)
        for one in (*houses, *(spot for of in self._heads.values() for spot in of)):
            if one.kind != "street":
                found[round(one.lon / _CELL), round(one.lat / _CELL)].append(one)
        return found

    def _spots(self, head: str, numbers: list[int]) -> tuple[list[Spot], bool]:
        houses = self._houses.get(head, {})
        if not numbers or not houses:
            return self._heads.get(head) or [next(iter(houses.values()))[0]], not numbers
        nearest = min(houses, key=lambda one: (abs(one - numbers[0]), one))
        return houses[nearest], nearest == numbers[0] and len(numbers) == 1

    def _by_pairs(self, typed: str) -> Mapping[str, float]:
        pairs = _pairs(typed)
        shared: Counter[str] = Counter()
        for pair, weight in pairs.items():
            for head in self._pairs.get(pair, ()):
                shared[head] += weight
        whole = sum(pairs.values())
        return {
            head: 2 * much / (whole + sum(_pairs(head).values())) for head, much in shared.most_common(40)
        }

    def _by_letters(self, typed: str) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for word, head in self._letters.get(typed[:3], ()):
            if word.startswith(typed):
                found[head] = max(found.get(head, 0.0), len(typed) / len(word))
        return found


def _split(fold: str) -> tuple[str, list[int]]:
    """A name and the numbers behind it: "某某路12号3栋" as "某某路" and [12, 3]."""
    hit = _TAIL.search(fold)
    if not hit:
        return fold, []
    return fold[: hit.start()], [int(one) for one in re.findall(r"\d+", hit[0])]


def _pairs(text: str) -> Counter[str]:
    """Pairs of characters; digits count as one character, so that 12号 is not half of 112号."""
    whole = ["^", *re.findall(r"\d+|.", text)]
    return Counter(a + b for a, b in pairwise(whole)) + Counter(whole[1:])


def _far(spot: Spot, near: Degrees | None) -> float:
    return abs(spot.lon - near[0]) + abs(spot.lat - near[1]) if near else 0.0


def write(spots: Iterable[Spot], path: Path) -> None:
    """Spots as a file, one line each."""
    with path.open("w", encoding="utf-8") as out:
        for one in spots:
            out.write(
                json.dumps([one.name, one.kind, one.lon, one.lat, one.near, one.letters], ensure_ascii=False)
                + "\n"
            )


def read(path: Path) -> Gazetteer:
    """The spots of such a file. Raises ValueError for a line that is none."""

    def spot(line: str) -> Spot:
        told: list[Any] = json.loads(line)
        return Spot(*told)

    return Gazetteer(spot(line) for line in path.read_text("utf-8").splitlines())
