"""BM25 over whatever parts a text is cut into, with the best of an entry's names told beside the score.

Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009). Pure; a few hundred entries are
indexed in some tens of milliseconds and asked in less than one.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Parts = Mapping[str, float]
"""What a text is cut into, and how much each part counts."""
Rows = tuple[bytes, bytes]
"""Places, and what a part is worth at each: as plain numbers side by side a tenth of what pairs of objects take."""
Growing = dict[str, tuple["array[int]", "array[float]"]]
Scores = dict[str, tuple[float, str]]
"""By code: the fit (0 to 1) and the name that fits best."""

_K1, _B = 1.2, 0.5
_NAME = 6.0
"""What it adds when the words hold a whole name."""
_HALF = 14.0
"""The raw score that counts as a fit of one half."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be found: its code, its names with their weights, and texts about it."""

    code: str
    names: tuple[tuple[str, float], ...]
    about: tuple[tuple[str, float], ...] = ()


class Index:
    """Entries by their parts. What it holds is plain, so that it can be kept (`plain`) and taken up again (`of`)."""

    def __init__(self, entries: Sequence[Entry], cut: Callable[[str], Parts]) -> None:
        weighed = [_weighed(one, cut) for one in entries]
        told = Counter(part for parts in weighed for part in parts)
        n, mean = len(entries), sum(sum(parts.values()) for parts in weighed) / max(1, len(entries))
        self._idf = {part: math.log(1 + (n - f + 0.5) / (f + 0.5)) for part, f in told.items()}
        self._codes = [one.code for one in entries]
        postings: Growing = defaultdict(_rows)
        for at, parts in enumerate(weighed):
            norm = _K1 * (1 - _B + _B * sum(parts.values()) / mean) if mean else _K1
            for part, count in parts.items():
                _add(postings[part], at, self._idf[part] * count * (_K1 + 1) / (count + norm))
        self._names: list[tuple[int, str]] = []
        shares: Growing = defaultdict(_rows)
        for at, one in enumerate(entries):
            for name, _ in one.names:
                self._add_name(shares, at, name, cut(name))
        self._postings, self._shares = _settled(postings), _settled(shares)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Index:
        """An index as `plain` told it."""
        made = cls.__new__(cls)
        vars(made).update(plain)
        return made

    @property
    def plain(self) -> dict[str, Any]:
        """All that it holds, as lists, mappings, texts and bytes."""
        return dict(vars(self))

    def _add_name(self, shares: Growing, at: int, name: str, parts: Parts) -> None:
        whole = sum(self._idf.get(part, 0.0) * weight for part, weight in parts.items())
        for part, weight in parts.items():
            if whole:
                _add(shares[part], len(self._names), self._idf.get(part, 0.0) * weight / whole)
        self._names.append((at, name))

    def scores(self, asked: Parts, meant: Sequence[tuple[Parts, float]] = ()) -> Scores:
        """How well each entry fits what was ``asked``, and what that may have ``meant`` (parts and weight)."""
        wanted = _wanted(asked, meant)
        raw: dict[int, float] = defaultdict(float)
        for part, weight in wanted.items():
            for at, worth in _pairs(self._postings.get(part)):
                raw[at] += weight * worth
        best = self._best_names(wanted)
        known = self._known(asked)
        told: Scores = {}
        for at, score in raw.items():
            share, name = best.get(at, (0.0, ""))
            score += _NAME * share * share
            told[self._codes[at]] = (known * score / (score + _HALF * self._size(asked)), name)
        return told

    def _known(self, asked: Parts) -> float:
        """How much of the question is about anything that can be found here."""
        most = math.log(1 + 2 * len(self._codes))
        whole = sum(weight * self._idf.get(part, most) for part, weight in asked.items())
        return (
            sum(weight * self._idf[part] for part, weight in asked.items() if part in self._idf) / whole
            if whole
            else 0.0
        )

    @staticmethod
    def _size(asked: Parts) -> float:
        """A short question cannot score as a long one does."""
        return min(1.0, sum(asked.values()) / 6)

    def _best_names(self, wanted: Parts) -> dict[int, tuple[float, str]]:
        """For each entry the name of which most is there, and what share of it."""
        shares: dict[int, float] = defaultdict(float)
        for part, weight in wanted.items():
            for name_at, share in _pairs(self._shares.get(part)):
                shares[name_at] += share * min(weight, 1.0)
        best: dict[int, tuple[float, str]] = {}
        for name_at, share in shares.items():
            at, name = self._names[name_at]
            if share > best.get(at, (0.0, ""))[0]:
                best[at] = (share, name)
        return best


def _rows() -> tuple[array[int], array[float]]:
    return array("I"), array("d")


def _add(rows: tuple[array[int], array[float]], at: int, worth: float) -> None:
    rows[0].append(at)
    rows[1].append(worth)


def _settled(rows: Growing) -> dict[str, Rows]:
    return {part: (at.tobytes(), worth.tobytes()) for part, (at, worth) in rows.items()}


def _pairs(rows: Rows | None) -> Iterable[tuple[int, float]]:
    return zip(array("I", rows[0]), array("d", rows[1]), strict=True) if rows else ()


def _weighed(one: Entry, cut: Callable[[str], Parts]) -> Parts:
    parts: dict[str, float] = defaultdict(float)
    for text, weight in (*one.names, *one.about):
        for part, count in cut(text).items():
            parts[part] += count * weight
    return parts


def _wanted(asked: Parts, meant: Sequence[tuple[Parts, float]]) -> Parts:
    """What was said counts as it was said; what it may mean counts for less, and once."""
    wanted = {part: min(weight, 1.5) for part, weight in asked.items()}
    for parts, weight in meant:
        for part, count in parts.items():
            if part not in asked:
                wanted[part] = max(wanted.get(part, 0.0), min(count, 1.0) * weight)
    return wanted
