"""The figures that a report tells of a region, each beside the answer of its query over what is set up there.

`regions/<name>/figures.yaml`. A query names what is counted: items of a list, points, units, hours, layers; no number stands
in it. A figure that nothing of what is set up can answer yet names the row of the mission that will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from doorstep.domains.studio.stack import Stacks
from doorstep.rulebook.hours import Hours
from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.patrol_net import load_net
from doorstep.rulebook.region import FOLDER
from doorstep.rulebook.region_profile import RegionProfile
from doorstep.rulebook.words import Words

Query = Mapping[str, Any]
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "exact": lambda found, told: found == told,
    "more than": lambda found, told: found > told,
    "at least": lambda found, told: found >= told,
    "less than": lambda found, told: found < told,
    "at most": lambda found, told: found <= told,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as the report prints it. ``counts``: what is counted for it; None: nothing answers it before ``row`` does."""

    id: str
    says: Words
    told: float
    row: str
    counts: Query | None
    bound: str = "exact"


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure beside the answer of its query. ``lacking``: items it speaks of that have no pack yet."""

    figure: Figure
    found: float
    lacking: int = 0

    @property
    def holds(self) -> bool:
        return _HOLDS[self.figure.bound](self.found, self.figure.told)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is set up in a region: its files, its layers, and the packs as they hold in all of it."""

    stacks: Stacks
    packs: Mapping[str, Pack]

    def points(self, query: Query) -> list[Mapping[str, Any]]:
        """The points that a query speaks of: of a kind, of a unit or below it, with a list or channel, or taking an item."""
        found: list[Mapping[str, Any]] = []
        for point in self.stacks.region.points:
            lists = {one for ones in point["lists"].values() for one in ones}
            takes = {code for codes in point["takes"].values() for code in codes}
            told = {"kind": {point["kind"]}, "unit": self.stacks.chain(point["unit"]), "list": lists,
                    "channel": set(point["channels"]), "item": takes}  # fmt: skip
            if all(query[key] in told[key] for key in told if key in query):
                found.append(point)
        return found

    def units(self, query: Query) -> list[Mapping[str, Any]]:
        """The units of a kind, below a unit."""
        return [
            one
            for one in self.stacks.region.units
            if query.get("kind", one["kind"]) == one["kind"]
            and query.get("below", "") in {"", *self.stacks.chain(one["code"])}
        ]

    def listed(self, query: Query) -> RegionProfile:
        """The list that a query speaks of. KeyError if there is none."""
        return self.stacks.region.lists[query["list"]]

    def open_hours(self, query: Query) -> list[list[float]]:
        """Of each point that a query speaks of, the hours that it is open on each day of a year whose holidays are known."""
        calendar = self.stacks.region.calendar
        first = date(max(calendar.years), 1, 1)
        days = [first + timedelta(days=n) for n in range((date(first.year + 1, 1, 1) - first).days)]
        hours = [Hours.of(one.get("hours", {}), calendar) for one in self.points(query)]
        return [[_length(one, day) for day in days] for one in hours]


def _patrolled(here: Setting, query: Query) -> int:
    """What the net of the patrols has of a kind."""
    known = [str(one["code"]) for one in here.points({"kind": "workstation"})]
    net = load_net(here.stacks.region.code, known)
    return len(net.of(query["kind"])) if net else 0


def unreachable(one: RegionProfile, packs: Mapping[str, Pack]) -> Iterator[str]:
    """Items of a list that cannot be brought through its channel, or not done online as it says, as their pack stands."""
    online = {code for kind, codes in one.extent.items() if kind != "look_guide" for code in codes}
    for code in one.items:
        if code not in packs:
            continue
        channels = set(packs[code].channels)
        if (
            not set(one.through) <= channels
            or (one.through_one and not channels & set(one.through_one))
            or (code in online and "online" not in channels)
        ):
            yield code


def _length(hours: Hours, day: date) -> float:
    spans = ((datetime.combine(day, end) - datetime.combine(day, start)) for start, end in hours.spans(day))
    return round(sum(span.total_seconds() for span in spans) / 3600, 2)


def _items(here: Setting, query: Query) -> int:
    return len(set(here.listed(query).items))


def _branches(here: Setting, query: Query) -> int:
    return len({here.packs[code].branch for code in here.listed(query).items if code in here.packs})


def _guides(here: Setting, query: Query) -> int:
    return sum(code in here.packs and bool(here.packs[code].guide) for code in here.listed(query).items)


def _without_coming(here: Setting, query: Query) -> int:
    """Items of a list for which, begun online, nobody has to come."""
    packs = (here.packs[code] for code in here.listed(query).items if code in here.packs)
    return sum("online" in (one.raw.get("no_meeting") or ()) for one in packs)


def _hours_a_day(here: Setting, query: Query) -> float:
    return min((min(days) for days in here.open_hours(query)), default=0)


def _days_a_week(here: Setting, query: Query) -> int:
    """Of any seven days the fewest on which each of the points is open."""
    weeks = (days[at : at + 7] for days in here.open_hours(query) for at in range(len(days) - 6))
    return min((sum(hours > 0 for hours in week) for week in weeks), default=0)


def _days_a_year(here: Setting, query: Query) -> int:
    return min((sum(hours > 0 for hours in days) for days in here.open_hours(query)), default=0)


_QUERIES: Mapping[str, Callable[[Setting, Query], float]] = {
    "items": _items,
    "groups": lambda here, query: len(here.listed(query).groups),
    "branches": _branches,
    "guides": _guides,
    "without coming": _without_coming,
    "points": lambda here, query: len(here.points(query)),
    "units": lambda here, query: len(here.units(query)),
    "hours a day": _hours_a_day,
    "days a week": _days_a_week,
    "days a year": _days_a_year,
    "patrol": _patrolled,
    "layers": lambda here, query: len({one.level for one in here.stacks.layers}),
}


def load_figures(region: str, folder: Path = FOLDER) -> tuple[Figure, ...]:
    """The figures of one region; none if it has no report. ValueError with the file and what is wrong."""
    path = folder / region / "figures.yaml"
    if not path.is_file():
        return ()
    try:
        raw = plain(compose(path.read_text(encoding="utf-8"), f"{region}/{path.name}"))
        return tuple(_figure(one) for one in raw["figures"])
    except (KeyError, TypeError) as why:
        raise ValueError(f"{region}/figures.yaml: {why!r}") from why


def _figure(raw: Mapping[str, Any]) -> Figure:
    counts, bound = raw.get("counts"), raw.get("bound", "exact")
    if bound not in _HOLDS or (counts is not None and counts.get("what") not in _QUERIES):
        raise ValueError(f"figure {raw['id']} counts nothing that is there: {counts}, {bound}")
    return Figure(raw["id"], Words.of(raw["says"]), float(raw["number"]), str(raw["row"]), counts, bound)


def count(figures: Sequence[Figure], here: Setting) -> Iterator[Counted | Figure]:
    """Each figure beside the answer of its query, or as it stands if nothing answers it yet. ValueError for a query that
    names what is not there."""
    for one in figures:
        if one.counts is None:
            yield one
            continue
        try:
            found = _QUERIES[one.counts["what"]](here, one.counts)
            items = (
                here.listed(one.counts).items
                if "list" in one.counts and one.counts["what"] in _OF_ITEMS
                else ()
            )
        except KeyError as why:
            raise ValueError(f"figure {one.id} counts nothing that is there: {why!r}") from why
        yield Counted(one, found, sum(code not in here.packs for code in items))


_OF_ITEMS = ("items", "groups", "branches", "guides", "without coming")
