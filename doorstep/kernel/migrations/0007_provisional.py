"""The due time of a whole matter can be provisional, too, and is found to be counted anew when the calendar lands."""

from __future__ import annotations

from django.db import migrations, models

_FIND = """
set local role doorstep_definer;
create or replace function trust.provisional_steps(before timestamptz, n int) returns table (matter_id uuid, name varchar)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  (select s.matter_id, s.name from public.step s where s.closed_at is null and s.provisional and s.due_at < before
   order by s.due_at limit n)
  union all
  (select m.id, '' from public.matter m where m.closed_at is null and m.provisional and m.due_at < before
   order by m.due_at limit n) $$;
set local role doorstep_owner;
"""
_BACK = """
set local role doorstep_definer;
create or replace function trust.provisional_steps(before timestamptz, n int) returns table (matter_id uuid, name varchar)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.matter_id, s.name from public.step s where s.closed_at is null and s.provisional and s.due_at < before
  order by s.due_at limit n $$;
set local role doorstep_owner;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0006_versions")]
    operations = [
        migrations.AddField("matter", "provisional", models.BooleanField(default=False, db_default=False)),
        migrations.AddIndex(
            "matter",
            models.Index(
                fields=["due_at"],
                name="matter_provisional",
                condition=models.Q(closed_at__isnull=True, provisional=True),
            ),
        ),
        migrations.RunSQL(_FIND, _BACK),
    ]
