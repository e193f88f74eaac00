"""The linter of opening hours: those of a region's points, and those that a layer sets for points of its unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from doorstep.rulebook.flaw import Flaw, Where
from doorstep.rulebook.hours import times_flaws, week_flaws
from doorstep.rulebook.pack.shape import shape_flaws
from doorstep.rulebook.pack.shelf import ROOT
from doorstep.rulebook.pack.source import Finding, Unusable, read
from doorstep.rulebook.region import FOLDER, Region
from doorstep.rulebook.words import Words


def region_findings(place: str, folder: Path = FOLDER, root: Path = ROOT) -> list[Finding]:
    """What is wrong with the hours in a region's own file, by line: its week, and the weeks of its points."""
    path = folder / place / "region.yaml"
    try:
        source = read(path, str(path.relative_to(folder.parent)))
    except Unusable as why:
        return why.findings
    data = source.data if isinstance(source.data, dict) else {}
    weeks: list[tuple[Where, Any]] = [(("hours",), data["hours"])] if "hours" in data else []
    weeks += [
        (("points", at, "hours"), one["hours"])
        for at, one in enumerate(data.get("points") or ())
        if "hours" in one
    ]
    return [source.finding(flaw) for where, raw in weeks for flaw in _week(raw, where, root)]


def _week(raw: Any, where: Where, root: Path) -> list[Flaw]:
    return [flaw.under(*where) for flaw in shape_flaws(raw, root, "week")] or list(week_flaws(raw, where))


def layer_flaws(raw: Mapping[str, Any], here: Region) -> Iterator[Flaw]:
    """A layer sets the hours of points of its own unit or of those below it, in weeks and on days that make sense."""
    parents = {str(one["code"]): str(one.get("parent", "")) for one in here.units}
    units = {str(one["code"]): str(one["unit"]) for one in here.points}
    for code, told in (raw.get("points") or {}).items():
        if code not in units:
            yield _flaw(("points", code), "point", f"没有“{code}”这个服务点", f"there is no point '{code}'")
        elif raw.get("unit") and str(raw["unit"]) not in _above(units[code], parents):
            zh, en = f"“{code}”不归这一级管", f"'{code}' belongs to another unit"
            yield _flaw(("points", code), "point", zh, en)
        for key in ("hours", "closed", "branches"):
            for at, row in enumerate(told.get(key) or ()):
                where: Where = ("points", code, key, at)
                yield from week_flaws(row.get("week") or {}, (*where, "week"))
                yield from times_flaws(row.get("times") or (), (*where, "times"))
                if row["from"] and row["to"] and row["from"] > row["to"]:
                    zh, en = "结束日期在开始日期之前", "it ends before it begins"
                    yield _flaw((*where, "to"), "dates", zh, en)


def _above(unit: str, parents: Mapping[str, str]) -> Iterator[str]:
    while unit:
        yield unit
        unit = parents.get(unit, "")


def _flaw(where: Where, rule: str, zh: str, en: str) -> Flaw:
    return Flaw(where, f"layer.{rule}", Words(zh, en))
