"""`doorstep restore`: from a copy, its keys and the secrets to a new data directory, ready for `doorstep up`."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from doorstep.rulebook.words import Words
from doorstep.run import backup
from doorstep.run.cluster import open_cluster
from doorstep.run.halt import FAILED, USAGE, WRONG_DATA, Halt
from doorstep.run.place import Place, write_private
from doorstep.run.postgres import Postgres
from doorstep.run.roles import DATABASE, DbConnection, bootstrap, check_keys, furnish

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Restored:
    """What came back, and how many matters cannot be opened: erased after the copy was made, or their keys are too old."""

    matters: int
    closed: int


def restore(place: Place, folder: Path, keys: Path, secrets: Path) -> Restored:
    """Bring the copy ``folder`` back into the empty data directory of ``place``. ``keys`` is the folder of key copies.

    Halt: a copy that is not whole, secrets of another database, a data directory that holds something, DATABASE_URL set.
    What was begun is taken away again.
    """
    if os.environ.get("DATABASE_URL"):
        raise Halt(USAGE, _OWN_ONLY)
    if faults := backup.check(folder):
        raise Halt(FAILED, _NOT_WHOLE.format(path=folder, n=len(faults), first=faults[0]))
    if place.data.exists() and any(place.data.iterdir()):
        raise Halt(WRONG_DATA, _NOT_EMPTY.format(path=place.data))
    try:
        return _restore(place, folder, keys / folder.name, secrets)
    except BaseException:
        _take_away(place)
        raise


def _restore(place: Place, folder: Path, keys: Path, secrets: Path) -> Restored:
    place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copytree(secrets, place.secrets)
    place.secrets.chmod(0o700)
    told = json.loads((folder / "instance.json").read_text())
    write_private(place.data / "instance.json", json.dumps({**told, "instance": uuid.uuid4().hex}))
    place.prepare(demo=bool(told.get("demo")))
    for part in ("files", "seals"):
        if (folder / part).is_dir():
            shutil.copytree(folder / part, place.data / part)
    server = Postgres(open_cluster(place, os.environ.get("DOORSTEP_PG", "")))
    with place.only_one():
        server.start()
        try:
            with server.connect("postgres") as conn:
                bootstrap(conn, place)
            _fill(server, place, folder, keys)
            with server.connect(DATABASE) as conn:
                furnish(conn)
                check_keys(conn, place)
                _erase_again(conn)
                return _counted(conn)
        finally:
            server.stop()


def _fill(server: Postgres, place: Place, folder: Path, keys: Path) -> None:
    """Tables, then rows, then all that watches over rows: no trigger fires for what has happened before."""
    _section(server, place, folder, "pre-data")
    with server.connect(DATABASE) as conn:
        for path in sorted(folder.glob("*.rows.gz")):
            _load(conn, path.name.removesuffix(".rows.gz"), path, keys)
    _section(server, place, folder, "data")
    _section(server, place, folder, "post-data")


def _section(server: Postgres, place: Place, folder: Path, section: str) -> None:
    door = server.params
    command = [
        str(backup.programs(place).bin / "pg_restore"),
        f"--section={section}",
        "--exit-on-error",
        "--no-password",
    ]
    command += [
        "-h",
        door["host"],
        "-p",
        door["port"],
        "-U",
        door["user"],
        "-d",
        DATABASE,
        str(folder / "database.dump"),
    ]
    backup.run(command, door["password"])


def _load(conn: DbConnection, table: str, path: Path, keys: Path) -> None:
    """One table and its keys, joined. Keys that are in no copy any more stay away."""
    shown = [
        sql.SQL("coalesce(k.key, x.key)") if name == "key" else sql.Identifier("x", name)
        for name, _ in backup.columns(conn, table)
    ]
    name = sql.Identifier("public", table)
    with conn.transaction():
        conn.execute(sql.SQL("create temp table x on commit drop as select * from {} limit 0").format(name))
        conn.execute("create temp table k (id uuid, key bytea) on commit drop")
        _stream(conn, sql.SQL("copy x from stdin"), path)
        if (kept := keys / f"{table}.keys.gz").exists():
            _stream(conn, sql.SQL("copy k from stdin"), kept)
        columns = sql.SQL(", ").join(sql.Identifier(one) for one, _ in backup.columns(conn, table))
        conn.execute(sql.SQL("insert into {} ({}) select {} from x left join k using (id)").format(
            name, columns, sql.SQL(", ").join(shown)))  # fmt: skip


def _stream(conn: DbConnection, command: sql.SQL, path: Path) -> None:
    with gzip.open(path, "rb") as rows, conn.cursor() as cursor, cursor.copy(command) as copy:
        while piece := rows.read(_BLOCK):
            copy.write(piece)


_GONE = """select m.id, m.applicant_id from public.matter m where m.key is null and not exists
  (select 1 from public.event e where e.matter_id = m.id and e.seq = m.version and e.kind = 'erased')"""
_AGAIN = (
    "delete from public.event_body where matter_id in (select id from gone)",
    "delete from public.posting where matter_id in (select id from gone)",
    "update public.matter set sealed = '', lon = null, lat = null where id in (select id from gone)",
    "update public.file set key = null where matter_id in (select id from gone)",
    "update public.paper set holder = null, sealed = '' where matter_id in (select id from gone)",
    "delete from public.involved where matter_id in (select id from gone)",
    "select trust.forget_party(applicant_id) from gone",
    "insert into public.fact (name, value) select 'erased_since_copy', jsonb_agg(id) from gone having count(*) > 0 "
    "on conflict (name) do update set value = public.fact.value || excluded.value",
)


def _erase_again(conn: DbConnection) -> None:
    """What was erased after the copy was made came back without its key: what finds or names anybody goes again, and the log is
    told which matters they are, so that it neither takes them for tampered with nor stays silent about them.
    """
    with conn.transaction():
        conn.execute(f"create temp table gone on commit drop as {_GONE}")
        for command in _AGAIN:
            conn.execute(command)


def _counted(conn: DbConnection) -> Restored:
    ((matters, closed),) = conn.execute(
        f"select (select count(*) from public.matter), (select count(*) from ({_GONE}) as gone)"  # noqa: S608
    ).fetchall()
    return Restored(int(matters), int(closed))


def _take_away(place: Place) -> None:
    """Leave nothing half-restored behind: neither the data directory nor, for root, the cluster it points to."""
    if place.pg.is_symlink():
        shutil.rmtree(place.pg.readlink().parent, ignore_errors=True)
    shutil.rmtree(place.data, ignore_errors=True)


_OWN_ONLY = Words(
    "恢复只用于自带的数据库。请先取消 DATABASE_URL。",
    "Restoring is for the database of our own. Unset DATABASE_URL first.",
)
_NOT_WHOLE = Words(
    "备份 {path} 有 {n} 处不对，没有恢复。第一处：{first}",
    "The copy {path} has {n} faults and was not restored. The first: {first}",
)
_NOT_EMPTY = Words(
    "{path} 里已经有东西，没有改动。请把 DOORSTEP_DATA 指到一个空目录。",
    "{path} holds something and was left alone. Point DOORSTEP_DATA to an empty directory.",
)
