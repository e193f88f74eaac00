"""Doorstep on a database that is not its own, as an ordinary user, and on a disk that fills up while it
runs.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from doorstep.run.place import Place
from doorstep.run.roles import SUPERUSER, dsn
from tests.running import ROOT, Doorstep

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def fresh() -> Iterator[Doorstep]:
    found = Doorstep()
    yield found
    found.remove()


@pytest.fixture
def somebodys_server(tmp_path: Path) -> Iterator[str]:
    """The address of a PostgreSQL with a role that may make roles and databases, and is no superuser."""
    from doorstep.run.cluster import open_cluster
    from doorstep.run.postgres import Postgres

    other = Doorstep()
    place = Place(other.data, other.root / "state")
    place.prepare()
    server = Postgres(open_cluster(place, ""))
    server.start()
    try:
        with server.connect("postgres") as conn:
            conn.execute("create role admin login createrole createdb password 'secret'")
        yield f"postgresql://admin:secret@/postgres?host={server.params['host']}&port=5432"
    finally:
        server.stop()
        other.remove()


def test_a_server_of_somebody_else_serves_as_well(fresh: Doorstep, somebodys_server: str) -> None:
    fresh.env["DATABASE_URL"] = somebodys_server
    fresh.start()
    assert fresh.get("/readyz")[0] == 200
    assert not (fresh.data / "pg").exists()
    assert "secret" not in (fresh.data / "server.json").read_text().replace("secrets", "")


def test_keys_that_do_not_belong_to_the_database_are_refused_and_nothing_is_changed(
    fresh: Doorstep, somebodys_server: str
) -> None:
    stranger = Doorstep()
    for one in (fresh, stranger):
        one.env["DATABASE_URL"] = somebodys_server
    try:
        fresh.start().stop()
        for verb in ("up", "migrate"):
            done = stranger.command(verb)
            assert done.returncode == 1 and "不是一套" in done.stderr and "do not belong" in done.stderr, verb
        assert fresh.start().get("/readyz")[0] == 200  # its passwords and tables are as they were
    finally:
        stranger.remove()


def test_a_server_that_cannot_be_used_is_said_so(fresh: Doorstep) -> None:
    fresh.env["DATABASE_URL"] = "postgresql://nobody:x@127.0.0.1:1/none"
    done = fresh.command("up")
    assert done.returncode == 1 and "DATABASE_URL" in done.stderr and "家门口：" in done.stderr


@AS_ROOT
def test_root_opens_no_parent_folder(fresh: Doorstep) -> None:
    fresh.root.chmod(0o700)
    private = fresh.root / "home"
    private.mkdir(mode=0o700)
    fresh.env |= {"DOORSTEP_DATA": str(private / "data"), "DOORSTEP_STATE": "/var/lib/doorstep-test"}
    try:
        fresh.start()
        assert private.stat().st_mode & 0o777 == 0o700
        assert fresh.root.stat().st_mode & 0o777 == 0o700
        owner = pwd.getpwuid((private / "data" / "pg").stat().st_uid)
        assert owner.pw_name == "doorstep" and owner.pw_shell.endswith("nologin")
    finally:
        fresh.remove()
        shutil.rmtree("/var/lib/doorstep-test", ignore_errors=True)


@AS_ROOT
@pytest.mark.slow
def test_a_disk_that_fills_up_stops_writes_and_loses_nothing(fresh: Doorstep) -> None:
    fresh.env["DOORSTEP_DURABLE"] = "1"  # tests otherwise run without, and then the last half second may go
    disk = fresh.root / "state"
    disk.mkdir(mode=0o711)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=260m,mode=711", "tmpfs", str(disk)], check=False
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        fresh.start()
        with _superuser(fresh) as conn:
            conn.execute("create table filler (n int, t text)")
        acknowledged = _write_until_full(fresh, disk)
        assert acknowledged
        (disk / "ballast").unlink()
        fresh.until_well()
        with _superuser(fresh) as conn:
            found = {row[0] for row in conn.execute("select n from filler").fetchall()}
        assert set(acknowledged) <= found
        assert fresh.stop() == 0
    finally:
        fresh.remove()
        subprocess.run(["umount", str(disk)], check=False)


def _write_until_full(running: Doorstep, disk: Path) -> list[int]:
    """Fills the disk but for a little, then writes until PostgreSQL refuses. Returns what it acknowledged."""
    with contextlib.suppress(OSError), (disk / "ballast").open("wb") as ballast:
        while os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize > 24 * 2**20:
            ballast.write(b"\0" * 2**20)
    acknowledged: list[int] = []
    until = time.monotonic() + 30
    with contextlib.suppress(psycopg.Error), _superuser(running) as conn:
        while time.monotonic() < until:
            conn.execute(
                "insert into filler select %s, repeat(md5(random()::text), 8000)", [len(acknowledged)]
            )
            acknowledged.append(len(acknowledged))
    return acknowledged


@contextlib.contextmanager
def _superuser(running: Doorstep) -> Iterator[psycopg.Connection[Any]]:
    place = Place(running.data, running.root / "state")
    params = dsn("migrator", place) | {"user": SUPERUSER, "password": place.secret(SUPERUSER)}
    with psycopg.connect(**params, autocommit=True) as conn:  # type: ignore[arg-type]
        yield conn


@AS_ROOT
def test_an_ordinary_user_needs_nothing_from_root(fresh: Doorstep, tmp_path: Path) -> None:
    python = "/usr/bin/python3"
    packages = next(p for p in sys.path if p.endswith("site-packages"))
    line = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c"]
    able = f"import sys; sys.path.insert(0, {packages!r}); sys.path.insert(0, {str(ROOT)!r}); import doorstep.run.supervise"
    if (
        not shutil.which("setpriv")
        or subprocess.run([*line, able], capture_output=True, check=False).returncode
    ):
        pytest.skip("another user cannot run this Python and these packages")
    os.chown(fresh.root, 65534, 65534)
    env = fresh.environment | {"PYTHONPATH": f"{ROOT}:{packages}", "HOME": str(fresh.root)}
    process = subprocess.Popen(
        [*line[:4], python, "-B", "-m", "doorstep", "up"],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout and process.stdout.readline().startswith("READY")
        assert not (fresh.data / "pg").is_symlink() and (fresh.data / "pg").stat().st_uid == 65534
    finally:
        process.terminate()
        process.wait(60)
