"""What is running is counted by one function, which also says where it stands."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """
set local role doorstep_definer;
drop function trust.running(text);
create function trust.running(item_ text) returns table (pack bytea, unit_id int, open bigint)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select m.pack, m.unit_id, count(*) from public.matter m where m.item = item_ and m.closed_at is null group by 1, 2 $$;
revoke all on function trust.running(text) from public;
grant execute on function trust.running(text) to doorstep_migrator, doorstep_owner;
create function trust.open_by_version() returns table (item varchar, pack bytea, n bigint)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select m.item, m.pack, count(*) from public.matter m
  where m.closed_at is null and trust.ctx_account() is not null group by m.item, m.pack $$;
revoke all on function trust.open_by_version() from public;
grant execute on function trust.open_by_version() to doorstep_app;
set local role doorstep_owner;
"""


class Migration(migrations.Migration):
    dependencies = [("studio", "0001_counts"), ("kernel", "0007_provisional")]
    operations = [migrations.RunSQL((_SQL / "running.sql").read_text(), _BACK)]
