"""A shift to be planned: what the net owes in it, and with which cars. Pure; times are seconds from the shift's begin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from doorstep.rulebook.patrol_net import AREAS, DAY, Mark, Net, Span

LEAST_WINDOW: Final = 15
"""Minutes of an hour that must lie in the shift, else it is the next shift's."""

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Base:
    """Where cars start from: a work station."""

    code: str
    at: Place
    ring: str = ""


@dataclass(frozen=True, slots=True)
class Crew:
    """A car of the shift; ``unit`` is its duty unit, None for one that nobody is named for."""

    id: str
    at: Place
    unit: int | None = None


def of(net: Net, now: datetime, zone: ZoneInfo) -> str:
    """The name of the shift that goes on now."""
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return next((name for name, one in net.shifts.items() if _in(one, minute)), next(iter(net.shifts)))


def hours(net: Net, name: str, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when the shift of this name goes that begins on ``day``."""
    begin, end = net.shifts[name]
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return midnight + timedelta(minutes=begin), midnight + timedelta(
        minutes=end + (DAY if end <= begin else 0)
    )


def tasks(net: Net, begin: int, seconds: int) -> list[dict[str, Any]]:
    """Points and lines owed in a shift that begins at this minute of the day; those without a shape are left out."""
    found = []
    for one in net.of("point", "line"):
        windows = [_seconds(span, begin, seconds) for span in one.windows]
        inside = sorted(one for one in windows if one)
        if not one.shape or (one.windows and not inside):
            continue
        told: dict[str, Any] = {"id": one.code, "visits": one.visits, "windows": inside, "area": one.area}
        if one.kind == "point":
            told |= {"at": list(one.shape[0]), "stay": one.stay}
        else:
            told |= {"line": [list(at) for at in one.shape], "each_way": one.each_way, "one_way": one.one_way}
        found.append(told)
    return found


def visits(task: Mapping[str, Any], seconds: int) -> list[tuple[int, int]]:
    """When each visit of a task opens and closes; a line that is owed each way is two."""
    if task["windows"]:
        return [(int(a), int(b)) for a, b in task["windows"]]
    parts = task["visits"]
    spans = [(seconds * n // parts, seconds * (n + 1) // parts) for n in range(parts)]
    return [span for span in spans for _ in range(2 if task.get("each_way") else 1)]


def cars(
    net: Net, bases: Sequence[Base], crews: Iterable[Crew], opens: int, seconds: int
) -> list[dict[str, Any]]:
    """The cars: those on duty, each from the nearest work station; or so many a station as the net says, where none is. They leave
    from second ``opens`` on."""
    named = list(crews)
    if not named:
        named = [Crew(f"{base.code}.{n}", base.at) for base in bases for n in range(1, net.cars + 1)]
    found = []
    for one in named:
        base = min(bases, key=lambda other: _far(other.at, one.at))
        found.append({"id": one.id, "station": base.code, "ring": base.ring, "at": list(base.at), "home": list(base.at),
                      "opens": opens, "closes": seconds, "unit": one.unit})  # fmt: skip
    return found


def ring_at(net: Net, at: Place) -> str:
    """The ring of the area whose middle is nearest."""
    middles = [(one.ring, _middle(one)) for one in net.of(*AREAS) if one.shape]
    return min(middles, key=lambda one: _far(one[1], at))[0] if middles else ""


def need(net: Net) -> dict[str, float]:
    """What cover of an area should be in proportion to: a core area weighs twice a key area."""
    return {one.code: 2.0 if one.kind == "core" else 1.0 for one in net.of(*AREAS)}


def _middle(one: Mark) -> Place:
    return (sum(x for x, _ in one.shape) / len(one.shape), sum(y for _, y in one.shape) / len(one.shape))


def _far(a: Place, b: Place) -> float:
    return ((a[0] - b[0]) * 0.8) ** 2 + (a[1] - b[1]) ** 2


def _in(span: Span, minute: int) -> bool:
    begin, end = span
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def _seconds(span: Span, begin: int, seconds: int) -> tuple[int, int] | None:
    """The part of an hour of the day that lies in the shift; None if there is (almost) none."""
    length = (span[1] - span[0]) % DAY or DAY
    for day in (-DAY, 0, DAY):
        first = max(0, span[0] + day - begin)
        last = min(seconds // 60, span[0] + day + length - begin)
        if last - first >= LEAST_WINDOW:
            return first * 60, last * 60
    return None
