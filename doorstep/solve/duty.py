"""What a duty room knows at one moment: incidents and the teams they need, units, road times, and the rules of the place.

All moments are seconds of one clock of the caller's (never read here), all durations seconds, all ids the caller's own. Units
are cars, foot patrols and teams on duty; nothing here knows who sits in them, and nothing is kept from one question to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

AVAILABLE, ASSIGNED, MOVING, THERE, FINISHED, OFF, BROKEN = STATES = (
    "available", "assigned", "moving", "there", "finished", "off", "broken",
)  # fmt: skip
"""The status clock of a unit: available and finished ones are free, assigned and moving ones under way."""
FREE, UNDER_WAY = frozenset({AVAILABLE, FINISHED}), frozenset({ASSIGNED, MOVING})
NOTHING: frozenset[str] = frozenset()
Road = tuple[float | None, bool]
"""A router's answer for one pair: seconds (None where no way leads), and whether that was routed or only estimated."""
_UNKNOWN: Road = (float("nan"), False)
DAY_S = 86_400.0
"""A longer drive than a day is none."""


@dataclass(frozen=True, slots=True)
class Need:
    """One team that an incident asks for, as the response plan of its kind says it."""

    team: str = ""
    """Kind of team (station, property-crime, forensic …); "" takes any."""
    skills: frozenset[str] = NOTHING
    kit: frozenset[str] = NOTHING
    rights: frozenset[str] = NOTHING
    """What the law lets only some do there (auxiliaries alone may not enforce)."""
    vehicles: frozenset[str] = NOTHING
    """Any one of these; empty takes any, on foot too."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that teams are wanted for, at one place."""

    id: str
    level: str
    since: float
    """When it was told."""
    needs: tuple[Need, ...] = (Need(),)
    """First needed first."""
    zone: str = ""
    force: str = ""
    """Whose ground it is on; units of another force come as mutual aid."""
    met: frozenset[int] = frozenset()
    """Numbers of the needs that nobody is wanted for any more."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Whoever can be sent as one."""

    id: str
    state: str = AVAILABLE
    on: tuple[str, int] | None = None
    """Incident and number of the need that it is under way to or there for; of one that is not asked about it is not taken."""
    team: str = ""
    skills: frozenset[str] = NOTHING
    kit: frozenset[str] = NOTHING
    rights: frozenset[str] = NOTHING
    vehicle: str = "car"
    force: str = ""
    shift_ends: float | None = None
    position_at: float | None = None
    """When its position was last told; None where positions are not told at all (a team in its station)."""
    barred: frozenset[str] = NOTHING
    """Incidents that it may not be sent to (it is party to them, it was taken off)."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """One free unit that stays free for something more urgent: incidents of ``level`` and below wait rather than take it."""

    name: str
    level: str
    need: Need = Need()
    units: frozenset[str] | None = None
    """Which units can be it (those of one station); None: any."""


@dataclass(frozen=True)
class Rules:
    """What a place has decided about sending: data of the region, in one piece. Refuses nonsense (ValueError).

    A second of road counts ``weights[level] * 60 / target``: it counts five times as much under a promise of one minute as
    under one of five. Targets are those of the 1-3-5-minute kind, by (zone, level); ("", level) is for everywhere else.
    """

    levels: tuple[str, ...]
    """Most urgent first."""
    targets: Mapping[tuple[str, str], float]
    weights: Mapping[str, float] = field(default_factory=dict)
    beyond: float = 0.0
    """How much more a second beyond the target counts: 0 not at all, 1 twice."""
    turn: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """A unit under way to an incident of the first level may be turned round for one of these. Never for its own level."""
    leave: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same for a unit that is already there. Empty: nobody is taken from where they are."""
    turn_s: float = 60.0
    """What must be saved at an incident before another unit replaces the one that is under way to it."""
    aid_s: Mapping[str, float] = field(default_factory=dict)
    """For which levels neighbours are asked, and by how much nearer they must be than the own."""
    left_s: Mapping[str, float] = field(default_factory=dict)
    """How much of its shift a unit must have left once it is there."""
    stale_s: float = 120.0
    stale_cost_s: float = 300.0
    """A position older than the first counts as so much farther: it is taken only if nobody else is near."""
    reserves: tuple[Reserve, ...] = ()
    ages: float | None = None
    """An incident that has waited this many targets ranks a level higher, once more for each further time. None: never."""

    def __post_init__(self) -> None:
        missing = [one for one in self.levels if self.targets.get(("", one), 0) <= 0]
        if not self.levels or missing or any(not 0 < one < DAY_S for one in self.targets.values()):
            raise ValueError(f"every level needs a target above 0 s for everywhere: {missing}")
        known = set(self.levels)
        named = {
            *self.weights,
            *self.turn,
            *self.leave,
            *self.aid_s,
            *self.left_s,
            *(r.level for r in self.reserves),
        }
        named |= {to for goes in (*self.turn.values(), *self.leave.values()) for to in goes}
        if named - known:
            raise ValueError(f"no such level: {sorted(named - known)}")
        numbers = (
            *self.aid_s.values(),
            *self.left_s.values(),
            self.beyond,
            self.turn_s,
            self.stale_s,
            self.stale_cost_s,
        )
        if any(not 0 <= one < DAY_S for one in numbers) or any(
            not 0 < w < 1e6 for w in self.weights.values()
        ):
            raise ValueError("seconds are between 0 and a day, weights above 0")
        if self.ages is not None and self.ages <= 0:
            raise ValueError("ages is above 0")
        for way in (self.turn, self.leave):
            for lesser, others in way.items():
                if any(self.levels.index(to) >= self.levels.index(lesser) for to in others):
                    raise ValueError(f"only something more urgent takes a unit from {lesser}")

    def level(self, one: Incident) -> str:
        """Its level; one that the rules do not know counts as the most urgent."""
        return one.level if one.level in self.levels else self.levels[0]

    def target(self, one: Incident) -> float:
        """Within how many seconds somebody is to be there."""
        level = self.level(one)
        return self.targets.get((one.zone, level), self.targets["", level])

    def weight(self, one: Incident) -> float:
        """What a second of road counts for it."""
        return self.weights.get(self.level(one), 1.0) * 60.0 / self.target(one)

    def waited(self, one: Incident, now: float) -> float:
        """Seconds since it was told; none if the clock that told it runs ahead."""
        return max(0.0, now - one.since)

    def urgency(self, one: Incident, now: float) -> tuple[int, float, float, str]:
        """Sorts incidents: the level (raised by waiting, see ``ages``), then the share of the target that is used up."""
        used = self.waited(one, now) / self.target(one)
        rank = self.levels.index(self.level(one))
        if self.ages is not None:
            rank = max(0, rank - int(used / self.ages))
        return rank, -used, -self.waited(one, now), one.id


@dataclass(frozen=True)
class Times:
    """Road seconds, a row an incident and a column a unit: ``inf`` where no way leads, ``nan`` where nobody knows."""

    seconds: NDArray[np.float64]
    routed: NDArray[np.bool_]
    """False where the time was only estimated."""

    def __post_init__(self) -> None:
        if self.seconds.shape != self.routed.shape or self.seconds.ndim != 2:
            raise ValueError("seconds and routed are two tables of one shape")

    @classmethod
    def of(
        cls, rows: Mapping[str, Mapping[str, Road]], incidents: Sequence[Incident], units: Sequence[Unit]
    ) -> Times:
        """From the router's rows by incident and unit. A row or a time that is not there is unknown, not far."""
        seconds = np.full((len(incidents), len(units)), np.nan)
        routed = np.zeros((len(incidents), len(units)), dtype=np.bool_)
        names = [one.id for one in units]
        for number, incident in enumerate(incidents):
            row = rows.get(incident.id, {})
            told = [row.get(name, _UNKNOWN) for name in names]
            seconds[number] = [np.inf if t is None else t for t, _ in told]
            routed[number] = [by_road for _, by_road in told]
        return cls(seconds, routed)

    @classmethod
    def guessed(cls, seconds: NDArray[np.float64]) -> Times:
        """A table that nobody routed."""
        return cls(seconds, np.zeros(seconds.shape, dtype=np.bool_))
