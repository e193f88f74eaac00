"""Points of service and units as pages show them: open or not, until when, where; and the lists forms choose from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from doorstep.kernel.org import Town, point_named, reach_at, town
from doorstep.rulebook import clock, pack
from doorstep.rulebook.hours import MIDNIGHT, Hours, Opening, clock_words
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import calendar, region
from doorstep.rulebook.region_profile import RegionProfile
from doorstep.rulebook.taking import held_open
from doorstep.rulebook.words import Words
from doorstep.web import saying
from doorstep.web.catalogue import BRANCHES

_COUNTERS = ("hall", "station", "room")
_WALK_IN = (*_COUNTERS, "workstation", "kiosk")
_OPEN = Words("现在开着", "open now")
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
    week: Words | None = None
    """Its usual times: 周一至周五 9:00–17:00."""
    unusual: tuple[Words, ...] = ()
    """Days ahead on which it is closed or open otherwise, and why."""
    sure: bool = True
    """False: its name, address or hours are ours, until somebody who knows the place says them."""
    coming: tuple[Words, ...] = ()
    """Other weeks, and days on which it takes some branches only, that begin soon or hold already for a while."""


def brought(packs: Iterable[Pack], channel: str = "", point: str = "") -> tuple[Pack, ...]:
    """Those of ``packs`` that can be brought through a channel, without one through any; at a point, without one at any.

    At a point without a channel: what is done by coming there. Nothing is brought through a channel that no point has.
    Refused: "no-point".
    """
    if point:
        packs = [one for one in packs if held_open(point_named(point).hours, one.code)]
    through = _through(town(), [point_named(point).id]) if point else _all_through(town())
    wanted = {channel} if channel else (set(through) - {"online"} if point else set()) or set(through)
    return tuple(one for one in packs if _takes(through, wanted, one))


def offered() -> tuple[Pack, ...]:
    """All that a person can find here: what is brought somewhere, and what one can at least read up on online."""
    packs = pack.listed()
    here = {one.code for one in brought(packs)}
    return tuple(one for one in packs if one.code in here or extent(one.code) == "look_guide")


def online_here(found: Pack) -> bool:
    """Can it be begun online?"""
    return bool(brought([found], "online"))


def extent(code: str) -> str:
    """How far an item goes online as the region's lists say (`region_profile.EXTENTS`); empty where they say nothing."""
    return region().extents.get(code, "")


def lists_at(point: str) -> tuple[RegionProfile, ...]:
    """The lists of what is done by coming to a point; none if it takes all that its channels allow."""
    here = region()
    named = [
        code for name, codes in here.listed_at.get(point, {}).items() if name != "online" for code in codes
    ]
    return tuple(here.lists[code] for code in dict.fromkeys(named) if code in here.lists)


Through = Mapping[str, frozenset[str] | None]
"""By channel the codes that are taken; None: all that go through it."""


def _takes(through: Through, wanted: set[str], one: Pack) -> bool:
    for name in one.channels:
        if name in wanted and name in through:
            codes = through[name]
            if codes is None or one.code in codes:
                return True
    return False


def _through(now: Town, points: Iterable[int]) -> Through:
    found: dict[str, frozenset[str] | None] = {}
    for point in (now.points[one] for one in points):
        for channel in point.channels:
            listed = frozenset(point.takes[channel]) if channel in point.takes else None
            held = found.get(channel, frozenset())
            found[channel] = None if listed is None or held is None else held | listed
    return found


@lru_cache(maxsize=1)
def _all_through(now: Town) -> Through:
    return _through(now, now.points)


def counters(channels: tuple[str, ...] = _COUNTERS) -> tuple[Place, ...]:
    """Points with people in them that serve one of ``channels``, the open ones first."""
    points = (p for p in town().points.values() if set(p.channels) & set(channels) & set(_COUNTERS))
    return tuple(sorted((_place(p.code) for p in points), key=lambda place: not place.open))


def serving(code: str) -> tuple[Place, ...]:
    """Points to which one can go with an item, as the layers there say, the open ones first: counters, then those without
    people, some of which are open at night."""
    offered = (
        (p, {name for name in pack.current(code, reach_at(p.code)).channels if p.serves(name, code)})
        for p in town().points.values()
    )
    found = [
        (_place(p.code), not channels & set(_COUNTERS)) for p, channels in offered if channels & set(_WALK_IN)
    ]
    return tuple(place for place, alone in sorted(found, key=lambda one: (not one[0].open, one[1])))


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
    taken = [p for p in town().points.values() if p.serves("online", found.code)]
    online = taken or [p for p in town().points.values() if "online" in p.channels]
    near = [p for p in online if unit and town().units[p.unit_id].code == unit]
    return (near or online)[0].code


def _place(code: str) -> Place:
    point, moment = town().point_by_code[code], clock.now()
    told, week, unusual, coming = _told(json.dumps(point.hours), calendar().day_of(moment))
    now = told.opening(moment)
    hours = _OPEN if now.open and now.until == MIDNIGHT else _hours(now)
    return Place(
        point.code,
        point.name,
        Words(f"{hours.zh}，{point.address_zh}", f"{hours.en}, {point.address_en}"),
        point.address,
        point.phone,
        hours,
        now.open,
        clock_words(now.until) if now.until else "",
        _opens(now),
        week,
        unusual,
        point.sure,
        coming,
    )


@lru_cache(maxsize=256)
def _told(hours: str, today: date) -> tuple[Hours, Words, tuple[Words, ...], tuple[Words, ...]]:
    """The hours of a point, its week today, what is unusual and what is coming: read once a day for all that say the same."""
    told = Hours.of(json.loads(hours), calendar())
    unusual = tuple(_unusual(*one) for one in told.exceptions(today))
    return told, told.week(today).words, unusual, tuple(_coming(told, today))


def _coming(told: Hours, today: date) -> Iterator[Words]:
    """12月1日起：周一至周五 9:00–16:00（修路）; 12月1日至7日：只办户籍（装修）."""
    for turn in told.coming(today):
        days, week = _from(turn.first, turn.last), turn.week.words
        why = turn.why or Words("照平时", "as usual again")
        yield Words(f"{days.zh}：{week.zh}（{why.zh}）", f"{days.en}: {week.en} ({why.en})")
    for one in told.limited(today):
        days = _from(max(one.first, today), one.last if one.last < date.max else None)
        names = [BRANCHES[each] for each in one.branches]
        zh, en = "、".join(each.zh for each in names), ", ".join(each.en for each in names)
        yield Words(f"{days.zh}：只办{zh}（{one.why.zh}）", f"{days.en}: {en} only ({one.why.en})")


def _from(first: date, last: date | None) -> Words:
    if last:
        return saying.days(first, last)
    one = saying.days(first, first)
    return Words(f"{one.zh}起", f"From {one.en} on")


def _hours(now: Opening) -> Words:
    if now.until:
        until = clock_words(now.until)
        return Words(f"今天开到 {until}", f"open until {until} today")
    opens = _opens(now)
    said = Words(f"{opens.zh} 开门", f"opens {opens.en}") if opens else Words("近两周不开", "closed for now")
    return Words(f"{said.zh}（{now.why.zh}）", f"{said.en} ({now.why.en})") if now.why else said


def _unusual(first: date, last: date, why: Words) -> Words:
    """12月28日至30日：盘点，不开 / 28–30 Dec: closed, stocktaking."""
    days = saying.days(first, last)
    return Words(f"{days.zh}：{why.zh}", f"{days.en}: {why.en}")


def _opens(now: Opening) -> Words | None:
    if now.next is None:
        return None
    moment, at = clock.now().astimezone(now.next.tzinfo), clock_words(now.next.time())
    days = (now.next.date() - moment.date()).days
    if days == 0:
        return Words(f"今天 {at}", f"today {at}")
    weekday = saying.weekday(now.next)
    if days == 1:
        return Words(f"明天 {at}", f"tomorrow {at}")
    if days < 7:
        return Words(f"{weekday.zh} {at}", f"{weekday.en} {at}")
    return Words(f"{now.next.month}月{now.next.day}日 {at}", f"{now.next:%d %b} {at}")
