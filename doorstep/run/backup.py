"""`doorstep backup`: copies to come back from, with the keys kept apart so that what is erased stays erased.

One snapshot of the database, then the files: so every row of a copy finds its file. The key of each matter, file and
person is never in the same folder as what it opens: key copies live in a folder of their own, for 35 days, and every
run takes out of all of them what has been erased since. A copy without its keys holds codes and sealed bytes alone.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from doorstep import __version__
from doorstep.kernel.crypto import sync_folder
from doorstep.rulebook.words import Words
from doorstep.run.binaries import Binaries, find
from doorstep.run.halt import FAILED, USAGE, Halt
from doorstep.run.place import Place, write_private
from doorstep.run.postgres import foreign_server, own_server
from doorstep.run.roles import DbConnection, dsn

KEPT: Final = timedelta(days=35)
"""How long a copy of keys is kept: who erases today is sure of it everywhere after the next run, at the latest then."""
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_MANIFEST: Final = "manifest.json"
_NOT_KEPT: Final = ("trust.session", "trust.failure")
"""Tables whose rows are of no use on another day: who was signed in."""


@dataclass(frozen=True)
class Copy:
    """One finished copy: its folder, and what it holds (rows of each table with keys, files)."""

    folder: Path
    told: dict[str, Any]


@dataclass(frozen=True)
class Forgotten:
    """What was taken out of the key copies: whole ones for their age, and single keys."""

    copies: int
    keys: int


def make(place: Place, to: Path, keys: Path, at: datetime) -> Copy:
    """Copy everything but secrets/ and logs to ``to``/<time>, and the keys to ``keys``/<time>. Whole or not at all.

    The system may run meanwhile. Halt: nothing to copy, ``keys`` inside ``to`` or the other way, disk full.
    """
    _refuse_together(to, keys)
    name = at.astimezone(UTC).strftime(_STAMP)
    fresh, fresh_keys = to / f".{name}.part", keys / f".{name}.part"
    for folder in (fresh, fresh_keys):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
    try:
        with _server(place), _snapshot(place) as (conn, snapshot):
            held = _key_tables(conn)
            _dump(place, fresh / "database.dump", snapshot, [*(f"public.{t}" for t in held), *_NOT_KEPT])
            rows = {table: _rows(conn, table, fresh, fresh_keys) for table in held}
            ids = [str(row[0]) for row in conn.execute("select id from public.file order by id")]
        files = _files(place, ids, fresh, _last(to))
        if (place.data / "seals").is_dir():
            shutil.copytree(place.data / "seals", fresh / "seals", ignore=shutil.ignore_patterns("*.lock"))
        shutil.copy2(place.data / "instance.json", fresh / "instance.json")
        told = {
            "doorstep": __version__,
            "made_at": at.isoformat(),
            "rows": rows,
            "files": files,
            "sha256": _sums(fresh),
        }
        write_private(fresh / _MANIFEST, json.dumps(told, indent=1))
        fresh_keys.rename(keys / name)
        fresh.rename(to / name)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(fresh_keys, ignore_errors=True)
        raise
    sync_folder(keys)
    sync_folder(to)
    return Copy(to / name, told)


def forget(place: Place, keys: Path, at: datetime) -> Forgotten:
    """Take out of every copy of keys those that the database no longer has; copies older than 35 days go wholly."""
    old, taken = 0, 0
    with _server(place), _snapshot(place) as (conn, _):
        for folder in _copies(keys):
            if datetime.strptime(folder.name, _STAMP).replace(tzinfo=UTC) < at - KEPT:
                shutil.rmtree(folder)
                old += 1
                continue
            for path in sorted(folder.glob("*.keys.gz")):
                taken += _thin(conn, path)
    return Forgotten(old, taken)


def check(folder: Path) -> list[str]:
    """Every fault of a copy, in words: what was altered, is missing, or has no file. Empty: it is whole."""
    told = manifest(folder)
    faults = []
    for name, wanted in told["sha256"].items():
        path = folder / name
        if not path.exists():
            faults.append(f"没有 / missing: {name}")
        elif _sum(path) != wanted:
            faults.append(f"和当时不一样 / altered: {name}")
    for name in _listed(folder):
        if not (folder / _home(name)).exists() and name not in told["files"]["missing"]:
            faults.append(f"没有这个文件的内容 / a row without its file: {name}")
    return faults


def manifest(folder: Path) -> dict[str, Any]:
    """What a copy says of itself. Halt if it is none."""
    try:
        found: dict[str, Any] = json.loads((folder / _MANIFEST).read_text())
    except (OSError, ValueError) as why:
        raise Halt(USAGE, _NO_COPY.format(path=folder)) from why
    return found


# ---- making ----


def _refuse_together(to: Path, keys: Path) -> None:
    a, b = to.absolute(), keys.absolute()
    if a == b or a in b.parents or b in a.parents:
        raise Halt(USAGE, _TOGETHER)


@contextlib.contextmanager
def _server(place: Place) -> Iterator[None]:
    """The database, reachable: the one that runs, else one started for the moment."""
    if not place.instance:
        raise Halt(USAGE, _NOTHING.format(path=place.data))
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(place.only_one())
        except Halt:
            yield  # it runs
            return
        if url := os.environ.get("DATABASE_URL"):
            foreign_server(place, url)
        else:
            stack.callback(own_server(place).stop)
        yield


@contextlib.contextmanager
def _snapshot(place: Place) -> Iterator[tuple[DbConnection, str]]:
    """One moment of the database, which `pg_dump` is then told to look at, too."""
    with psycopg.connect(**dsn("backup", place)) as conn:  # type: ignore[arg-type]
        conn.execute("set transaction isolation level repeatable read read only")
        ((snapshot,),) = conn.execute("select pg_export_snapshot()").fetchall()
        yield conn, str(snapshot)


def _key_tables(conn: DbConnection) -> list[str]:
    """The tables whose rows carry the key to what is sealed: those with a column ``key`` of bytes."""
    found = conn.execute(
        "select table_name::text from information_schema.columns where table_schema = 'public' and column_name = 'key' "
        "and data_type = 'bytea' order by 1"
    )
    return [str(row[0]) for row in found]


def programs(place: Place) -> Binaries:
    """The PostgreSQL programs that fit the data of ``place``."""
    version = place.pg / "PG_VERSION"
    return find(os.environ.get("DOORSTEP_PG", ""), int(version.read_text()) if version.exists() else None)


def _dump(place: Place, path: Path, snapshot: str, without: list[str]) -> None:
    door = dsn("backup", place)
    command = [
        str(programs(place).bin / "pg_dump"),
        "-Fc",
        "-f",
        str(path),
        f"--snapshot={snapshot}",
        "--no-password",
    ]
    command += [f"--exclude-table-data={one}" for one in without]
    command += ["-h", door["host"], "-p", str(door.get("port", "")), "-U", door["user"], door["dbname"]]
    run(command, door["password"])
    path.chmod(0o600)


def run(command: list[str], password: str) -> None:
    """Run a program of PostgreSQL's to its end. Halt with its last words if it fails."""
    env = {"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": password}
    done = subprocess.run([c for c in command if c], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise Halt(FAILED, _PROGRAM.format(name=Path(command[0]).name, why=why))


def columns(conn: DbConnection, table: str) -> list[tuple[str, bool]]:
    """The columns of a table in their order, each with whether it may be empty."""
    found = conn.execute(
        "select column_name::text, is_nullable = 'YES' from information_schema.columns "
        "where table_schema = 'public' and table_name = %s order by ordinal_position",
        [table],
    )
    return [(str(name), bool(may)) for name, may in found]


def _rows(conn: DbConnection, table: str, fresh: Path, fresh_keys: Path) -> int:
    """Copy a table without its keys to one folder and its keys to the other. Returns how many rows."""
    shown = [
        sql.SQL("{} as key").format(sql.SQL("null::bytea" if may else "''::bytea")) if name == "key" else sql.Identifier(name)
        for name, may in columns(conn, table)
    ]  # fmt: skip
    name = sql.Identifier("public", table)
    rows = sql.SQL("select {} from {}").format(sql.SQL(", ").join(shown), name)
    _copied(
        conn,
        sql.SQL("select id, key from {} where length(key) > 0").format(name),
        fresh_keys / f"{table}.keys.gz",
    )
    return _copied(conn, rows, fresh / f"{table}.rows.gz")


def _copied(conn: DbConnection, query: sql.Composed, path: Path) -> int:
    with conn.cursor() as cursor, _private(path) as out:
        with cursor.copy(sql.SQL("copy ({}) to stdout").format(query)) as rows:
            for piece in rows:
                out.write(piece)
        return cursor.rowcount


@contextlib.contextmanager
def _private(path: Path) -> Iterator[gzip.GzipFile]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with gzip.GzipFile("", "wb", 1, raw, mtime=0) as out:
            yield out
        raw.flush()
        os.fsync(raw.fileno())


def _files(place: Place, ids: list[str], fresh: Path, before: Path | None) -> dict[str, Any]:
    """Every content that a row names, as a link where that is possible: what is sealed never changes."""
    missing = []
    for name in ids:
        at = fresh / _home(name)
        at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own, kept = place.data / _home(name), before / _home(name) if before else None
        try:
            _link(kept if kept and kept.exists() else own, at)
        except FileNotFoundError:
            missing.append(name)  # swept between the two; its row says so, or `check` will
    return {"count": len(ids) - len(missing), "missing": missing}


def _home(file_id: str) -> Path:
    """Where the store keeps the content of a file, below the data directory (kernel/store.py)."""
    return Path("files", "kept", file_id[-2:], file_id)


def _link(source: Path, at: Path) -> None:
    try:
        os.link(source, at)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(source, at)


def _copies(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else iter(())
    return sorted(p for p in found if p.is_dir() and not p.name.startswith("."))


def _last(to: Path) -> Path | None:
    return next(iter(reversed(_copies(to))), None)


def _sums(fresh: Path) -> dict[str, str]:
    return {str(p.relative_to(fresh)): _sum(p) for p in sorted(fresh.rglob("*")) if p.is_file()}


def _sum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _listed(folder: Path) -> list[str]:
    """The ids of the files that the copied table names; id is its first column."""
    with gzip.open(folder / "file.rows.gz", "rt", encoding="utf-8") as rows:
        return [row.split("\t", 1)[0] for row in rows]


# ---- forgetting ----


def _thin(conn: DbConnection, path: Path) -> int:
    """Leave in one copied table of keys only those that the database still has. Returns how many went."""
    table = path.name.removesuffix(".keys.gz")
    still = {str(row[0]) for row in conn.execute(
        sql.SQL("select id from {} where length(key) > 0").format(sql.Identifier("public", table)))}  # fmt: skip
    gone, fresh = 0, path.with_name(f".{path.name}")
    with gzip.open(path, "rb") as old, _private(fresh) as out:
        for row in old:
            if row.split(b"\t", 1)[0].decode() in still:
                out.write(row)
            else:
                gone += 1
    fresh.replace(path) if gone else fresh.unlink()
    return gone


_TOGETHER = Words(
    "密钥的备份不能和数据放在一起，否则销毁过的内容还能打开。请给 --keys 另一个地方，最好由另一个人保管。",
    "The keys must not lie with the data, or what was erased could be opened again. Give --keys another place, best in "
    "another person's keeping.",
)
_NOTHING = Words("{path} 里没有可以备份的数据。", "There is nothing to back up in {path}.")
_NO_COPY = Words("{path} 不是一份完整的备份。", "{path} is not a finished copy.")
_PROGRAM = Words("{name} 没有成功：{why}", "{name} failed: {why}")
