"""Points of service and units as pages show them: open or not, until when, where; and the lists forms choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.kernel.org import point_named, reach_at, town
from doorstep.rulebook import clock, pack
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web import saying
from doorstep.web.opening import Opening, opening

_COUNTERS = ("hall", "station", "room")
_HAND_OUT = ("hall", "station")


@dataclass(frozen=True, slots=True)
class Place:
    """A point of service, or a unit to choose."""

    code: str
    name: Words
    line: Words | None = None
    address: Words | None = None
    phone: str = ""
    hours: Words | None = None
    open: bool = False
    until: str = ""
    opens: Words | None = None


def counters(channels: tuple[str, ...] = _COUNTERS) -> tuple[Place, ...]:
    """Points with people in them that serve one of ``channels``, the open ones first."""
    points = (p for p in town().points.values() if set(p.channels) & set(channels) & set(_COUNTERS))
    return tuple(sorted((_place(p.code) for p in points), key=lambda place: not place.open))


def serving(code: str) -> tuple[Place, ...]:
    """Points with people in them at which an item can be brought, as the layers there say, the open ones first."""
    points = (
        p
        for p in town().points.values()
        if set(p.channels) & set(pack.current(code, reach_at(p.code)).channels) & set(_COUNTERS)
    )
    return tuple(sorted((_place(p.code) for p in points), key=lambda place: not place.open))


def listed(source: str) -> tuple[Place, ...]:
    """What a form's ``x-options-from`` offers: ``units.<kind>`` or ``points.<kind or hand_out>``."""
    what, _, kind = source.partition(".")
    if what == "units":
        return tuple(Place(u.code, u.name) for u in town().units.values() if u.kind == kind and u.active)
    kinds = _HAND_OUT if kind == "hand_out" else (kind,)
    return tuple(_place(p.code) for p in town().points.values() if set(p.channels) & set(kinds))


def place_named(code: str) -> Place:
    """A point of service by its code. Refused: "no-point"."""
    return _place(point_named(code).code)


def online_point(found: Pack, data: Mapping[str, Any]) -> str:
    """Where an online application comes in: the point it is fetched at, else one of the unit that decides."""
    chosen, unit = found.hand_out_code(data), found.competent_code(data)
    if isinstance(chosen, str) and chosen in town().point_by_code:
        return chosen
    online = [p for p in town().points.values() if "online" in p.channels]
    near = [p for p in online if unit and town().units[p.unit_id].code == unit]
    return (near or online)[0].code


def _place(code: str) -> Place:
    point = town().point_by_code[code]
    now = opening(point.hours, calendar(), clock.now())
    hours, opens = _hours(now), _opens(now)
    return Place(
        point.code,
        point.name,
        Words(f"{hours.zh}，{point.address_zh}", f"{hours.en}, {point.address_en}"),
        point.address,
        point.phone,
        hours,
        now.open,
        f"{now.until:%H:%M}" if now.until else "",
        opens,
    )


def _hours(now: Opening) -> Words:
    if now.until:
        return Words(f"今天开到 {now.until:%H:%M}", f"open until {now.until:%H:%M} today")
    opens = _opens(now)
    return Words(f"{opens.zh} 开", f"opens {opens.en}") if opens else Words("近两周不开", "closed for now")


def _opens(now: Opening) -> Words | None:
    if now.next is None:
        return None
    moment = clock.now().astimezone(now.next.tzinfo)
    days = (now.next.date() - moment.date()).days
    if days == 0:
        return Words(f"今天 {now.next:%H:%M}", f"today {now.next:%H:%M}")
    weekday = saying.weekday(now.next)
    if days == 1:
        return Words(f"明天 {now.next:%H:%M}", f"tomorrow {now.next:%H:%M}")
    if days < 7:
        return Words(f"{weekday.zh} {now.next:%H:%M}", f"{weekday.en} {now.next:%H:%M}")
    return Words(f"{now.next.month}月{now.next.day}日 {now.next:%H:%M}", f"{now.next:%d %b} {now.next:%H:%M}")
