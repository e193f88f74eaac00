"""What was said of a point's hours, version by version, and their publication with a layer.

Reversing it forgets the versions; points keep the hours that are in force.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb, jsonb),
  trust.promised_at(int[], timestamptz, timestamptz, text);
alter function trust.publish_items(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb) rename to publish_layer;
grant execute on function trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb) to doorstep_app;
set local role doorstep_owner;
drop policy see on point_hours"""


class Migration(migrations.Migration):
    dependencies = [("studio", "0004_two_persons"), ("kernel", "0013_overseen")]
    operations = [
        migrations.CreateModel(
            "PointHours",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("point_id", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("publication_id", models.BigIntegerField(null=True)),
                ("hours", models.JSONField()),
                ("by", models.TextField()),
                ("why", models.TextField()),
            ],
            {
                "db_table": "point_hours",
                "indexes": [models.Index(fields=["point_id", "-id"], name="point_hours_point")],
            },
        ),
        migrations.RunSQL((_SQL / "hours.sql").read_text(), _BACK),
    ]
