"""Who is away and who stands in. Reversing drops the table, and with it its policies and grants."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "absence.sql"


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0009_colleagues")]
    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("substitute_id", models.UUIDField()),
                ("unit_id", models.IntegerField()),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("told_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "desk_absence",
                "indexes": [
                    models.Index(fields=["substitute_id", "last"], name="desk_absence_stands_in"),
                    models.Index(fields=["unit_id", "last"], name="desk_absence_unit"),
                ],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop),
    ]
