"""Everything open and everybody on duty as one question, and what comes back as lines that a dispatcher reads and sends by.

Without the process that holds the map nothing stops: the nearest who fit, by the straight line, and it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from doorstep.domains.command.calls import kinds, reading
from doorstep.domains.command.dispatch import closures
from doorstep.domains.command.units import duty
from doorstep.geo import advice
from doorstep.geo.advice import CallAt, Choice, Moving, Reached, UnitAt
from doorstep.geo.router import StraightLine
from doorstep.geo.talk import Away
from doorstep.kernel.org import town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.words import Words
from doorstep.web import ground

_FREE: Final = frozenset({"available", "finished"})
_LINE: Final = StraightLine()
_BY_LINE: Final = Words("按直线估算，最近的空闲警力", "The nearest that is free, by the straight line")
_NOBODY: Final = Words("没有空闲的警力", "Nobody is free")
_ANY: Final = Words("警力", "Unit")
_NO_PLACE: Final = Words("不知道在哪，不能算路程", "No place yet, so no road time")


@dataclass(frozen=True, slots=True)
class Line:
    """Who should take one need of a call. ``unit`` None: nobody does, and ``said`` why. ``sent``: it is out already."""

    need: Words
    unit: duty.Standing | None
    minutes: int | None
    routed: bool
    late: bool
    runner_up: str
    runner_up_id: int | None
    said: tuple[Words, ...]
    codes: tuple[str, ...] = ()
    sent: bool = False


@dataclass(slots=True)
class Advice:
    """One open call with its lines."""

    call: reading.OpenCall
    lines: list[Line] = field(default_factory=list)
    off_road: bool = False

    @property
    def new(self) -> list[Line]:
        """Whom to alert now."""
        return [one for one in self.lines if one.unit is not None and not one.sent]

    def reason(self) -> dict[str, dict[str, Any]]:
        """What advised each unit, as it is kept with the sending."""
        return {
            str(one.unit.id): {
                "codes": list(one.codes), "said": [[w.zh, w.en] for w in one.said], "minutes": one.minutes,
                "routed": one.routed, "runner_up": one.runner_up_id,
            }
            for one in self.lines if one.unit is not None
        }  # fmt: skip


@dataclass(slots=True)
class Board:
    """The whole picture. ``away``: no map answers, so lines are by the straight line; ``waiting``: the backlog by number."""

    calls: list[Advice]
    away: bool = False
    held: tuple[tuple[Words, str], ...] = ()
    waiting: tuple[str, ...] = ()
    move: Moving | None = None
    moves: str = ""
    ending: tuple[tuple[str, datetime], ...] = ()
    free: int = 0
    rows_s: int = 0


def read(viewer: Viewer, only: UUID | None = None, moves: bool = True) -> Board:
    """The board as it stands, or one call of it (all others still count). ``moves``: with advice to move a unit."""
    calls = [one for one in reading.open_calls(viewer, log=only is None) if one.parent_id is None]
    units = [one for one in duty.standing() if one.state != "off"]
    placed = [one for one in calls if one.lon is not None and one.lat is not None]
    judged = [_call(one, units) for one in placed]
    asked, on = (
        [call for call, _ in judged],
        {unit: where for _, out in judged for unit, where in out.items()},
    )
    told = [_unit(one, on) for one in units]
    board = Board(
        [Advice(one) for one in calls], free=sum(one.state in _FREE for one in units), ending=_ending(units)
    )
    rings = closures.rings()
    try:
        found = advice.advise(ground.beside(), asked, told, clock.now().timestamp(), rings,
                              None if only is None else [str(only)])  # fmt: skip
        if moves:
            board.move = advice.relocate(ground.beside(), told, rings)
    except Away:
        board.away = True
        found = _by_line(asked, told)
    by_id = {str(one.id): one for one in units}
    names = {str(one.id): one.number for one in calls}
    board.held = tuple((name, by_id[unit].callsign) for name, unit in found.held)
    board.waiting = tuple(dict.fromkeys(names[call] for call, _ in found.waiting))
    board.moves = by_id[board.move.unit].callsign if board.move else ""
    board.rows_s = round(found.rows_s)
    for one in board.calls:
        _fill(one, found, {call.id: call for call in asked}, by_id)
    if only is not None:
        board.calls = [one for one in board.calls if one.call.id == only]
    return board


def cover(viewer: Viewer) -> tuple[tuple[Reached, ...], dict[str, str]]:
    """How soon each community is reached by who is free now, and the callsigns by id. Raises Away."""
    units = duty.standing()
    found = advice.cover(ground.beside(), [_unit(one, {}) for one in units], closures.rings())
    return found, {str(one.id): one.callsign for one in units}


def _fill(
    one: Advice, found: advice.Advised, asked: Mapping[str, CallAt], units: Mapping[str, duty.Standing]
) -> None:
    key = str(one.call.id)
    one.off_road = key in found.off_road
    if key not in asked:
        one.lines = [Line(_ANY, None, None, False, False, "", None, (_NO_PLACE,))]
        return
    out = {str(each["id"]) for each in one.call.out}
    needs = asked[key].needs
    one.lines = [
        _line(choice, needs[choice.need], units, choice.unit in out)
        for choice in found.choices
        if choice.call == key
    ]


def _line(told: Choice, need: Mapping[str, Any], units: Mapping[str, duty.Standing], sent: bool) -> Line:
    unit, second = units.get(told.unit or ""), units.get(told.runner_up or "")
    minutes = None if told.seconds is None else max(1, round(told.seconds / 60))
    return Line(
        _need_words(need), unit, minutes, told.routed, "late" in told.codes, second.callsign if second else "",
        second.id if second else None, told.said, told.codes, sent,
    )  # fmt: skip


def _need_words(need: Mapping[str, Any]) -> Words:
    team = str(need.get("team", ""))
    if team:
        return kinds.TEAMS.get(team, Words(team, team))
    return kinds.FORCE[str(next(iter(need["vehicles"])))] if need.get("vehicles") else _ANY


def _call(one: reading.OpenCall, units: Sequence[duty.Standing]) -> tuple[CallAt, dict[int, tuple[str, int]]]:
    """A call with what it needs, and which need each unit that is out for it meets: the first that fits, or one of its own. Who
    was silent for the plan's time meets none: the next in the plan is advised beside it.
    """
    needs = [_need(each) for each in kinds.plan(one.kind, one.level).send for _ in range(each.count)]
    needs = needs or [{"vehicles": ["car"]}]
    by_id = {each.id: each for each in units}
    met, on = [], {}
    taken: set[int] = set()
    for each in sorted(one.sent, key=lambda each: bool(each["late"])):
        unit = by_id.get(int(each["id"]))
        if unit is None or each["ended"] not in ("", None, "cleared"):
            continue
        if not each["ended"] and unit.state == "broken":
            continue
        fitting = sorted(
            (k for k, need in enumerate(needs) if k not in taken and fits(unit, need)),
            key=lambda k: needs[k].get("vehicles", [unit.kind])[0] != unit.kind,
        )
        silent = each["late"] and not each["ended"]
        number = fitting[0] if fitting and not silent else -1
        if number < 0:
            number = len(needs)
            needs.append({"team": unit.team} if unit.team else {"vehicles": [unit.kind]})
        taken.add(number)
        if each["ended"]:
            met.append(number)
        else:
            on[unit.id] = str(one.id), number
    lon, lat = float(one.lon or 0), float(one.lat or 0)
    call = CallAt(str(one.id), one.number, lon, lat, one.level, one.told_at.timestamp(), tuple(needs), _force(one.unit_id),
                  tuple(met))  # fmt: skip
    return call, on


def _need(one: kinds.Wanted) -> dict[str, Any]:
    """A car does what a patrol on foot does, where none is near."""
    if one.team:
        return {"team": one.team}
    return {"vehicles": ["foot", "car"] if one.kind == "foot" else [one.kind]}


def fits(unit: duty.Standing, need: Mapping[str, Any]) -> bool:
    """Whether this unit is what the need asks for."""
    if need.get("team"):
        return bool(unit.team == need["team"])
    return not need.get("vehicles") or (unit.kind in need["vehicles"] and not unit.team)


def _unit(one: duty.Standing, on: Mapping[int, tuple[str, int]]) -> UnitAt:
    """A unit as it is asked about; ``vehicle`` is its kind, so that a plan's car is a patrol's and no team's. ``on``: which need of
    which call each unit meets; one that is out for a call which is not on the board is busy with it.
    """
    lon, lat = (one.lon, one.lat) if one.lon is not None else (one.home_lon, one.home_lat)
    busy = None if one.on_matter is None or one.state == "broken" else on.get(one.id, (str(one.on_matter), 0))
    return UnitAt(
        str(one.id), one.callsign, lon, lat, one.state, busy, one.team, one.skills, one.kit, one.rights, one.kind,
        _force(one.unit_id), one.shift_to.timestamp() if one.shift_to else None,
        one.position_at.timestamp() if one.position_at else None,
    )  # fmt: skip


def _force(unit_id: int | None) -> str:
    unit = town().units.get(unit_id or 0)
    return str(unit.county or "") if unit else ""


def _ending(units: Sequence[duty.Standing]) -> tuple[tuple[str, datetime], ...]:
    now = clock.now()
    soon = [
        (one.callsign, one.shift_to)
        for one in units
        if one.shift_to and 0 <= (one.shift_to - now).total_seconds() <= 1800
    ]
    return tuple(soon)


def _by_line(calls: Sequence[CallAt], units: Sequence[UnitAt]) -> advice.Advised:
    """The most urgent first, the nearest free one that fits, by the straight line."""
    left = {one.id: one for one in units if one.state in _FREE and one.lon is not None}
    order = sorted(calls, key=lambda one: (list(kinds.LEVELS).index(one.level), one.since))
    on = {one.on: one for one in units if one.on and one.state not in _FREE}
    choices, waiting = [], []
    for call in order:
        for number, need in enumerate(call.needs):
            if number in call.met:
                continue
            unit = on.get((call.id, number)) or _nearest(call, need, left.values())
            if unit is None:
                waiting.append((call.id, number))
                choices.append(
                    Choice(call.id, number, None, None, False, None, None, 0.0, ("nobody",), (_NOBODY,))
                )
                continue
            left.pop(unit.id, None)
            choices.append(
                Choice(
                    call.id,
                    number,
                    unit.id,
                    _seconds(call, unit),
                    False,
                    None,
                    None,
                    0.0,
                    ("estimated",),
                    (_BY_LINE,),
                )
            )
    return advice.Advised(tuple(choices), tuple(waiting), (), (), (), 0.0)


def _nearest(call: CallAt, need: Mapping[str, Any], units: Any) -> UnitAt | None:
    able = [
        one for one in units
        if (one.team == need["team"] if need.get("team") else one.vehicle in need.get("vehicles", ()) and not one.team)
    ]  # fmt: skip
    return min(able, key=lambda one: _seconds(call, one), default=None)


def _seconds(call: CallAt, unit: UnitAt) -> float:
    if unit.lon is None or unit.lat is None:
        return float("inf")
    return _LINE.matrix([(unit.lon, unit.lat)], [(call.lon, call.lat)])[0][0].seconds or 0.0
