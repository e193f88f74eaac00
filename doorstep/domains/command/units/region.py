"""What a region says of its duty units: ``regions/<name>/command.yaml``. A region without the file has none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

import orjson

from doorstep.kernel.row import fetch
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.region import FOLDER, calendar, region

_FILE: Final = "command.yaml"
_KINDS: Final = frozenset({"car", "foot", "team"})


@dataclass(frozen=True, slots=True)
class Told:
    """The section of units, checked. ``shifts``: at what times of the day shifts change."""

    units: tuple[dict[str, Any], ...]
    shifts: tuple[time, ...]
    kept: timedelta
    """How long positions and notes are kept."""
    answer_within: timedelta
    """Within what time a safety check is answered."""
    grace: timedelta
    """How long past its shift its crew is left alone before it is asked; the dispatcher is asked after as long again."""
    fastest_kmh: float
    """A unit is not faster than this."""
    playback_waits: timedelta
    """So long a request to play back an hour waits for a second person, and then to be opened."""
    playback_lasts: timedelta
    """So long it can be looked at, from its first opening."""


@lru_cache(maxsize=1)
def told() -> Told:
    """What the region of this deployment says. Raises ValueError that says what is wrong."""
    path = FOLDER / region().code / _FILE
    raw = plain(compose(path.read_text("utf-8"), path.name)) if path.is_file() else {}
    try:
        return read(raw if isinstance(raw, dict) else {})
    except (KeyError, TypeError, ValueError) as why:
        raise ValueError(f"{_FILE} of region {region().code}: {why!r}") from why


def read(raw: dict[str, Any]) -> Told:
    """A region's file. Raises ValueError, KeyError or TypeError."""
    points = {
        one["unit"]: one for one in reversed(region().points) if one.get("lon") is not None and one["unit"]
    }
    ids = {str(one["code"]): int(one["id"]) for one in region().units}
    units = tuple(_unit(one, ids, points) for one in raw.get("units") or ())
    for key in ("id", "callsign"):
        if len({one[key] for one in units}) < len(units):
            raise ValueError(f"two units have one {key}")
    shifts = tuple(sorted(time.fromisoformat(one) for one in raw.get("shifts") or ("08:00", "20:00")))
    return Told(
        units, shifts, timedelta(days=_number(raw, "positions_kept_days", 30)),
        timedelta(minutes=_number(raw, "safety_check_minutes", 10)),
        timedelta(minutes=_number(raw, "shift_grace_minutes", 15)), float(_number(raw, "fastest_kmh", 250)),
        timedelta(hours=_number(raw, "playback_waits_hours", 24)), timedelta(minutes=_number(raw, "playback_minutes", 60)),
    )  # fmt: skip


def _number(raw: dict[str, Any], name: str, otherwise: int) -> int:
    """A number with its source, as ``{value, source, sure}``."""
    found = int((raw.get(name) or {"value": otherwise})["value"])
    if found <= 0:
        raise ValueError(f"{name} is above 0")
    return found


def _unit(one: dict[str, Any], ids: dict[str, int], points: dict[str, Any]) -> dict[str, Any]:
    """One unit as its row; it waits at its ``home``, or where its unit has its counter."""
    if one["kind"] not in _KINDS:
        raise ValueError(f"{one['callsign']}: kind is one of {sorted(_KINDS)}")
    home = one.get("home") or points.get(one["unit"]) or {}
    return {
        "id": int(one["id"]), "callsign": str(one["callsign"]), "zh": one["name"]["zh"], "en": one["name"]["en"],
        "kind": one["kind"], "team": str(one.get("team", "")), "unit_id": ids[one["unit"]],
        "skills": list(one.get("skills", ())), "kit": list(one.get("kit", ())), "rights": list(one.get("rights", ())),
        "vehicle": str(one.get("vehicle", "car")), "home_lon": home.get("lon"), "home_lat": home.get("lat"),
    }  # fmt: skip


def settle() -> None:
    """Bring the duty units in line with the region's file, as the migrator; how they stand is left as it is."""
    fetch("select trust.duty_settle(%s)", orjson.dumps(told().units).decode())


def shift_end(now: datetime) -> datetime:
    """When the shift ends that runs now, or begins within the next half hour."""
    here = (now + timedelta(minutes=30)).astimezone(calendar().zone)
    ends = [
        datetime.combine(here.date() + timedelta(days=day), at, calendar().zone)
        for day in (0, 1)
        for at in told().shifts
    ]
    return next(one for one in ends if one > here)
