"""Layers that people write by page, and their publication by whoever may lay that unit's layer.

Reversing it forgets what was written by page; what was published of it stays published.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner;
drop policy add on layer_sheet; drop policy see on layer_sheet; drop policy see on layer_in_force;
set local role doorstep_definer;
drop function trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb), trust.layer_reaches(int, int),
  trust.may_lay(int), trust.knows_layers();
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("studio", "0002_running"), ("kernel", "0012_decided")]
    operations = [
        migrations.CreateModel(
            "LayerSheet",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("unit_id", models.IntegerField()),
                ("version", models.IntegerField()),
                ("items", models.TextField(null=True)),
                ("said", models.JSONField()),
                ("account_id", models.UUIDField()),
                ("by", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            {
                "db_table": "layer_sheet",
                "constraints": [
                    models.UniqueConstraint(fields=["unit_id", "version"], name="layer_sheet_version")
                ],
            },
        ),
        migrations.CreateModel(
            "LayerInForce",
            [
                ("publication_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("unit_id", models.IntegerField()),
                ("sheet_id", models.UUIDField(null=True)),
            ],
            {
                "db_table": "layer_in_force",
                "indexes": [models.Index(fields=["unit_id", "-publication_id"], name="layer_in_force_unit")],
            },
        ),
        migrations.RunSQL((_SQL / "layers.sql").read_text(), _BACK),
    ]
