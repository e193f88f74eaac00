"""What is offered, by item and place, as one publication after the other said it; before, one row an item and no history.

Offers are made anew from the files at the next start, so none is carried over, in either direction.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# Who publishes is told how many open matters stay under an older version: counts alone, by item, version and unit.
_RUNNING = """
set local role doorstep_definer;
create function trust.running(item_ text) returns table (pack bytea, unit_id int, open bigint)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select m.pack, m.unit_id, count(*) from public.matter m where m.item = item_ and m.closed_at is null group by 1, 2 $$;
revoke all on function trust.running(text) from public;
grant execute on function trust.running(text) to doorstep_migrator, doorstep_owner;
set local role doorstep_owner;
grant select on publication, pack_offer to doorstep_app, doorstep_worker, doorstep_stream;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_calls")]
    operations = [
        migrations.DeleteModel("PackOffer"),
        migrations.CreateModel(
            "Publication",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("by", models.TextField()),
                ("why", models.TextField()),
                ("undoes", models.BigIntegerField(null=True)),
            ],
            {"db_table": "publication"},
        ),
        migrations.CreateModel(
            "PackOffer",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=24)),
                ("unit_id", models.IntegerField()),
                ("hash", models.BinaryField()),
                ("first", models.DateField(null=True)),
                ("last", models.DateField(null=True)),
                ("source", models.BinaryField()),
                (
                    "publication",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="kernel.publication"),
                ),
            ],
            {
                "db_table": "pack_offer",
                "indexes": [models.Index(fields=["code", "-publication"], name="pack_offer_code")],
            },
        ),
        migrations.RunSQL(_RUNNING, "drop function trust.running(text)"),
    ]
