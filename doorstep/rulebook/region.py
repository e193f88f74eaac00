"""A region as its files say: name, calendar, units, points, roles. Read once a process; the kernel knows no other town."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from doorstep.rulebook.clock import Calendar
from doorstep.rulebook.hours import Week
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.words import Words

FOLDER = Path(__file__).resolve().parents[2] / "regions"
_LEVELS = ("province", "city", "county", "station")


@dataclass(frozen=True)
class Region:
    """One region: what is shown of it, how it counts days, who works there."""

    code: str
    name: Words
    force: Words
    brand: Words
    division: str
    calendar: Calendar
    units: tuple[dict[str, Any], ...]
    points: tuple[dict[str, Any], ...]
    roles: dict[str, tuple[str, ...]]
    cast: tuple[dict[str, Any], ...]
    streets: tuple[str, ...]


def load_region(code: str, folder: Path = FOLDER) -> Region:
    """The region in ``folder``/``code``. Raises ValueError with the file and what is wrong."""
    path = folder / code / "region.yaml"
    raw = _yaml(path)
    try:
        return Region(
            code=raw["region"],
            name=Words.of(raw["name"]),
            force=Words.of(raw["force"]),
            brand=Words.of(raw["brand"]),
            division=str(raw["division"]),
            calendar=_calendar(raw, _yaml(path.parent / raw["calendar"])),
            units=tuple(raw["units"]),
            points=_points(raw, path.parent / "layers"),
            roles={name: tuple(rights) for name, rights in raw["roles"].items()},
            cast=tuple(raw.get("cast", ())),
            streets=tuple(raw.get("streets", ())),
        )
    except (KeyError, TypeError, ValueError) as why:
        raise ValueError(f"{path.name} of region {code}: {why!r}") from why


def _points(raw: dict[str, Any], layers: Path) -> tuple[dict[str, Any], ...]:
    """The points, each with the hours that layers set for it: those of lower levels behind those of higher ones."""
    texts = [
        (path, text)
        for path in sorted(layers.glob("*.yaml"))
        if "\npoints:" in (text := path.read_text("utf-8"))
    ]
    told = sorted((_yaml(path) for path, _ in texts), key=lambda one: _LEVELS.index(one["level"]))
    found = []
    for point in raw["points"]:
        own = [one["points"][point["code"]] for one in told if point["code"] in one["points"]]
        if own:
            rows = {key: [row for one in own for row in one.get(part, ())]
                    for key, part in (("set", "hours"), ("closed", "closed"))}  # fmt: skip
            point = {**point, "hours": {"week": point.get("hours", {}), **rows}}
        found.append(point)
    return tuple(found)


def _yaml(path: Path) -> dict[str, Any]:
    raw = plain(compose(path.read_text(encoding="utf-8"), path.name))
    if not isinstance(raw, dict):
        raise ValueError(f"{path.name} is empty")
    return raw


def _calendar(raw: dict[str, Any], days: dict[str, Any]) -> Calendar:
    return Calendar(
        zone=ZoneInfo(raw["zone"]),
        hours=dict(enumerate(Week.of(raw["hours"]).days)),
        holidays={day: name for one in days["holidays"] for day, name in _each(one)},
        workdays={_date(one["on"]): Words.of(one["name"]).zh for one in days["workdays"]},
        years=frozenset(days["years"]),
    )


def _each(one: dict[str, Any]) -> list[tuple[date, str]]:
    first, last = _date(one["from"]), _date(one["to"])
    return [(first + timedelta(days=n), Words.of(one["name"]).zh) for n in range((last - first).days + 1)]


def _date(value: Any) -> date:
    return date.fromisoformat(str(value))


@lru_cache(maxsize=1)
def region() -> Region:
    """The region of this deployment: DOORSTEP_REGION, by default the one that ships for demonstration."""
    wanted = os.environ.get("DOORSTEP_REGION", "")
    shipped = sorted(p.name for p in FOLDER.iterdir() if (p / "region.yaml").is_file())
    return load_region(wanted or shipped[0])


def calendar() -> Calendar:
    """How this deployment counts time."""
    return region().calendar
