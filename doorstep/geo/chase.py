"""Somebody fled: where they can be by now, which places to close, who stands there in time, and what stays open.

The cordon comes from `solve.containment` on the graph of the map; how long our own cars take to their posts is asked of the
router once more, since it knows turns and gates. A post that it finds too late is told as a gap, with by how much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapely import MultiPoint, concave_hull
from shapely.geometry.base import BaseGeometry

from doorstep.geo.cordon import Chase, Post
from doorstep.geo.crs import Degrees
from doorstep.geo.router import ESTIMATED, Ring, Router, Time
from doorstep.geo.streets import Net
from doorstep.geo.talk import Away
from doorstep.solve.containment import Cordon, contain

HASTE, DRIVE, SETUP_S = 0.7, 0.85, 60.0
"""They drive faster than the law lets them; our cars do too, with blue light; a post needs a minute to stand."""


def chase(
    net: Net,
    router: Router,
    seen: Degrees,
    heading: float | None,
    age_s: float,
    units: Mapping[str, Degrees],
) -> Chase:
    """The smallest cordon around a sighting. ``heading`` in degrees from north or None; ``age_s`` seconds since then; ``units``
    where each car is that can be sent. Raises ValueError for an age below 0.
    """
    names = list(units)
    near = [net.nearest(units[one]) for one in names]
    ready = [_drive(router, units[name], net.place(node)) for name, node in zip(names, near, strict=True)]
    told = contain(
        net.graph, net.onward(seen, heading), age_s, near,
        ready=[(one.seconds or 0.0) * DRIVE for one in ready],
        haste=HASTE, setup_s=SETUP_S, drive=DRIVE,
    )  # fmt: skip
    posts = _manned(net, router, told, names, units, age_s)
    posts += [_gap(net, link) for link in told.gaps]
    holds = told.holds and all(one.unit is not None and (one.slack_s or 0) >= 0 for one in posts)
    return Chase(holds, told.horizon_s, tuple(posts), _by_now(router, seen, age_s), _inside(net, told))


def _manned(
    net: Net, router: Router, told: Cordon, names: Sequence[str], units: Mapping[str, Degrees], age_s: float
) -> list[Post]:
    found = []
    for order in told.orders:
        at, name = net.middle(order.link), names[order.unit]
        drive = _drive(router, units[name], at)
        by_graph = drive.seconds is None or drive.source == ESTIMATED
        there = order.there_s if by_graph or drive.seconds is None else drive.seconds * DRIVE + SETUP_S
        fled = float(told.flee[int(net.graph.tail[order.link])]) - age_s
        found.append(Post(*at, *net.called(order.link), name, there, fled - there, drive.source))
    return sorted(found, key=lambda one: one.slack_s or 0.0)


def _drive(router: Router, a: Degrees, b: Degrees) -> Time:
    try:
        return router.matrix([a], [b])[0][0]
    except Away:
        return Time(None, ESTIMATED)


def _gap(net: Net, link: int) -> Post:
    return Post(*net.middle(link), *net.called(link), None, None, None, ESTIMATED)


def _by_now(router: Router, seen: Degrees, age_s: float) -> tuple[Ring, ...]:
    """How far they can have come, as rings."""
    if age_s < 1:
        return ()
    try:
        return tuple(ring for reach in router.isochrone(seen, [age_s / HASTE]) for ring in reach.rings[:1])
    except Away:
        return ()


def _inside(net: Net, told: Cordon) -> tuple[Degrees, ...]:
    """The ground that a cordon encloses, drawn around its crossings; nothing where it does not hold."""
    if not told.holds:
        return ()
    here = [(float(net.lon[n]), float(net.lat[n])) for n in range(net.graph.nodes) if told.inside[n]]
    hull: BaseGeometry = concave_hull(MultiPoint(here), ratio=0.15)
    if hull.geom_type != "Polygon":
        return ()
    return tuple((round(x, 5), round(y, 5)) for x, y in hull.simplify(0.0004).exterior.coords)
