"""A region as its files say: name, calendar, units, points and what each takes, roles. Read once a process; the kernel
knows no other town."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from doorstep.rulebook.clock import Calendar
from doorstep.rulebook.hours import Week, layered
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.region_profile import FOLDER, RegionProfile, load_profiles, regions
from doorstep.rulebook.words import Words

__all__ = ["FOLDER", "Region", "calendar", "load_region", "region"]
_ITEM = re.compile(r"[A-Z]{2}-\d{3}")
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
    money: Mapping[str, str] = field(default_factory=dict)
    """Sums in yuan that hold here, by name; what is not said holds nowhere."""
    second_look: Mapping[str, int] = field(default_factory=dict)
    """Of a hundred decisions with this outcome, so many are looked at again; what is not said is not."""
    layers_by_two: frozenset[str] = frozenset()
    """Operations of a layer that somebody else puts in force than whoever wrote them."""
    lists: Mapping[str, RegionProfile] = field(default_factory=dict)
    """What is done where; empty for a region that says nothing of it."""

    @cached_property
    def listed_at(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The names of the lists of each point, by channel."""
        return {str(one["code"]): one["lists"] for one in self.points}

    @cached_property
    def extents(self) -> Mapping[str, str]:
        """How far each item goes online, as the lists say (`region_profile.EXTENTS`)."""
        told = (one.extent.items() for one in self.lists.values())
        return {code: kind for extent in told for kind, codes in extent for code in codes}


def load_region(code: str, folder: Path = FOLDER) -> Region:
    """The region in ``folder``/``code``. Raises ValueError with the file and what is wrong."""
    path = folder / code / "region.yaml"
    raw = _yaml(path)
    lists = load_profiles(code, folder) if code in regions(folder) else {}
    try:
        return Region(
            code=raw["region"],
            name=Words.of(raw["name"]),
            force=Words.of(raw["force"]),
            brand=Words.of(raw["brand"]),
            division=str(raw["division"]),
            calendar=_calendar(raw, _yaml(path.parent / raw["calendar"])),
            units=tuple(raw["units"]),
            points=tuple(_taking(raw, one, lists) for one in _points(raw, path.parent / "layers")),
            roles={name: tuple(rights) for name, rights in _of(raw["roles"], "roles", folder).items()},
            cast=_cast(raw.get("cast", ()), folder, {one["code"]: one["unit"] for one in raw["points"]}),
            streets=tuple(raw.get("streets", ())),
            lists=lists,
            money={name: str(value) for name, value in raw.get("money", {}).items()},
            layers_by_two=frozenset(raw.get("layers_by_two", ())),
            second_look={outcome: int(share) for outcome, share in raw.get("second_look", {}).items()},
        )
    except (KeyError, TypeError, ValueError) as why:
        raise ValueError(f"{path.name} of region {code}: {why!r}") from why


def _of(raw: Any, key: str, folder: Path) -> Any:
    """What stands there; a name alone is that of the region of which it is taken over."""
    return _yaml(folder / raw / "region.yaml")[key] if isinstance(raw, str) else raw


def _cast(raw: Any, folder: Path, unit_of: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """The people of a demonstration: told here, or those of another region at units and points of this one (``as``, ``units``,
    ``points``); who has no place here is left out. Who works at a point where no police stand is of the point's unit."""
    if not isinstance(raw, dict):
        return tuple(one | ({"unit": unit_of[one["point"]]} if "point" in one else {}) for one in raw)
    points, units = raw.get("points", {}), raw["units"]
    found = []
    for one in _yaml(folder / raw["as"] / "region.yaml")["cast"]:
        code = points.get(one.get("point", ""))
        if code:
            found.append(one | {"point": code, "unit": unit_of[code]})
        elif "point" not in one:
            found.append(one | ({"unit": units[one["unit"]]} if "unit" in one else {}))
    return tuple(found)


def _taking(raw: dict[str, Any], point: dict[str, Any], lists: Mapping[str, RegionProfile]) -> dict[str, Any]:
    """A point with the items that it ``takes`` through each of its channels, and the ``lists`` that name them: its own, else
    those of the region for this channel. Lists or single items may be named; a channel without either takes all."""
    own = point.get("takes", {})
    told = {**raw.get("takes", {}), **own}
    named = {channel: tuple(told[channel]) for channel in point["channels"] if told.get(channel)}
    wrong = [f"no {channel} at {point['code']}" for channel in own if channel not in point["channels"]]
    takes = {}
    for channel, ones in named.items():
        wrong += [f"{point['code']}: {one} not by {channel}" for one in ones if not _may(one, channel, lists)]
        codes = (lists[one].begun if one in lists else (one,) for one in ones)
        takes[channel] = sorted({code for some in codes for code in some})
    if wrong:
        raise ValueError("; ".join(wrong))
    return {**point, "lists": named, "takes": takes}


def _may(one: str, channel: str, lists: Mapping[str, RegionProfile]) -> bool:
    return lists[one].goes(channel) if one in lists else bool(_ITEM.fullmatch(one))


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
        own = [
            (str(one.get("unit", "")), one["points"][point["code"]])
            for one in told
            if point["code"] in one["points"]
        ]
        found.append({**point, "hours": layered(point.get("hours", {}), own)} if own else point)
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
