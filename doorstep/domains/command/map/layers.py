"""Layers of the command map that change by the minute: minutes to communities, what waits at the desks, closed roads, posts."""

from __future__ import annotations

from typing import Any

from doorstep.domains.command.dispatch import board, closures
from doorstep.domains.command.units import duty, orders
from doorstep.geo.talk import Away
from doorstep.kernel.org import town
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words

_DESKS = ("hall", "station")


def told(viewer: Viewer, cover: bool = False) -> dict[str, Any]:
    """All layers as the map draws them. Minutes and posts are a dispatcher's: they count with all units.

    ``cover``: with the minutes, which take the process that holds the map some time.
    """
    zone = calendar().zone
    found: dict[str, Any] = {
        "at": clock.now().timestamp(), "queues": _queues(),
        "closed": [
            {"ring": one.ring, "words": one.words, "until": one.until.astimezone(zone).strftime("%H:%M")} for one in closures.now()
        ],
        "cover": None, "posts": None, "away": False,
    }  # fmt: skip
    if viewer.may("dispatch"):
        found["posts"] = _posts()
        try:
            found["cover"] = _covered(viewer) if cover else None
        except Away:
            found["away"] = True
    return found


def _queues() -> list[dict[str, Any]]:
    """How much waits at each hall and station; one number a unit, at its first counter."""
    counts: dict[int, int] = {
        int(unit): int(n) for unit, n in fetch("select unit_id, n from trust.command_queues()")
    }
    points = [one for one in town().points.values() if one.kind in _DESKS and one.lon is not None]
    first = {one.unit_id: one for one in reversed(points)}
    return [
        {"at": [first[unit].lon, first[unit].lat], "name": [first[unit].zh, first[unit].en], "n": n}
        for unit, n in counts.items() if unit in first
    ]  # fmt: skip


def _covered(viewer: Viewer) -> dict[str, Any]:
    reached, names = board.cover(viewer)
    return {
        one.code: {
            "minutes": None if one.seconds is None else max(1, round(one.seconds / 60)), "target": round(one.target_s / 60),
            "late": one.seconds is None or one.seconds > one.target_s, "who": names.get(one.unit or "", ""), "name": _two(one.name),
        }
        for one in reached
    }  # fmt: skip


def _posts() -> list[dict[str, Any]]:
    """Where units are sent to wait now, and whether their crews have confirmed."""
    callsigns = {one.id: one.callsign for one in duty.standing()}
    return [
        {
            "at": [one.lon, one.lat], "name": [one.zh, one.en], "who": callsigns.get(one.duty_unit_id, ""),
            "seen": one.seen_at is not None,
        }
        for one in orders.standing()
    ]  # fmt: skip


def _two(words: Words) -> list[str]:
    return [words.zh, words.en]
