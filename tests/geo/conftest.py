"""The town's map, built once for all of these tests, and a router over it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorstep.geo.atlas import Atlas, build
from doorstep.geo.router import Fallback, Router
from doorstep.geo.source import source
from doorstep.rulebook.region import load_region
from doorstep.run.ground import letters, router

ANLAN = load_region("anlan")
NOWHERE = Path("/nonexistent")
"""A data directory without an extract."""


@pytest.fixture(scope="session")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    told = source(ANLAN, NOWHERE)
    return build(told, tmp_path_factory.mktemp("geo"), letters)


@pytest.fixture(scope="session")
def roads(atlas: Atlas) -> Iterator[Router]:
    """The streets as Valhalla knows them."""
    if atlas.tiles is None:
        pytest.skip("no Valhalla for this machine: times are estimated here")
    with router(atlas, atlas.folder.parent) as asked:
        assert isinstance(asked, Fallback)
        yield asked


@pytest.fixture(scope="session")
def real_city() -> Path:
    """A real city's extract (ODbL), never committed."""
    named = os.environ.get("DOORSTEP_BENCH_DATA", "../shared/bench")
    found = Path(named) / "geo" / "porto_alegre_centre.osm.pbf"
    if not found.exists():
        pytest.skip(f"{found} is not here: set DOORSTEP_BENCH_DATA")
    return found.resolve()
