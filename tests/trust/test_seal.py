"""The seal: who owns the database can rewrite the log, and `doorstep log verify` says what was done to it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import override_settings

from doorstep.run.roles import DATABASE, SUPERUSER, dsn
from tests.cast import Cast
from tests.running import ROOT


@pytest.fixture
def above(database: Any) -> Any:
    """The superuser, whom no trigger and no policy stops."""
    told = dsn("backup", database) | {
        "user": SUPERUSER,
        "password": database.secret(SUPERUSER),
        "dbname": DATABASE,
    }
    with psycopg.connect(**told, autocommit=True) as conn:
        conn.execute("set session_replication_role = replica")
        yield conn


@pytest.fixture(autouse=True)
def recent(above: Any) -> None:
    """What the filler of the bench wrote for months ago was recorded now, as far as these tests go: a seal spans a day at most."""
    for table in ("event", "access"):
        column = "recorded_at" if table == "event" else "at"
        above.execute(
            f"update {table} set {column} = clock_timestamp() where {column} < now() - interval '12 hours'"
        )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(SEALS_DIR=tmp_path, WITNESS_URL=""):
        yield tmp_path


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Any]:
    """Starts stand-ins with faults of the test's choice; their addresses."""
    running = []

    def start(fault: str = "") -> str:
        line = [
            sys.executable,
            "-m",
            "doorstep",
            "standin",
            "witness",
            "--db",
            str(tmp_path / f"w{len(running)}"),
        ]
        process = subprocess.Popen(
            [*line, *(["--fault", fault] if fault else [])], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        running.append(process)
        assert process.stdout and select.select([process.stdout], [], [], 20)[0]
        return process.stdout.readline().removeprefix("READY ").strip()

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


def sealed(cast: Cast, times: int = 2) -> Any:
    """A matter that was opened and read, sealed in ``times`` lines (worker role)."""
    from doorstep.kernel import read

    done = cast.apply()
    with cast.enter("clerk") as viewer:
        read.read_matter(viewer, done.matter_id)
    for _ in range(times):
        seal_now()
    return done


def seal_now() -> None:
    from doorstep.run.seal import Sealer, read_lines
    from doorstep.run.seal import _file as place

    def count() -> int:
        return len(read_lines(place().read_bytes())[0]) if place().exists() else 0

    sealer, before, until = Sealer(timedelta(0), timedelta(0)), count(), time.monotonic() + 30
    while count() == before and time.monotonic() < until:
        sealer.tend()


def verify(folder: Path, witness: str = "") -> tuple[int, str]:
    line = [sys.executable, "-m", "doorstep", "log", "verify", *(["--witness", witness] if witness else [])]
    env = os.environ | {"DOORSTEP_SEALS": str(folder)}
    done = subprocess.run(line, capture_output=True, text=True, env=env, check=False)
    return done.returncode, done.stdout + done.stderr


def faults(witness: str = "") -> str:
    from doorstep.run.seal import verify

    return "\n".join(verify(witness).faults)


def test_what_was_sealed_holds_and_what_came_later_is_named(
    cast: Cast, folder: Path, as_worker: None
) -> None:
    sealed(cast)
    cast.apply()
    code, told = verify(folder)
    assert code == 0, told
    assert "2 道封签" in told and "events since" in told and "are not sealed yet" in told


def test_a_log_without_any_seal_says_that_nothing_is_proved(cast: Cast, folder: Path) -> None:
    cast.apply()
    code, told = verify(folder)
    assert code == 0 and "no seal at all" in told


def test_a_read_that_was_taken_out_is_missed(cast: Cast, folder: Path, above: Any, as_worker: None) -> None:
    done = sealed(cast)
    above.execute("create temp table kept as select * from access where matter_id = %s", [done.matter_id])
    above.execute("delete from access where matter_id = %s", [done.matter_id])
    code, told = verify(folder)
    above.execute("insert into access overriding system value select * from kept")
    assert code == 1 and "reads of the" in told and "1 were taken away" in told
    assert faults() == ""


def test_a_read_that_was_slipped_in_or_changed_is_told(
    cast: Cast, folder: Path, above: Any, as_worker: None
) -> None:
    done = sealed(cast)
    above.execute("update access set purpose = 'own' where matter_id = %s", [done.matter_id])
    assert "reads were changed, their number is right" in faults()
    above.execute("update access set purpose = 'step' where matter_id = %s", [done.matter_id])
    above.execute(
        "insert into access (at, account_id, kind, tier, purpose) select at, account_id, kind, tier, 'x' from access "
        "where matter_id = %s", [done.matter_id],
    )  # fmt: skip
    told = faults()
    above.execute("delete from access where purpose = 'x'")
    assert "1 were added" in told and faults() == ""


def _rebuild(above: Any, matter_id: Any, header: str) -> None:
    """The first event says something else, and hash and head fit it."""
    from doorstep.kernel.event import genesis, link_of

    said = above.execute(
        "select kind, at, account_id, unit_id, body from event where matter_id = %s and seq = 1", [matter_id]
    ).fetchone()
    link = link_of(genesis(matter_id), matter_id, 1, *said, header)
    above.execute(
        "update event set header = %s, hash = %s where matter_id = %s and seq = 1", [header, link, matter_id]
    )
    above.execute(
        "update matter set head = (select hash from event e where e.matter_id = matter.id and seq = 1) where id = %s",
        [matter_id],
    )


def test_a_chain_that_was_rebuilt_from_an_edited_event_is_told(
    cast: Cast, folder: Path, above: Any, as_worker: None
) -> None:
    """Hash and head fit again, so the chain alone shows nothing; the seal does."""
    done = sealed(cast)
    (header,), *_ = above.execute(
        "select header from event where matter_id = %s and seq = 1", [done.matter_id]
    ).fetchall()
    edited = header.replace('"item":"HZ-078"', '"item":"HZ-106"')
    assert edited != header
    _rebuild(above, done.matter_id, edited)
    told = faults()
    _rebuild(above, done.matter_id, header)
    assert "events were changed, their number is right" in told and faults() == ""


def test_a_log_that_was_emptied_is_missed(cast: Cast, folder: Path, above: Any, as_worker: None) -> None:
    sealed(cast)
    above.execute("create temp table kept as table access")
    above.execute("truncate access")
    told = faults()
    above.execute("insert into access overriding system value select * from kept")
    assert "0 reads of the" in told and faults() == ""


def test_seals_that_were_edited_cut_out_or_signed_by_another_are_named(
    cast: Cast, folder: Path, as_worker: None
) -> None:
    sealed(cast, times=3)
    path = folder / "seals.jsonl"
    first, second, third = path.read_text().splitlines()
    path.write_text(f"{first}\n{third}\n")
    assert "seal 3: a gap, seal 2 is missing" in faults()
    path.write_text("\n".join([first, second.replace('"reads":', '"reads":1'), third]) + "\n")
    told = faults()
    assert "seal 2: the signature is not ours" in told and "seal 3: does not continue seal 2" in told
    path.write_text(f"{first}\n{second[:40]}\n")
    code, said = verify(folder)
    assert code == 0 and "1 line(s) of seals.jsonl cannot be read" in said


def test_half_a_line_of_a_power_cut_does_not_spoil_the_next(
    cast: Cast, folder: Path, as_worker: None
) -> None:
    sealed(cast, times=1)
    with (folder / "seals.jsonl").open("a") as out:
        out.write('{"seal":{"n":2')
    seal_now()
    assert faults() == ""


def test_the_witness_tells_what_was_removed_here(
    cast: Cast, folder: Path, witness: Any, as_worker: None, above: Any
) -> None:
    url = witness()
    with override_settings(WITNESS_URL=url):
        done = sealed(cast, times=3)
    assert verify(folder, url)[0] == 0
    (folder / "seals.jsonl").unlink()
    above.execute("create temp table kept as select * from access where matter_id = %s", [done.matter_id])
    above.execute("delete from access where matter_id = %s", [done.matter_id])
    code, told = verify(folder, url)
    above.execute("insert into access overriding system value select * from kept")
    assert code == 1 and "seals 1 to 3: the witness has it, it is missing here" in told
    assert "were taken away" in told


def test_a_witness_that_was_away_gets_the_lines_later(
    cast: Cast, folder: Path, witness: Any, as_worker: None
) -> None:
    down, well = witness("down"), witness()
    with override_settings(WITNESS_URL=down):
        sealed(cast, times=2)
    code, told = verify(folder, str(_empty(folder)))
    assert code == 0 and "seals 1 to 2: the witness does not have it" in told
    with override_settings(WITNESS_URL=well):
        seal_now()
    assert verify(folder, well)[0] == 0 and "the witness does not" not in verify(folder, well)[1]


def _empty(folder: Path) -> Path:
    path = folder / "empty"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("fault", "told"), [("forget", "the witness does not have it"), ("alter", "changed, here is not")]
)
def test_a_witness_at_fault_does_not_stop_the_sealing_and_shows(
    cast: Cast, folder: Path, witness: Any, as_worker: None, fault: str, told: str
) -> None:
    url = witness(fault)
    with override_settings(WITNESS_URL=url):
        sealed(cast, times=1)
    assert told in verify(folder, url)[1]


def test_a_transaction_under_way_is_waited_for(cast: Cast, folder: Path, as_worker: None) -> None:
    from doorstep.run.seal import Sealer

    sealer = Sealer(timedelta(0), timedelta(0))
    with psycopg.connect(**dsn("app")) as slow:
        slow.execute("select txid_current()")
        assert sealer.tend() == 0 and sealer.tend() == 0
        assert not (folder / "seals.jsonl").exists()
        slow.rollback()
    sealer.tend()
    assert (folder / "seals.jsonl").exists()


def test_the_application_cannot_take_the_fingerprints(database: Any) -> None:
    with psycopg.connect(**dsn("app")) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select * from trust.sealable_reads('-infinity', 'infinity')")
