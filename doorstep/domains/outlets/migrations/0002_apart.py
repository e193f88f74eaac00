"""What a place without police sees is asked in one place; a kiosk keeps what was just sent while somebody is busy with it.

Reversing it gives such accounts back what their unit's scope lets through in raw SQL; no page shows more of it.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
do $$ begin
  execute replace(pg_get_functiondef('trust.sees_within(uuid)'::regprocedure), 'trust.sees_within(', 'trust.sees(');
end $$;
create or replace function trust.outlet_sees(m uuid) returns boolean language plpgsql stable security definer
set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); begin
  return exists (select 1 from public.errand e join public.outlet_staff o on o.point_id = e.point_id and o.account_id = me
    where e.matter_id = m and e.ended_at is null and (trust.ctx_kind() = 'outlet' and e.until > clock_timestamp()
    or e.account_id = me and e.recorded_at > clock_timestamp() - interval '2 minutes')); end $$;
drop function trust.sees_within(uuid), trust.kiosk_stays(uuid), trust.kiosk_leaves(), trust.kiosk_returns(text, bytea),
  trust.kept_for_window(uuid);
set local role doorstep_owner;
drop policy apart on errand; drop policy apart on access;
do $$ declare p record; begin
  for p in select tablename from pg_policies where policyname = 'shut' loop
    execute format('drop policy shut on %I', p.tablename);
  end loop; end $$;
create or replace function errand_is_recorded() returns trigger language plpgsql as $$
begin new.recorded_at := clock_timestamp(); return new; end $$"""


class Migration(migrations.Migration):
    dependencies = [("outlets", "0001_outlets")]
    operations = [
        migrations.AddField("errand", "stays_until", models.DateTimeField(null=True)),
        migrations.AddField("errand", "seen_by", models.UUIDField(null=True)),
        migrations.AddField("errand", "came_at", models.DateTimeField(null=True)),
        migrations.AddField("errand", "unprinted_at", models.DateTimeField(null=True)),
        migrations.RunSQL((_SQL / "apart.sql").read_text(), _BACK),
    ]
