"""The town's patrols go by the plan of the shift: it is asked for as a dispatcher would, and each car drives to its own stops."""

from __future__ import annotations

import logging
import os
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from doorstep.domains.command.patrol import plan, shift
from doorstep.domains.command.patrol.models import PatrolPlan, PatrolStop
from doorstep.domains.command.patrol.net import net
from doorstep.geo.crs import Degrees
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused

AHEAD_S: Final = 900
"""A stop is driven to when it begins within so many seconds; before, a car goes where it likes on its own ground."""
LATE_S: Final = 1_800
"""One that is missed by more than this is left: the plan shows the gap."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """Where a car drives next, through all of ``places``, and how many seconds it stays at the last."""

    places: tuple[Degrees, ...]
    stay: int


@dataclass
class Beat:
    """The plan in force, and what each duty unit has still to drive."""

    found: PatrolPlan | None = None
    asked: set[datetime] = field(default_factory=set)
    """Shifts that a plan was asked for: one that fails is not asked for again."""
    todo: dict[int, deque[PatrolStop]] = field(default_factory=dict)

    def look(self, viewer: Viewer) -> None:
        """Now and then, by whoever may plan: ask for this shift's plan if there is none, take over one that is new."""
        now = clock.now()
        known = net(calendar().day_of(now))
        if known is None or not known.shifts:
            return
        name = shift.of(known, now, calendar().zone)
        day = plan.day_of(known, name, now)
        since = shift.hours(known, name, day, calendar().zone)[0]
        found = plan.current(now)
        if found is not None and found.since == since:
            if found.state == "ready":
                self._take(found)
        elif since not in self.asked:
            self.asked.add(since)
            try:
                plan.ask(viewer, name, day, "", os.urandom(12).hex())
            except Refused as no:
                _log.info("no patrol is planned: %s", no.code)

    def _take(self, found: PatrolPlan) -> None:
        if self.found is not None and self.found.id == found.id:
            return
        units = {car["id"]: car["unit"] for car in found.input["cars"] if car.get("unit") is not None}
        self.found, self.todo = found, {}
        for stop in plan.stops(found.id):
            if stop.car in units:
                self.todo.setdefault(units[stop.car], deque()).append(stop)

    def next(self, unit: int) -> Errand | None:
        """The stop of this unit whose time has come, once. None: there is none now."""
        if self.found is None or unit not in self.todo:
            return None
        second, left = (clock.now() - self.found.since).total_seconds(), self.todo[unit]
        while left and left[0].begin < second - LATE_S:
            left.popleft()
        if not left or left[0].begin > second + AHEAD_S:
            return None
        stop = left.popleft()
        task = next((one for one in self.found.input["tasks"] if one["id"] == stop.task), None)
        return _errand(task, stop) if task else None


def _errand(task: dict[str, Any], stop: PatrolStop) -> Errand:
    if "at" in task:
        return Errand(((task["at"][0], task["at"][1]),), int(task.get("stay", 0)))
    line = tuple((at[0], at[1]) for at in task["line"])
    return Errand(line[::-1] if stop.backward else line, 0)
