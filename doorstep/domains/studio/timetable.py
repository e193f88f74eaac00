"""What layers say of points of service: when they are open and which branches they take. Composed, settled, kept for good.

A point has its usual week in its region's file, and over it what layers say, by file or by page. What comes of it is kept on
the point, and each version of it with who put it in force, when and why, so that a past day keeps the hours that it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from doorstep.domains.studio.models import LayerFile, LayerTwo, PointHours
from doorstep.domains.studio.stack import Stacks
from doorstep.kernel.found import settle_points
from doorstep.kernel.row import first, rows
from doorstep.rulebook import clock
from doorstep.rulebook.hours import Hours, layered, usual_of
from doorstep.rulebook.region import calendar

Points = Mapping[str, Mapping[str, list[dict[str, Any]]]]
"""What a layer holds under ``points``: by a point's code its rows of each kind."""
KINDS = ("hours", "closed", "branches")
FILES = "文件 · the files"


@dataclass(frozen=True, slots=True)
class Version:
    """What was said of a point from a moment on. ``number``: of the publication; None: by the files."""

    at: datetime
    by: str
    why: str
    number: int | None
    hours: Hours

    @property
    def said(self) -> int:
        """How much is said over the usual week."""
        return len(self.hours.set) + len(self.hours.closed) + len(self.hours.only)


def told(stacks: Stacks) -> dict[str, dict[str, Any]]:
    """What is said of each point under these layers, by its code."""
    return {str(one["code"]): told_of(stacks, one) for one in stacks.region.points}


def told_of(stacks: Stacks, point: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of one point, as its region has it, under these layers."""
    code = str(point["code"])
    over = [(one.unit, held[code]) for one in stacks.layers if code in (held := one.raw.get("points") or {})]
    return layered(usual_of(point.get("hours", {})), over)


def settle(stacks: Stacks, *, by: str, why: str) -> list[str]:
    """Bring the points in line with region and layers, as the migrator. Returns the codes of those that changed."""
    hours = told(stacks)
    points = tuple({**one, "hours": hours[str(one["code"])]} for one in stacks.region.points)
    changed = settle_points(replace(stacks.region, points=points))
    known = {
        one.point_id: one.hours for one in PointHours.objects.order_by("point_id", "-id").distinct("point_id")
    }
    PointHours.objects.bulk_create(
        PointHours(point_id=one["id"], at=clock.now(), hours=one["hours"], by=by, why=why)
        for one in points
        if known.get(one["id"]) != one["hours"]
    )
    return changed


def note_files(files: Stacks) -> None:
    """Tell the database what the files say of each layer, and what needs two people, as the migrator. Of a layer that was
    written by page stays what its file said at the last start."""
    LayerTwo.objects.exclude(kind__in=files.region.layers_by_two).delete()
    LayerTwo.objects.bulk_create(map(_two, files.region.layers_by_two), ignore_conflicts=True)
    ids = {str(one["code"]): int(one["id"]) for one in files.region.units}
    told = {ids.get(one.unit, 0): one.raw for one in files.layers if not one.by_page}
    kept = [ids.get(one.unit, 0) for one in files.layers]
    LayerFile.objects.exclude(unit_id__in=kept).delete()
    for unit, raw in told.items():
        held = {key: orjson.dumps(raw.get(key) or {}).decode() for key in ("items", "points")}
        LayerFile.objects.update_or_create(unit_id=unit, defaults=held)


def _two(kind: str) -> LayerTwo:
    return LayerTwo(kind=kind)


def versions(point_id: int, most: int = 30) -> tuple[Version, ...]:
    """What was said of a point, the latest first."""
    found = rows(PointHours, "where point_id = %s order by id desc limit %s", point_id, most)
    return tuple(map(_version, found))


def on(point_id: int, day: date) -> Version | None:
    """What held on a day: for one that is past as it was said then, else as it is said now."""
    ends = datetime.combine(day + timedelta(days=1), datetime.min.time(), calendar().zone)
    row = first(PointHours, "where point_id = %s and at < %s order by id desc limit 1", point_id, ends)
    return _version(row) if row else None


def _version(row: PointHours) -> Version:
    return Version(row.at, row.by, row.why, row.publication_id, Hours.of(row.hours, calendar()))
