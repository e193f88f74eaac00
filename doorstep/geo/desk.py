"""Dispatching beside the map: plans, cover, posts and moves, from plain questions to plain answers.

The process that holds the map loads this when it is first asked, for the solvers weigh some forty megabytes. It keeps road times
for half a minute (`geo.rows`) and those between posts and communities until the closures change; of calls and units nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from doorstep.geo.advice import CallAt, UnitAt
from doorstep.geo.crs import Degrees
from doorstep.geo.router import ROUTED, Ring, Router
from doorstep.geo.rows import Rows
from doorstep.geo.shapes import Area, Areas
from doorstep.rulebook.words import Words
from doorstep.solve.assign import Answer, assign
from doorstep.solve.assign import Choice as Chosen
from doorstep.solve.duty import FREE, NOTHING, Incident, Times, Unit
from doorstep.solve.orders import Orders, Post, need
from doorstep.solve.posts import Band, Cover, Ground, Move, Numbers, by_band, coverage
from doorstep.solve.posts import advise as best_move
from doorstep.solve.spoken import advice, said

Json = dict[str, Any]
_ZONE = "zone"


class Desk:
    """Answers with the orders of one place, over one map. ``router``: who knows the way at this moment."""

    def __init__(self, router: Callable[[], Router], areas: Areas, orders: Orders) -> None:
        self._router, self._areas, self.orders = router, areas, orders
        self._rows = Rows(router)
        self._communities = areas.of("community")
        self._codes = [one.code for one in self._communities]
        self._posts = orders.posts or tuple(
            Post(one.code, one.name, *one.middle) for one in self._communities
        )
        self._between: tuple[tuple[Ring, ...], Times] | None = None
        self._placed: dict[bytes, list[Json]] = {}

    def advise(self, asked: Json) -> Json:
        """Who goes where; see `geo.advice.advise`."""
        calls, units = [CallAt(**one) for one in asked["calls"]], _units(asked)
        times, off, oldest = self._rows.times(calls, units, _rings(asked))
        incidents = [self._incident(one) for one in calls]
        soldiers = [_unit(one) for one in units]
        table = Times.of(times, incidents, soldiers)
        rules, explain = self.orders.rules, asked.get("explain")
        answer = assign(incidents, soldiers, table, rules, float(asked["now"]), explain)
        names = {one.id: one.name for one in calls} | {one.id: one.name for one in units}
        by_id = {one.id: one for one in incidents}
        return {
            "choices": [self._told(one, names, rules.target(by_id[one.incident])) for one in answer.choices],
            "waiting": answer.waiting, "let_go": answer.let_go, "held": self._held(answer), "off_road": off,
            "rows_s": oldest,
        }  # fmt: skip

    def refresh(self) -> int:
        """Have road times that are still wanted asked anew before they are old; how many rows that were."""
        return self._rows.refresh()

    def cover(self, asked: Json) -> list[Json]:
        """How soon each community is reached now; see `geo.advice.cover`."""
        units = [one for one in _units(asked) if one.state in FREE and one.lon is not None]
        if not self._communities:
            return []
        places = [self._as_call(one) for one in self._communities]
        times, _, _ = self._rows.times(places, units, _rings(asked))
        by_community = [times[one.id] for one in places]
        unknown = (float("nan"), False)
        cells = [[row.get(one.id, unknown) for row in by_community] for one in units]
        seconds = np.array([[np.inf if t is None else t for t, _ in row] for row in cells], dtype=float)
        routed = np.array([[by for _, by in row] for row in cells], dtype=bool)
        shape = (len(units), len(places))
        table = Times(seconds.reshape(shape), routed.reshape(shape))
        return [self._reached(one, units) for one in coverage(table, np.ones(len(units), dtype=np.bool_))]

    def posts(self, asked: Json) -> list[Json]:
        """Where units should wait in each band; see `geo.advice.posts`. Nowhere, where no communities are drawn."""
        if not self._posts or not self._communities:
            return []
        demand = self._demand(asked.get("demand"))
        key = demand.tobytes()  # ten seconds of work: a page that gave up finds it done when it asks again
        if key not in self._placed:
            placed = self._place(demand)
            if self._between is None:  # by the straight line: not for long
                return placed
            self._placed = {key: placed}
        return self._placed[key]

    def _place(self, demand: Numbers) -> list[Json]:
        bands = [
            Band(one.name, one.units, one.calls_per_hour, one.seconds_per_call, demand)
            for one in self.orders.bands
        ]
        placed = by_band(self._ground(()).seconds, self._targets(), bands, most=3)
        return [
            {"band": _two(one.words), "covered": placed[one.name].covered, "bound": placed[one.name].bound,
             "posts": [(post.code, _two(post.name), int(n)) for post, n in
                       zip(self._posts, placed[one.name].counts, strict=True) if n]}
            for one in self.orders.bands
        ]  # fmt: skip

    def relocate(self, asked: Json) -> Json | None:
        """The move that buys most, or None; see `geo.advice.relocate`."""
        units = [one for one in _units(asked) if one.state in FREE and one.lon is not None]
        if not units or not self._posts or not self._communities:
            return None
        closed = _rings(asked)
        times, _, _ = self._rows.times([_at_post(one) for one in self._posts], units, closed)
        drives = np.array([[_seconds(times[post.code].get(one.id)) for post in self._posts] for one in units])
        waiting = [int(row.argmin()) for row in drives]
        ground = Ground(self._ground(closed).seconds, self._demand(asked.get("demand")), self._targets())
        movable = asked.get("movable")
        may = None if movable is None else [k for k, one in enumerate(units) if one.id in movable]
        orders = self.orders
        move = best_move(
            ground, waiting, drives, orders.busy, movable=may, least=orders.least, longest_s=orders.longest_s
        )
        return self._moving(move, units[move.unit]) if move else None

    def _incident(self, one: CallAt) -> Incident:
        needs = tuple(need(each) for each in one.needs)
        return Incident(
            one.id, one.level, one.since, needs, self._zone((one.lon, one.lat)), one.force, frozenset(one.met)
        )

    def _zone(self, at: Degrees) -> str:
        area = self._areas.at(at, "community")
        return str(area.more.get(_ZONE, "")) if area else ""

    def _told(self, one: Chosen, names: Mapping[str, str], target_s: float) -> Json:
        called = self._called(names)
        sentences = {lang: [said(reason, called(lang)) for reason in one.reasons] for lang in ("zh", "en")}
        return {
            "call": one.incident, "need": one.need, "unit": one.unit, "seconds": one.seconds, "routed": one.routed,
            "runner_up": one.runner_up, "runner_up_s": one.runner_up_s, "target_s": target_s,
            "codes": [reason.code for reason in one.reasons],
            "said": [(zh.zh, en.en) for zh, en in zip(sentences["zh"], sentences["en"], strict=True)],
        }  # fmt: skip

    def _called(self, names: Mapping[str, str]) -> Callable[[str], Callable[[str], str]]:
        def of(lang: str) -> Callable[[str], str]:
            reserves = {code: getattr(words, lang) for code, words in self.orders.reserves.items()}
            return lambda name: names.get(name) or reserves.get(name, name)

        return of

    def _held(self, answer: Answer) -> list[tuple[list[str], str]]:
        return [(_two(self.orders.reserves[code]), unit) for code, unit in answer.held]

    def _as_call(self, one: Area) -> CallAt:
        lon, lat = one.middle
        return CallAt(one.code, one.name.zh, lon, lat, self.orders.level, 0.0)

    def _reached(self, one: Cover, units: Sequence[UnitAt]) -> Json:
        area = self._communities[one.community]
        lon, lat = area.middle
        return {
            "code": area.code, "name": _two(area.name), "lon": lon, "lat": lat, "seconds": one.seconds,
            "target_s": self.orders.target(str(area.more.get(_ZONE, ""))),
            "unit": None if one.unit is None else units[one.unit].id, "routed": one.routed, "next_s": one.next_s,
        }  # fmt: skip

    def _targets(self) -> Numbers:
        return np.array([self.orders.target(str(one.more.get(_ZONE, ""))) for one in self._communities])

    def _demand(self, told: Mapping[str, float] | None) -> Numbers:
        by_zone = self.orders.demand
        own = {
            one.code: by_zone.get(str(one.more.get(_ZONE, "")), 1.0 if not by_zone else 0.0)
            for one in self._communities
        }
        counted = {code: float(many) for code, many in (told or {}).items() if code in own}
        return np.array([(counted or own).get(code, 0.0) for code in self._codes])

    def _ground(self, closed: tuple[Ring, ...]) -> Times:
        """Road times from each post to each community: asked again when the closures change."""
        if self._between is None or self._between[0] != closed:
            there = [one.middle for one in self._communities]
            rows = self._router().matrix([(one.lon, one.lat) for one in self._posts], there, closed)
            seconds = np.array([[_seconds((t.seconds, True)) for t in row] for row in rows])
            routed = np.array([[t.source == ROUTED for t in row] for row in rows])
            self._between = closed, Times(seconds, routed)
            if not routed.all():  # the streets may be there in a moment
                found, self._between = self._between[1], None
                return found
        return self._between[1]

    def _moving(self, move: Move, unit: UnitAt) -> Json:
        post = self._posts[move.post]
        words = Words(advice(move, unit.name, post.name.zh).zh, advice(move, unit.name, post.name.en).en)
        return {
            "unit": unit.id, "post": post.code, "post_name": _two(post.name), "lon": post.lon, "lat": post.lat,
            "drive_s": move.drive_s, "said": _two(words),
            "wins": [_two(self._communities[number].name) for number, _, _ in move.wins],
        }  # fmt: skip


def _units(asked: Json) -> list[UnitAt]:
    return [UnitAt(**one) for one in asked["units"]]


def _rings(asked: Json) -> tuple[Ring, ...]:
    return tuple(tuple((float(lon), float(lat)) for lon, lat in ring) for ring in asked.get("closed", ()))


def _unit(one: UnitAt) -> Unit:
    on = (one.on[0], int(one.on[1])) if one.on else None
    return Unit(
        one.id, one.state, on, one.team, frozenset(one.skills), frozenset(one.kit), frozenset(one.rights), one.vehicle,
        one.force, one.shift_ends, one.position_at, frozenset(one.barred) or NOTHING,
    )  # fmt: skip


def _at_post(one: Post) -> CallAt:
    return CallAt(one.code, one.code, one.lon, one.lat, "", 0.0)


def _seconds(told: tuple[float | None, bool] | None) -> float:
    return float("inf") if told is None or told[0] is None else told[0]


def _two(words: Words) -> list[str]:
    return [words.zh, words.en]
