"""What tests of calls need: duty units of their own, and short words for the verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.cast import Cast, fresh


@dataclass
class One:
    """A duty unit as the package of units tells it."""

    id: int
    callsign: str
    unit_id: int
    kind: str = "car"
    team: str = ""
    state: str = "available"
    on_matter: UUID | None = None
    lon: float | None = 118.04
    lat: float | None = 36.8


@dataclass
class Force:
    """Duty units on duty, and whose telephone is whose: by role of the cast."""

    units: dict[int, One]
    members: dict[str, int] = field(default_factory=dict)

    def standing(self, ids: Any = None) -> list[One]:
        return [one for one in self.units.values() if ids is None or one.id in ids]

    def mine(self, viewer: Any) -> One | None:
        found = self.members.get(viewer.login)
        return self.units[found] if found else None

    def occupy(self, unit: int, matter: UUID, slot: str, state: str) -> None:
        self.units[unit].on_matter, self.units[unit].state = matter, state

    def release(self, unit: int, matter: UUID, state: str = "available") -> None:
        self.units[unit].on_matter, self.units[unit].state = None, state


def take(cast: Cast, kind: str = "XJ-001", request_id: str = "", **more: Any) -> UUID:
    """A call that the dispatcher takes."""
    from doorstep.domains.command.calls import verbs

    said = {"words": "听到门锁被撬", "place": "柳溪街 18 号", **more.pop("said", {})}
    report = verbs.Report(kind, said=said, lon=118.041, lat=36.799, ground="AL-LJ-LX", **more)
    with cast.enter("dispatcher") as viewer:
        return verbs.take(viewer, report, request_id=request_id or fresh()).matter_id
