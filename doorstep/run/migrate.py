"""Brings the database's tables to this version, as the role that may; run as a process of its own.

What it was brought to stands as a comment on the database, so that a start that changes nothing need not look again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from doorstep.rulebook.words import Refused, Words
from doorstep.run.halt import OK, WRONG_DATA, Halt, say
from doorstep.run.nursery import Nursery, begin
from doorstep.run.place import Place
from doorstep.run.roles import dsn

_LOCK: Final = 0x0D00_57E9
"""Advisory lock, so that two machines on one database migrate one after the other."""

# The queue is a table kit of its own; these grants are ours. Only the worker may take or finish jobs.
_QUEUE_GRANTS: Final = """
do $$ declare thing record; begin
  for thing in select oid::regclass as name from pg_class
    where relname like 'procrastinate\\_%' and relkind = 'r' and relnamespace = 'public'::regnamespace loop
    execute format('grant select, insert on %s to doorstep_app, doorstep_worker', thing.name);
    execute format('grant update, delete on %s to doorstep_worker', thing.name);
  end loop;
  for thing in select oid::regclass as name from pg_class
    where relname like 'procrastinate\\_%' and relkind = 'S' and relnamespace = 'public'::regnamespace loop
    execute format('grant usage, select on sequence %s to doorstep_app, doorstep_worker', thing.name);
  end loop;
  for thing in select oid::regprocedure as name from pg_proc
    where proname like 'procrastinate\\_%' and pronamespace = 'public'::regnamespace loop
    execute format('grant execute on function %s to doorstep_app, doorstep_worker', thing.name);
  end loop;
end $$
"""


def migrate_apart(nursery: Nursery | None = None) -> None:
    """Migrates in a child process, which alone gets the migrator's role, unless this very version did so before.

    Raises Halt when it refuses or fails.
    """
    if _brought_to() == _fingerprint():
        return
    child = os.environ | {"DOORSTEP_DB_ROLE": "migrator"}
    if code := begin(nursery, [sys.executable, "-m", "doorstep.run.migrate"], child, 1, 2).wait():
        raise Halt(code, _FAILED)


def _brought_to() -> str | None:
    with contextlib.suppress(psycopg.Error), psycopg.connect(**dsn("migrator")) as conn:  # type: ignore[arg-type]
        found = conn.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        ).fetchone()
        return found[0] if found else None
    return None


def _fingerprint() -> str:
    """Of everything that decides what is in the database at the start: our code, packs, regions, the queue's tables."""
    root = Path(__file__).resolve().parents[2]
    place = Place.from_env()
    told = [os.environ.get("DOORSTEP_REGION", ""), str(place.instance.get("demo"))]
    told += [importlib.metadata.version(name) for name in ("django", "procrastinate")]
    digest = hashlib.sha256("\0".join(told).encode())
    for folder, kinds in (("doorstep", (".py", ".sql")), ("packs", (".yaml",)), ("regions", (".yaml",))):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in kinds:
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return f"doorstep {digest.hexdigest()}"


def _migrate() -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    django.setup()
    from doorstep.domains.outlets.apart import shut
    from doorstep.domains.studio.publish import found_packs
    from doorstep.kernel.found import found

    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [_LOCK])
        loader = MigrationLoader(connection)
        known = set(loader.disk_migrations)
        ours = {app for app, _ in known}
        newer = [f"{a}.{n}" for a, n in loader.applied_migrations if a in ours and (a, n) not in known]
        if newer:
            raise Halt(WRONG_DATA, _NEWER.format(name=sorted(newer)[-1]))
        call_command("migrate", interactive=False, verbosity=0)
        cursor.execute(_QUEUE_GRANTS)
        shut()
        try:
            found(demo=bool(Place.from_env().instance.get("demo")))
            found_packs()
            if "doorstep.domains.command" in settings.DOMAINS:
                from doorstep.domains.command.units.region import settle

                settle()
        except Refused as no:
            raise Halt(WRONG_DATA, no.words) from no
        comment = sql.SQL("comment on database {} is {}").format(
            sql.Identifier(connection.settings_dict["NAME"]), _fingerprint()
        )
        cursor.execute(comment)


def main() -> int:
    """Exit code 0, or that of the refusal."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.project.settings")
    try:
        _migrate()
    except Halt as halt:
        say(halt.words)
        return halt.code
    return OK


_NEWER = Words(
    "数据库由更新版本的家门口升级过（{name}），本版本不认识。请启动新版本；数据未改动。",
    "The database was migrated by a newer Doorstep ({name}), which this one does not know. Start the newer "
    "version; "
    "the data was not changed.",
)
_FAILED = Words(
    "数据库升级没有完成，已撤回到之前的状态；原因见上。",
    "The migration did not finish and was rolled back to where it was; the reason is above.",
)

if __name__ == "__main__":
    sys.exit(main())
