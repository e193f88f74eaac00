"""A region's map, built once from its source and read by everybody: tiles for the router, a base map, areas, places.

A map is a folder named after the region and a hash of all that it is made from. It is there whole or not at all, and never
changed: when the source changes there is another one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from doorstep.geo import address, extract, shapes, valhalla
from doorstep.geo.source import Source

_MADE_BY = ("address", "extract", "given", "ground", "shapes", "source", "town", "valhalla")

STREETS = "streets.osm.pbf"
"""In a map's folder; missing where the region has no streets yet."""
SAID = "said.txt"


@dataclass(frozen=True)
class Atlas:
    """One built map."""

    folder: Path

    @property
    def laid(self) -> bool:
        """Whether there are streets in it; without, nothing is found and times are estimated."""
        return (self.folder / STREETS).exists()

    @property
    def tiles(self) -> Path | None:
        """Valhalla's tiles; None if its programs were not on the machine that built."""
        found = self.folder / "tiles"
        return found if found.is_dir() else None

    @property
    def base(self) -> Path:
        """Where the base map lies: ``base.mbtiles``, or ``base.geojson`` alone where there was no tilemaker."""
        vector = self.folder / "base.mbtiles"
        return vector if vector.exists() else self.folder / "base.geojson"

    @cached_property
    def areas(self) -> shapes.Areas:
        return shapes.Areas(shapes.read(self.folder / "areas.geojson"))

    @cached_property
    def places(self) -> address.Gazetteer:
        return address.read(self.folder / "places.jsonl")


def build(source: Source, root: Path, letters: Callable[[str], str], home: Path = valhalla.HOME) -> Atlas:
    """The map of this source under ``root``, built if it is not there yet (seconds for a city).

    ``letters`` gives a Chinese name's pinyin and its initials. Without Valhalla the map has no tiles and times are
    estimated. Raises ValueError with what is wrong in the source.
    """
    there = root / f"{source.region.code}-{_hash(source, home)}"
    if there.is_dir():
        return Atlas(there)
    part = root / f".{there.name}.{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _make(source, part, letters, home)
        try:
            part.rename(there)
        except OSError:
            if not there.is_dir():  # else another process was quicker
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Atlas(there)


def _make(source: Source, part: Path, letters: Callable[[str], str], home: Path) -> None:
    streets = part / STREETS
    areas = source.lay(streets)
    (part / SAID).write_text(source.said, "utf-8")
    told = {"type": "FeatureCollection", "features": [one.geojson() for one in areas]}
    (part / "areas.geojson").write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")))
    if not source.laid:
        address.write((), part / "places.jsonl")
        return
    address.write(extract.spots(streets, shapes.Areas(areas), letters), part / "places.jsonl")
    extract.vector_tiles(streets, part / "base.mbtiles")
    extract.lines(streets, part / "base.geojson")
    try:
        valhalla.build_tiles(streets, part / "tiles", home)
    except valhalla.NotHere:
        shutil.rmtree(part / "tiles", ignore_errors=True)


def _hash(source: Source, home: Path) -> str:
    digest = hashlib.sha256(b"laid" if source.laid else b"none")
    for path in source.files:
        with path.open("rb") as told:  # an extract may be larger than the memory
            digest.update(hashlib.file_digest(told, "sha256").digest())
    for name in _MADE_BY:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    for tool in (shutil.which("tilemaker"), home / "valhalla" / "bin" / "valhalla_service"):
        digest.update(b"1" if tool and Path(tool).exists() else b"0")
    return digest.hexdigest()[:12]
