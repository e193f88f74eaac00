"""What was in fact patrolled: matched positions of a car held against what it was to do.

A position counts only on the street that it was *matched* to: driving along the parallel road is not
patrolling this one, be it eight metres
away. What a call prevented is kept as explained, with the call; everything else that was not done is a gap.
Nobody is judged by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians
from typing import Literal

Degrees = tuple[float, float]
Span = tuple[float, float]


@dataclass(frozen=True)
class Fix:
    """Where a car was, on the street it was matched to (``way``: the number in the extract, None where
    matching failed)."""

    at: int
    lon: float
    lat: float
    way: int | None


@dataclass(frozen=True)
class Piece:
    """A stretch of one street."""

    way: int
    line: tuple[Degrees, ...]


@dataclass(frozen=True)
class Owed:
    """One visit: a line (``pieces``) or a point (``place``, with the streets it may be seen from, if that
    matters), due from ``opens`` to ``closes``.

    ``stay`` = seconds to stay at a point. ``driver`` and the planned ``begin`` and ``leave`` say whose call
    may explain a gap.
    """

    task: str
    visit: int
    opens: int
    closes: int
    pieces: tuple[Piece, ...] = ()
    place: Degrees | None = None
    ways: frozenset[int] = frozenset()
    stay: int = 0
    car: str = ""
    begin: int = 0
    leave: int = 0


@dataclass(frozen=True)
class Call:
    """A car was away for a call."""

    id: str
    car: str
    begin: int
    end: int


@dataclass(frozen=True)
class Tap:
    """Somebody in the car said "done"."""

    task: str
    visit: int
    at: int


@dataclass(frozen=True)
class Rules:
    """How much is enough."""

    share: float = 0.9
    near_m: float = 35.0
    radius_m: float = 60.0
    silent: int = 60


@dataclass(frozen=True)
class Outcome:
    """``how``: driven (positions say so), tapped (a person says so), explained (a call prevented it), gap.
    ``share`` of it was driven."""

    task: str
    visit: int
    how: Literal["driven", "tapped", "explained", "gap"]
    share: float
    at: int | None = None
    by: str = ""


def check_off(
    owed: Sequence[Owed],
    tracks: Mapping[str, Sequence[Fix]],
    calls: Iterable[Call] = (),
    taps: Iterable[Tap] = (),
    rules: Rules = Rules(),
) -> list[Outcome]:
    """What became of each visit. Any car may do it, and two may each drive a half."""
    said = {(tap.task, tap.visit): tap for tap in taps}
    away = list(calls)
    return [_outcome(one, tracks, away, said.get((one.task, one.visit)), rules) for one in owed]


def gaps(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """What was neither done nor explained, the least patrolled first."""
    return sorted(
        (one for one in outcomes if one.how == "gap"), key=lambda one: (one.share, one.task, one.visit)
    )


def _outcome(
    one: Owed, tracks: Mapping[str, Sequence[Fix]], calls: list[Call], tap: Tap | None, rules: Rules
) -> Outcome:
    fixes = {
        car: [fix for fix in track if one.opens <= fix.at <= one.closes]
        for car, track in sorted(tracks.items())
    }
    share, at, car = (_stayed if one.place is not None else _driven)(one, fixes, rules)
    if share >= (1.0 if one.place is not None else rules.share):
        return Outcome(one.task, one.visit, "driven", share, at, car)
    if tap is not None and one.opens <= tap.at <= one.closes:
        return Outcome(one.task, one.visit, "tapped", share, tap.at)
    prevented = next(
        (c for c in calls if c.car == one.car and c.begin < one.leave and one.begin < c.end), None
    )
    if prevented is not None:
        return Outcome(one.task, one.visit, "explained", share, by=prevented.id)
    return Outcome(one.task, one.visit, "gap", share, at)


Seen = tuple[float, int | None, str]
Tracks = Mapping[str, list[Fix]]


def _stayed(one: Owed, tracks: Tracks, rules: Rules) -> Seen:
    """The longest stay at a point, of what is asked; a stay is unbroken when no two positions lie further
    apart than ``silent``."""
    best: Seen = (0.0, None, "")
    for car, fixes in tracks.items():
        since: int | None = None
        before = 0
        for fix in fixes:
            if not _there(one, fix, rules):
                since = None
                continue
            if since is None or fix.at - before > rules.silent:
                since = fix.at
            before = fix.at
            share = 1.0 if fix.at - since >= one.stay else (fix.at - since) / one.stay
            if share > best[0]:
                best = (share, fix.at, car)
    return best


def _there(one: Owed, fix: Fix, rules: Rules) -> bool:
    seen = not one.ways or fix.way in one.ways
    return seen and one.place is not None and metres(one.place, (fix.lon, fix.lat)) <= rules.radius_m


def _driven(one: Owed, tracks: Tracks, rules: Rules) -> Seen:
    """How much of a line all cars together drove, when the last of it was driven, and by whom."""
    covered, whole = 0.0, 0.0
    last: tuple[int, str] | None = None
    for piece in one.pieces:
        length = sum(metres(a, b) for a, b in pairwise(piece.line))
        spans: list[Span] = []
        for car, fixes in tracks.items():
            found, at = _spans(piece, fixes, rules)
            spans += found
            if at is not None:
                last = max(last or (at, car), (at, car))
        covered += min(length, _joined(spans, length, rules.near_m))
        whole += length
    at, car = last or (None, "")
    return (covered / whole if whole else 0.0), at, car


def _spans(piece: Piece, fixes: list[Fix], rules: Rules) -> tuple[list[Span], int | None]:
    """Between two positions in a row on this street, everything between them was driven."""
    spans: list[Span] = []
    last = None
    for a, b in pairwise(fixes):
        if not (a.way == b.way == piece.way) or b.at - a.at > rules.silent:
            continue
        begin, end = _along(piece, a, rules), _along(piece, b, rules)
        if begin is None or end is None:
            continue
        spans.append((min(begin, end), max(begin, end)))
        last = b.at
    return spans, last


def _along(piece: Piece, fix: Fix, rules: Rules) -> float | None:
    """Metres from the begin of the piece, or None when the position lies on another stretch of the street."""
    passed, best, at = 0.0, rules.near_m, None
    for a, b in pairwise(piece.line):
        x, y = _flat(a, b)
        u, v = _flat(a, (fix.lon, fix.lat))
        length = hypot(x, y)
        part = min(1.0, max(0.0, (u * x + v * y) / length**2)) if length else 0.0
        off = hypot(u - part * x, v - part * y)
        if off <= best:
            best, at = off, passed + part * length
        passed += length
    return at


def _joined(spans: list[Span], length: float, near: float) -> float:
    """What the spans cover together. Positions come seconds apart: a beginning or end nearer than ``near``
    counts as driven."""
    total, reached = 0.0, 0.0
    for begin, end in sorted(spans):
        if reached == 0.0 and begin <= near:
            begin = 0.0
        if length - end <= near:
            end = length
        if end > reached:
            total += end - max(begin, reached)
            reached = end
    return total


def metres(a: Degrees, b: Degrees) -> float:
    return hypot(*_flat(a, b))


def _flat(a: Degrees, b: Degrees) -> tuple[float, float]:
    """East and north of a, in metres; exact enough over a street."""
    return (b[0] - a[0]) * 111_320 * cos(radians(a[1])), (b[1] - a[1]) * 110_574
