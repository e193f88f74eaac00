"""Brings the database's tables to this version, as the role that may; run as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from doorstep.kernel.words import Refused, Words
from doorstep.run.halt import OK, WRONG_DATA, Halt, say
from doorstep.run.place import Place

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


def migrate_apart() -> None:
    """Migrates in a child process, which alone gets the migrator's role. Raises Halt when it refuses or
    fails.
    """
    child = os.environ | {"DOORSTEP_DB_ROLE": "migrator"}
    code = subprocess.run([sys.executable, "-m", "doorstep.run.migrate"], env=child, check=False).returncode
    if code:
        raise Halt(code, _FAILED)


def _migrate() -> None:
    import django
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    django.setup()
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
        try:
            found(demo=bool(Place.from_env().instance.get("demo")))
        except Refused as no:
            raise Halt(WRONG_DATA, no.words) from no


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
