"""The orders of a place about sending, as its data says them: section ``rules`` of ``regions/<name>/command.yaml``.

How urgent is what, within how many seconds somebody is to be there in which zone, who is held back, whom neighbours may be
asked for, where units wait. A place that says nothing sends by `PLAIN`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from doorstep.rulebook.words import Words
from doorstep.solve.duty import Need, Reserve, Rules

PLAIN: Final[Mapping[str, Any]] = {
    "levels": ["urgent", "prompt", "routine"],
    "targets": [
        {"level": "urgent", "seconds": 300},
        {"level": "prompt", "seconds": 600},
        {"level": "routine", "seconds": 1800},
    ],
    "turn": {"routine": ["urgent"], "prompt": ["urgent"]},
}
_KNOWN: Final = frozenset({
    "levels", "targets", "weights", "beyond", "turn", "leave", "turn_s", "aid_s", "left_s", "stale_s", "stale_cost_s",
    "reserves", "ages", "posts", "demand", "bands", "relocate",
})  # fmt: skip
T = TypeVar("T")
_NUMBERS: Final = ("beyond", "turn_s", "stale_s", "stale_cost_s", "ages")


@dataclass(frozen=True, slots=True)
class Post:
    """A place where units wait."""

    code: str
    name: Words
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of the week, as posts are placed for it."""

    name: str
    words: Words
    units: int
    calls_per_hour: float
    seconds_per_call: float


@dataclass(frozen=True)
class Orders:
    """All that a place has decided about sending."""

    rules: Rules
    reserves: Mapping[str, Words] = field(default_factory=dict)
    """How people call each reserve."""
    posts: tuple[Post, ...] = ()
    demand: Mapping[str, float] = field(default_factory=dict)
    """How often a community calls, by zone; 1 where nothing is said."""
    bands: tuple[Hours, ...] = ()
    level: str = ""
    """Whose targets the posts and the layer of cover keep to; the most urgent one."""
    busy: float = 0.3
    least: float = 0.02
    longest_s: float = 900.0

    def target(self, zone: str) -> float:
        """Within how many seconds the most urgent is to be reached there."""
        return self.rules.targets.get((zone, self.level), self.rules.targets["", self.level])


def read(told: Mapping[str, Any] | None) -> Orders:
    """The orders as data tells them. Raises ValueError that names each entry that is wrong, and what is known."""
    raw = dict(told or PLAIN)
    if extra := sorted(set(raw) - _KNOWN):
        raise ValueError(f"rules: {extra} is not known; known are {sorted(_KNOWN)}")
    levels = tuple(map(str, raw.get("levels", ())))
    more = {name: float(raw[name]) for name in _NUMBERS if name in raw}
    reserves = _each(raw, "reserves", _reserve)
    try:
        rules = Rules(
            levels, dict(_each(raw, "targets", _target)),
            weights=_floats(raw, "weights"), turn=_ways(raw, "turn"), leave=_ways(raw, "leave"), aid_s=_floats(raw, "aid_s"),
            left_s=_floats(raw, "left_s"), reserves=tuple(one for one, _ in reserves), **more,
        )  # fmt: skip
    except ValueError as why:
        raise ValueError(f"rules: {why}") from why
    move = raw.get("relocate", {})
    return Orders(
        rules, {one.name: words for one, words in reserves}, tuple(_each(raw, "posts", _post)), _floats(raw, "demand"),
        tuple(_each(raw, "bands", _hours)), levels[0], float(move.get("busy", 0.3)), float(move.get("least", 0.02)),
        float(move.get("longest_s", 900)),
    )  # fmt: skip


def _each(raw: Mapping[str, Any], name: str, make: Callable[[Mapping[str, Any]], T]) -> list[T]:
    """Each entry of a list; what is wrong is told with its number."""
    found = []
    for number, one in enumerate(raw.get(name) or (), 1):
        try:
            found.append(make(one))
        except KeyError as why:
            raise ValueError(f"rules: {name}: entry {number} says no {why}") from why
        except (ValueError, TypeError, AttributeError) as why:
            raise ValueError(f"rules: {name}: entry {number}: {why}") from why
    return found


def _target(one: Mapping[str, Any]) -> tuple[tuple[str, str], float]:
    return (str(one.get("zone", "")), str(one["level"])), float(one["seconds"])


def _reserve(one: Mapping[str, Any]) -> tuple[Reserve, Words]:
    return Reserve(str(one["code"]), str(one["level"]), need(one.get("need", {}))), Words.of(one["name"])


def need(one: Mapping[str, Any]) -> Need:
    """What one team is wanted to be, as data or a question says it."""
    sets = {name: frozenset(map(str, one.get(name, ()))) for name in ("skills", "kit", "rights", "vehicles")}
    return Need(str(one.get("team", "")), **sets)


def _post(one: Mapping[str, Any]) -> Post:
    return Post(str(one["code"]), Words.of(one["name"]), float(one["lon"]), float(one["lat"]))


def _hours(one: Mapping[str, Any]) -> Hours:
    return Hours(str(one["code"]), Words.of(one["name"]), int(one["units"]), float(one["calls_per_hour"]),
                 float(one["seconds_per_call"]))  # fmt: skip


def _floats(raw: Mapping[str, Any], name: str) -> dict[str, float]:
    try:
        return {str(key): float(value) for key, value in (raw.get(name) or {}).items()}
    except (TypeError, ValueError, AttributeError) as why:
        raise ValueError(f"rules: {name}: a number for each name: {why}") from why


def _ways(raw: Mapping[str, Any], name: str) -> dict[str, frozenset[str]]:
    told = raw.get(name) or {}
    if not isinstance(told, Mapping) or not all(isinstance(to, list) for to in told.values()):
        raise ValueError(f"rules: {name}: a list of levels for each level")
    return {str(key): frozenset(map(str, to)) for key, to in told.items()}
