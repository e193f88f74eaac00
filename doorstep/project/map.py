"""`doorstep geo`: a region's map is built, and asked, from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from doorstep.geo import atlas
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Unreachable
from doorstep.geo.spoken import said
from doorstep.run.ground import router, the_map
from doorstep.run.place import Place


def run(args: argparse.Namespace) -> int:
    """Runs the verb; 1 if the region has no streets, or the address is not found or not to be reached."""
    try:
        found = the_map()
    except ValueError as why:
        sys.stderr.write(f"{why}\n")
        return 1
    if found is None:
        sys.stderr.write(
            "这个地方没有 streets.yaml，没有地图。 · This region has no streets.yaml, and no map.\n"
        )
        return 1
    return {"build": _build, "where": _where, "way": _way}[args.geo_verb](found, args)


def _build(found: atlas.Atlas, _args: argparse.Namespace) -> int:
    kinds = {kind: len(found.areas.of(kind)) for kind in ("city", "county", "station", "community")}
    sys.stdout.write(f"{found.folder}\n{kinds}, {len(found.places)} places, base map {found.base.name}, ")
    sys.stdout.write("routed\n" if found.tiles else "estimated: no Valhalla on this machine\n")
    return 0


def _where(found: atlas.Atlas, args: argparse.Namespace) -> int:
    hits = found.places.find(args.text)
    for one in hits:
        ground = [found.areas.at(one.spot.at, kind) for kind in ("community", "station")]
        names = "，".join(area.name.zh for area in ground if area)
        sys.stdout.write(f"{one.fits:.2f} {one.spot.name}（{names}） {one.spot.lon:.5f},{one.spot.lat:.5f}\n")
    return int(not hits)


def _way(found: atlas.Atlas, args: argparse.Namespace) -> int:
    ends = [found.places.find(text, 1) for text in (args.start, args.end)]
    if not all(ends):
        sys.stderr.write("找不到这个地址。 · That address is not found.\n")
        return 1
    places: list[Degrees] = [end[0].spot.at for end in ends]
    with router(found, Path(Place.from_env().data)) as asked:
        try:
            way = asked.route(places)
        except Unreachable:
            sys.stderr.write("没有路通到那里。 · No way leads there.\n")
            return 1
    sys.stdout.write(f"{way.seconds / 60:.1f} min, {way.metres / 1000:.1f} km, {way.source}\n")
    for leg in way.legs:
        words = said(leg)
        sys.stdout.write(f"  {words.zh} · {words.en}\n")
    return 0
