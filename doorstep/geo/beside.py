"""The map as other processes ask it: over loopback, from the process that holds it (`doorstep ground`).

What reads streets and areas weighs a hundred megabytes; it lies in one process, and whoever needs an answer sends JSON
there. `Beside` is a `Router`; without the process its answers are estimated along the straight line, and places are not
found (`Away`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from doorstep.geo.cordon import Chase, heard
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Driven, Fix, Leg, Reach, Ring, Time, Unreachable, Way
from doorstep.geo.talk import Away, Talk
from doorstep.rulebook.words import Words

SAID = {Unreachable: 422, Away: 503}
"""How the two ways of not answering travel."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Whose ground something is on: a station's, a community's."""

    kind: str
    code: str
    name: Words


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that was found: ``fits`` 0 to 1, ``exact`` when nothing that was typed is left over."""

    name: str
    kind: str
    lon: float
    lat: float
    fits: float
    exact: bool
    grounds: tuple[Ground, ...]

    @property
    def at(self) -> Degrees:
        return (self.lon, self.lat)

    def ground(self, kind: str) -> Ground | None:
        """The area of this kind that the place lies in."""
        return next((one for one in self.grounds if one.kind == kind), None)


class Beside:
    """The process at ``url``."""

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        there = urlsplit(url)
        self.url, self._talk = url, Talk(there.hostname or "127.0.0.1", there.port or 80, timeout_s)

    def ready(self) -> str:
        """ "routed" or "estimated", the kind of its times. Raises Away."""
        return str(self.ask("ready", {})["source"])

    def find(self, text: str, most: int = 8, near: Degrees | None = None) -> list[Hit]:
        """Places as people type or say them, best first. Raises Away."""
        return [_hit(one) for one in self.ask("find", {"text": text, "most": most, "near": near})]

    def at(self, place: Degrees) -> Hit | None:
        """The named place nearest to this one, and whose ground it is; None outside every area. Raises Away."""
        found = self.ask("at", {"place": place})
        return _hit(found) if found else None

    def route(self, stops: Sequence[Degrees], closed: Sequence[Ring] = (), mode: str = "auto") -> Way:
        told = self.ask("route", {"stops": stops, "closed": closed, "mode": mode})
        legs = tuple(Leg(**one) for one in told.pop("legs"))
        return Way(legs=legs, line=_degrees(told.pop("line")), **told)

    def matrix(
        self,
        origins: Sequence[Degrees],
        targets: Sequence[Degrees],
        closed: Sequence[Ring] = (),
        mode: str = "auto",
    ) -> list[list[Time]]:
        rows = self.ask("matrix", {"origins": origins, "targets": targets, "closed": closed, "mode": mode})
        return [[Time(*cell) for cell in row] for row in rows]

    def isochrone(self, origin: Degrees, seconds: Sequence[float], mode: str = "auto") -> list[Reach]:
        told = self.ask("isochrone", {"origin": origin, "seconds": seconds, "mode": mode})
        return [
            Reach(one["seconds"], tuple(_degrees(ring) for ring in one["rings"]), one["source"])
            for one in told
        ]

    def match(self, fixes: Sequence[Fix]) -> list[Driven]:
        return [Driven(**one) for one in self.ask("match", {"fixes": [asdict(one) for one in fixes]})]

    def chase(
        self, seen: Degrees, heading: float | None, age_s: float, units: Mapping[str, Degrees]
    ) -> Chase:
        """Which places to close around somebody who fled, see `geo.chase`. Raises Away."""
        asked = {"seen": seen, "heading": heading, "age_s": age_s, "units": units}
        return heard(self.ask("chase", asked))

    def locate(self, place: Degrees, mode: str = "auto") -> Degrees | None:
        found = self.ask("locate", {"place": place, "mode": mode})
        return (found[0], found[1]) if found else None

    def patrol(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A patrol plan is asked for (``plan``: gives ``job``), or how far it is (``job``: gives ``state``). Raises Away."""
        told: dict[str, Any] = self.ask("patrol", asked)
        return told

    def patrolled(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What became of visits, by tracks matched to streets. Raises Away."""
        told: list[dict[str, Any]] = self.ask("patrolled", asked)
        return told

    def ask(self, what: str, asked: Mapping[str, Any]) -> Any:
        """One question, and what is told to it. Raises Unreachable, Away."""
        status, raw = self._talk.ask(f"/{what}", asked)
        if status == SAID[Unreachable]:
            raise Unreachable(raw.decode(errors="replace"))
        if status != 200:
            raise Away(f"{self.url}: {status}")
        return json.loads(raw)


def _hit(told: dict[str, Any]) -> Hit:
    grounds = tuple(Ground(kind, code, Words(zh, en)) for kind, code, zh, en in told.pop("grounds"))
    return Hit(grounds=grounds, **told)


def _degrees(told: Sequence[Sequence[float]]) -> tuple[Degrees, ...]:
    return tuple((one[0], one[1]) for one in told)
