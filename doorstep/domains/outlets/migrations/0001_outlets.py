"""Accounts bound to a point, errands, and the policies that keep both to what was begun there.

Reversing it drops both tables: such accounts would then see what their unit sees, so end them first.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner;
do $$ declare p record; begin
  for p in select tablename, policyname from pg_policies where policyname in ('apart', 'apart_change', 'apart_add') loop
    execute format('drop policy %I on %I', p.policyname, p.tablename);
  end loop; end $$;
drop trigger matter_binds_errand on matter; drop trigger errand_recorded on errand; drop function errand_is_recorded();
set local role doorstep_definer;
drop function trust.audience(bytea); alter function trust.audience_of(bytea) rename to audience;
grant execute on function trust.audience(bytea) to doorstep_stream;
drop function trust.post_at(uuid, int), trust.end_errand(uuid), trust.bind_errand(), trust.outlet_knows(uuid),
  trust.outlet_sees(uuid), trust.apart();
set local role doorstep_owner"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0012_decided")]
    operations = [
        migrations.CreateModel(
            "OutletStaff",
            [
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("point_id", models.IntegerField()),
            ],
            {"db_table": "outlet_staff"},
        ),
        migrations.CreateModel(
            "Errand",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("point_id", models.IntegerField()),
                ("principal_id", models.UUIDField()),
                ("item", models.CharField(max_length=24)),
                ("identified", models.CharField(max_length=12)),
                ("agreed", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("matter_id", models.UUIDField(null=True, unique=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            {
                "db_table": "errand",
                "indexes": [models.Index(fields=["principal_id"], name="errand_principal")],
            },
        ),
        migrations.RunSQL((_SQL / "outlets.sql").read_text(), _BACK),
    ]
