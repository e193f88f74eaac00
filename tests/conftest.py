"""What every test may ask for: a real database with our roles, and a whole Doorstep on a free port."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings

from doorstep.project.packs import machines as known
from doorstep.run.place import Place
from doorstep.run.roles import DATABASE, SUPERUSER, dsn
from tests.cast import Cast, make_cast
from tests.regions.elsewhere import PRISTINE, copy_database
from tests.running import Doorstep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")


settings.register_profile("same", max_examples=200, derandomize=True, deadline=None)
settings.register_profile("long", max_examples=10_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


SHARD, SHARDS = map(int, os.environ.get("DOORSTEP_SHARD", "1/1").split("/"))
"""A long run in parts, on several machines or after each other: 2/4 is the second of four."""
IN_ALL_SHARDS = "tests/kernel/test_interleavings.py"  # a part of its cases in each: half an hour by itself


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The examples of all packs come first: they take longest, and are lived in a town that no test has touched."""
    files = sorted({item.nodeid.partition("::")[0] for item in items} - {IN_ALL_SHARDS})
    mine = {IN_ALL_SHARDS, *files[SHARD - 1 :: SHARDS]}
    items[:] = [item for item in items if item.nodeid.partition("::")[0] in mine]
    items.sort(key=lambda item: "tests/sim/test_examples.py" not in item.nodeid)


@pytest.fixture(scope="session", autouse=True)
def machines() -> None:
    """What moves packs that no flow moves is known, as it is to `doorstep packs`."""
    known()


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """A data directory of this test session alone, in DOORSTEP_DATA; gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="doorstep-test-"))
    root.chmod(0o711)
    os.environ |= {
        "DOORSTEP_DATA": str(root / "data"),
        "DOORSTEP_STATE": str(root / "state"),
        "DOORSTEP_DURABLE": "0",
    }
    os.environ.pop("DATABASE_URL", None)
    yield Place.from_env()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def database(place: Place) -> Iterator[Place]:
    """PostgreSQL with our roles, migrated, and Django set up as the application's role (no pytest-django).

    Nothing is rolled back between tests: a test opens what it needs under names of its own, as a town would.
    """
    import django

    from doorstep.run.migrate import migrate_apart
    from doorstep.run.postgres import own_server

    place.prepare(demo=True)
    place.secret("web")
    server = own_server(place)
    try:
        migrate_apart()
        copy_database(place, DATABASE, PRISTINE)
        os.environ["DOORSTEP_DB_ROLE"] = "app"
        django.setup()
        yield place
        _close_connections()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def cast(database: Place) -> Cast:
    """The people of the demo town, signed in, and one who has left."""
    os.environ["DOORSTEP_DEMO_FAST"] = "1"
    return make_cast(database.data)


def _close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def live_town() -> Iterator[Doorstep]:
    """A demonstration town, running; logins in ``live_town.data / "demo.json"``."""
    running = Doorstep("demo")
    try:
        yield running.start(300)
    finally:
        running.remove()


@pytest.fixture(scope="session")
def live(live_town: Doorstep) -> str:
    """The address of a running demonstration town."""
    return live_town.url


@pytest.fixture(scope="session")
def above(database: Place) -> Iterator[psycopg.Connection[Any]]:
    """A connection above row security: to copy rows in, and to see what the policies hide."""
    told = dsn("backup", database) | {
        "user": SUPERUSER,
        "password": database.secret(SUPERUSER),
        "dbname": DATABASE,
    }
    with psycopg.connect(**told, autocommit=True) as conn:  # type: ignore[arg-type]
        yield conn


@pytest.fixture
def as_worker(database: Place) -> Iterator[None]:
    """Django speaks to the database as the worker's role, as in `doorstep worker` and `doorstep relay`."""
    yield from as_role("worker", database)


def as_role(role: str, place: Place) -> Iterator[None]:
    """While this is iterated over, Django speaks to the database as ``role``."""
    from django.db import connection

    from doorstep.run.roles import dsn

    params, before = dsn(role, place), dict(connection.settings_dict)
    _close_connections()
    connection.settings_dict |= {"USER": params["user"], "PASSWORD": params["password"]}
    try:
        yield
    finally:
        _close_connections()
        connection.settings_dict |= before
