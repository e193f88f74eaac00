"""The streets that an installation was given, in its data directory: an OpenStreetMap extract, and the areas if somebody has them.

``streets/<region>.osm.pbf`` and beside it ``<region>.areas.geojson``. They come before whatever the region's own folder names,
since an extract of a real place belongs to the installation and is never committed.
"""

from __future__ import annotations

import hashlib
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

FOLDER = "streets"
"""In the data directory."""
OPENSTREETMAP = "© OpenStreetMap contributors, ODbL"
"""Whose data an extract is unless the region says otherwise; its licence asks that this stands on every map."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 2**20


def extract(own: Path, code: str) -> Path:
    """Where the extract of this region belongs; whether it is there is another question."""
    return own / f"{code}.osm.pbf"


def areas(own: Path, code: str) -> Path:
    """Where its areas belong; they may be missing."""
    return own / f"{code}.areas.geojson"


def fetch(url: str, sha256: str, to: Path) -> None:
    """Puts what lies at ``url`` to ``to``, whole or not at all. Raises ValueError if it is not what the checksum promises, OSError
    if it cannot be had."""
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url}: neither https:// nor http://")
    if not _SHA256.fullmatch(sha256.lower()):
        raise ValueError(f"{url}: its SHA-256 is needed, 64 hexadecimal digits")
    to.parent.mkdir(parents=True, exist_ok=True)
    part, digest = to.with_name(f".{to.name}.part"), hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, part.open("wb") as out:  # noqa: S310 - http(s) alone
            for piece in _pieces(answer):
                digest.update(piece)
                out.write(piece)
        if digest.hexdigest() != sha256.lower():
            raise ValueError(
                f"{url}: is {digest.hexdigest()}, {sha256.lower()} was promised; nothing was kept"
            )
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _pieces(answer: IO[bytes]) -> Iterator[bytes]:
    while piece := answer.read(_PIECE):
        yield piece
