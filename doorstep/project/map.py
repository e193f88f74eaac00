"""`doorstep geo`: a region's map is built, and asked, from the command line."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from doorstep.geo import atlas, given
from doorstep.geo.crs import Degrees
from doorstep.geo.router import Unreachable
from doorstep.geo.spoken import said
from doorstep.rulebook.region import Region, load_region, region
from doorstep.run.ground import router, streets, the_map
from doorstep.run.place import Place

_PAIR = re.compile(r"(-?\d+(?:\.\d+)?)\s*[,，]\s*(-?\d+(?:\.\d+)?)")


def run(args: argparse.Namespace) -> int:
    """Runs the verb; 1 if the region has no streets, or the address is not found or not to be reached."""
    try:
        of = load_region(args.region) if args.region else region()
        if args.geo_verb == "fetch":
            sys.stdout.write(f"{streets(of).fetch(args.url, args.sha256)}\n")
            return 0
        return {"build": _build, "where": _where, "way": _way}[args.geo_verb](the_map(of), args, of)
    except (ValueError, OSError) as why:
        sys.stderr.write(f"{why}\n")
        return 1


def _no_streets(of: Region) -> int:
    place = streets(of).own
    sys.stderr.write(
        f"{of.code} 还没有路网。把 OpenStreetMap 数据放到这里： · {of.code} has no streets yet. "
        f"Put an OpenStreetMap extract here:\n  {given.extract(place, of.code)}\n"
        "有辖区边界就放在旁边，没有也行： · and its areas beside it, if you have them:\n"
        f"  {given.areas(place, of.code)}\n"
    )
    return 1


def _build(found: atlas.Atlas, _args: argparse.Namespace, of: Region) -> int:
    if not found.laid:
        return _no_streets(of)
    kinds = {kind: len(found.areas.of(kind)) for kind in ("city", "county", "station", "community")}
    sys.stdout.write(f"{found.folder}\n{kinds}, {len(found.places)} places, base map {found.base.name}, ")
    sys.stdout.write("routed\n" if found.tiles else "estimated: no Valhalla on this machine\n")
    return 0


def _where(found: atlas.Atlas, args: argparse.Namespace, of: Region) -> int:
    if not found.laid:
        return _no_streets(of)
    hits = found.places.find(args.text)
    for one in hits:
        ground = [found.areas.at(one.spot.at, kind) for kind in ("community", "station")]
        names = "，".join(area.name.zh for area in ground if area)
        sys.stdout.write(f"{one.fits:.2f} {one.spot.name}（{names}） {one.spot.lon:.5f},{one.spot.lat:.5f}\n")
    return int(not hits)


def _way(found: atlas.Atlas, args: argparse.Namespace, of: Region) -> int:
    places = [at for at in (_place(found, text) for text in (args.start, args.end)) if at]
    if len(places) < 2:
        if not found.laid:
            return _no_streets(of)
        sys.stderr.write("找不到这个地址。 · That address is not found.\n")
        return 1
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


def _place(found: atlas.Atlas, text: str) -> Degrees | None:
    """Where an address is, or the longitude and latitude themselves."""
    pair = _PAIR.fullmatch(text.strip())
    if pair:
        return float(pair[1]), float(pair[2])
    hits = found.places.find(text, 1)
    return hits[0].spot.at if hits else None
