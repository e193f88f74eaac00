"""Decisions drawn to be looked at again. Reversing drops the table, and with it its policies and grants."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "sample.sql"


class Migration(migrations.Migration):
    dependencies = [("counter", "0004_correction")]
    operations = [
        migrations.CreateModel(
            name="Sample",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("step", models.CharField(max_length=128)),
                ("unit_id", models.IntegerField()),
                ("outcome", models.CharField(max_length=24)),
                ("at", models.DateTimeField()),
                ("reviewer_id", models.UUIDField(null=True)),
                ("result", models.CharField(default="", max_length=12)),
                ("looked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "desk_sample",
                "indexes": [models.Index(fields=["unit_id", "result", "at"], name="desk_sample_unit")],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop),
    ]
