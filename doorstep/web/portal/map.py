"""Whose ground is this, and where is the nearest counter: found by address, by a place on the map, or where one stands.

What is asked here is kept nowhere. Without the map the list of counters is still there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.geo.beside import Beside, Hit
from doorstep.geo.crs import Degrees
from doorstep.geo.router import ROUTED, StraightLine, Time, nearest
from doorstep.geo.talk import Away
from doorstep.kernel.org import town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground
from doorstep.web.places import Place, place_named

_FITS = 0.3
"""Below this a name shares a character or two with what was typed: no answer is better than another place's station."""
_NEAR = 4
_ASKED = 12
_SHOWN = ("hall", "station", "room")
_KINDS = ("station", "community", "county")


@dataclass(frozen=True, slots=True)
class Near:
    """A counter and how long it takes to get there."""

    place: Place
    at: Degrees
    minutes: int | None
    routed: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told of one place."""

    hit: Hit
    station: Place | None
    near: tuple[Near, ...]


def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Search by ``q``, or a place by ``at`` (longitude,latitude)."""
    q, at = request.GET.get("q", "").strip()[:100], _degrees(request.GET.get("at", ""))
    hits, away, bare = [], False, ground.no_streets()
    try:
        asked = ground.beside()
        if at:
            hits = [one for one in [_unnamed(at) if bare else asked.at(at)] if one]
        elif q:
            hits = [one for one in asked.find(q, 6) if one.fits >= _FITS]
        answer = _answer(asked, hits[0]) if hits else None
    except Away:
        answer, away = None, True
    base = ground.base()
    known = answer and not bare and (answer.hit.ground("station") or not answer.hit.ground("city"))
    return render(request, "web/portal/map.html", {
        "q": q, "asked": bool(q or at), "outside": bool(at), "answer": answer, "others": _others(hits), "away": away,
        "no_streets": bare, "unknown": not known, "base": base, "map": _drawn(answer, base) if base else None,
    })  # fmt: skip


def tile(request: HttpRequest, viewer: Viewer, stamp: str, z: int, x: int, y: int) -> HttpResponse:
    """A tile of the base map: the same for ever under its stamp."""
    found = ground.tile(stamp, z, x, y)
    answer = HttpResponse(
        found or b"", status=200 if found else 204, content_type="application/vnd.mapbox-vector-tile"
    )
    if found:
        answer["Content-Encoding"] = "gzip"
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def lines(request: HttpRequest, viewer: Viewer, stamp: str) -> HttpResponse:
    """Streets and water as plain lines, for a browser that gets no tiles."""
    found = ground.lines(stamp)
    answer = HttpResponse(found or b"", status=200 if found else 204, content_type="application/geo+json")
    if found:
        answer["Content-Encoding"] = "gzip"
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def areas(request: HttpRequest, viewer: Viewer, kind: str) -> HttpResponse:
    """Borders of one kind of area as GeoJSON."""
    if kind not in _KINDS:
        raise Http404
    answer = HttpResponse(ground.areas(kind), content_type="application/geo+json")
    answer["Cache-Control"] = "public, max-age=300"
    return answer


def _degrees(told: str) -> Degrees | None:
    """118.05,36.81 as a place; None for anything else, an empty one included."""
    if not told:
        return None
    lon, _, lat = told.partition(",")
    try:
        found = (float(lon), float(lat))
    except ValueError:
        found = (999.0, 0.0)
    if not (-180 <= found[0] <= 180 and -90 <= found[1] <= 90):
        raise Refused(
            "no-place",
            Words(
                "这不是一个经纬度，请在地图上重新点。",
                "That is no longitude and latitude. Choose again on the map.",
            ),
        )
    return found


def _unnamed(at: Degrees) -> Hit:
    """A place of which nothing is known but where it is."""
    return Hit("", "place", at[0], at[1], 1.0, True, ())


def _others(hits: Sequence[Hit]) -> list[Hit]:
    """What else may have been meant, each once; nothing when the first is just what was asked."""
    if not hits or hits[0].exact:
        return []
    first = (hits[0].name, hits[0].grounds)
    return list(
        {(one.name, one.grounds): one for one in hits[1:] if (one.name, one.grounds) != first}.values()
    )


def _answer(asked: Beside, hit: Hit) -> Answer:
    mine = hit.ground("station")
    unit = town().by_code.get(mine.code) if mine else None
    own = [p for p in town().points.values() if unit and p.unit_id == unit.id and p.kind == "station"]
    return Answer(hit, place_named(own[0].code) if own else None, _nearest(asked, hit.at))


def _nearest(asked: Beside, at: Degrees) -> tuple[Near, ...]:
    points = [p for p in town().points.values() if p.kind in _SHOWN and p.lon is not None]
    close = [points[k] for k in nearest(at, [_at(p) for p in points], _ASKED)]
    times = _times(asked, at, [_at(p) for p in close])
    ranked = sorted(zip(close, times, strict=True), key=lambda one: _seconds(one[1]))[:_NEAR]
    return tuple(
        Near(
            place_named(p.code),
            _at(p),
            round(time.seconds / 60) or 1 if time.seconds is not None else None,
            time.source == ROUTED,
        )
        for p, time in ranked
    )


def _times(asked: Beside, at: Degrees, there: Sequence[Degrees]) -> list[Time]:
    try:
        return asked.matrix([at], there)[0]
    except Away:
        return StraightLine().matrix([at], there)[0]


def _seconds(time: Time) -> float:
    return float("inf") if time.seconds is None else time.seconds


def _at(point: Any) -> Degrees:
    return (float(point.lon or 0), float(point.lat or 0))


def _drawn(answer: Answer | None, base: ground.Base) -> dict[str, Any]:
    """What the script needs to draw."""
    marks = [
        {"code": p.code, "kind": p.kind, "name": [p.name.zh, p.name.en], "at": [p.lon, p.lat]}
        for p in town().points.values() if p.kind in _SHOWN and p.lon is not None
    ]  # fmt: skip
    mine = answer.hit.ground("station") if answer else None
    return {
        **base.told, "marks": marks,
        "here": answer.hit.at if answer else None, "show": [one.at for one in answer.near[:2]] if answer else [],
        "mine": mine.code if mine else "", "areas": "/map/areas/station",
    }  # fmt: skip
