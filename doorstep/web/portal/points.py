"""Every place one can go to: by kind, the open ones first, with its hours and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel.org import reach_at, town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import CHANNELS
from doorstep.web.places import Place, brought, lists_at, place_named

_OPEN = 12
"""A kind with more points than this lies folded, but for the first."""
_counted: dict[tuple[object, ...], int] = {}


@dataclass(frozen=True, slots=True)
class Stop:
    """A place with how many services it takes, and the names of the lists that say which."""

    place: Place
    count: int
    lists: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """Places of one kind."""

    title: Words
    stops: tuple[Stop, ...]
    open: bool


def points(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Every place with something that one can come for."""
    kinds = tuple(_kinds())
    unsure = any(not stop.place.sure for kind in kinds for stop in kind.stops)
    return render(request, "web/portal/points.html", {"kinds": kinds, "unsure": unsure})


def _kinds() -> list[Kind]:
    return [
        Kind(
            title, tuple(sorted(map(_stop, codes), key=lambda stop: not stop.place.open)), len(codes) <= _OPEN
        )
        for title, codes in by_kind()
    ]


def by_kind() -> list[tuple[Words, list[str]]]:
    """The codes of the places one can go to, by kind, partners by whose outlets they are."""
    found: dict[tuple[str, int], list[str]] = {}
    for point in town().points.values():
        if set(point.channels) - {"online", "post"}:
            key = (point.kind, point.unit_id if point.kind == "partner" else 0)
            found.setdefault(key, []).append(point.code)
    order = list(CHANNELS)
    keys = sorted((key for key in found if key[0] in order), key=lambda key: (order.index(key[0]), key[1]))
    return [(town().units[key[1]].name if key[1] else CHANNELS[key[0]], found[key]) for key in keys]


def _stop(code: str) -> Stop:
    return Stop(place_named(code), _count(code), tuple(one.title for one in lists_at(code)))


def _count(code: str) -> int:
    """How many services a point takes; the same for all points that have the same channels, lists and layers."""
    point, scope = town().point_by_code[code], reach_at(code)
    takes: Mapping[str, list[str]] = point.takes
    key = (
        _today(),
        scope,
        repr(point.hours.get("branches")),
        *point.channels,
        *((name, *codes) for name, codes in takes.items()),
    )
    if key not in _counted:
        _counted[key] = len(brought(pack.listed(scope), point=code))
    return _counted[key]


def _today() -> date:
    return calendar().day_of(clock.now())


pack.when_published(_counted.clear)
