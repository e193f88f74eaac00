"""Whether a point of service takes the items of a branch today, where layers hold it to some branches for some days."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

import orjson

from doorstep.rulebook import clock, pack
from doorstep.rulebook.hours import Hours
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused


class Taking(Protocol):
    """What is asked of a point of service here: ``takes`` has, by channel, the codes that are taken; without a list all."""

    hours: Any
    channels: Any
    takes: Any


def served(point: Taking, channel: str, code: str) -> bool:
    """Is an item taken at a point through this channel today?"""
    if channel not in point.channels or code not in point.takes.get(channel, (code,)):
        return False
    return held_open(point.hours, code)


def held_open(hours: Mapping[str, Any], code: str) -> bool:
    """Is an item taken today at a point of which this is said? One that nobody offers is: others refuse it."""
    if not hours.get("branches"):
        return True
    try:
        branch = pack.current(code).branch
    except Refused:
        return True
    return _told(orjson.dumps(hours)).takes(branch, calendar().day_of(clock.now()))


@lru_cache(maxsize=64)
def _told(hours: bytes) -> Hours:
    return Hours.of(orjson.loads(hours), calendar())
