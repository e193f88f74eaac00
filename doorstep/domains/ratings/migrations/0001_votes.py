"""Votes and what is published of them, with the functions that alone may read them.

Reversing drops the tables; the schema ``ratings`` is dropped by hand, as ``trust`` is.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "ratings.sql"


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0002_trust")]
    operations = [
        migrations.CreateModel(
            name="Published",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("subject", models.CharField(max_length=8)),
                ("key", models.CharField(max_length=24)),
                ("could", models.IntegerField()),
                ("votes", models.JSONField()),
                ("day", models.DateField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={"db_table": "rating_published"},
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField(unique=True)),
                ("unit_id", models.IntegerField()),
                ("item", models.CharField(max_length=24)),
                ("level", models.SmallIntegerField()),
                ("way", models.CharField(max_length=8)),
                ("day", models.DateField()),
                ("entered_by", models.UUIDField(null=True)),
                ("call_back", models.UUIDField(null=True)),
                ("released", models.SmallIntegerField(null=True)),
                ("request", models.BinaryField(null=True)),
                ("key", models.BinaryField(null=True)),
                ("sealed", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "rating_vote",
                "indexes": [
                    models.Index(
                        condition=models.Q(("released__isnull", True)),
                        fields=["unit_id", "item", "day", "id"],
                        name="rating_vote_waiting",
                    ),
                    models.Index(fields=["unit_id", "day"], name="rating_vote_unit"),
                ],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop),
    ]
