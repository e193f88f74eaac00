"""Visits that are passed on, originals that stayed. Reversing drops the tables, with them their policies, and the function."""

from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "visit.sql"
_BACK = """set local role doorstep_definer; drop function trust.take_visit(uuid, timestamptz);
set local role doorstep_owner; drop policy definer_hands_over on draft"""


class Migration(migrations.Migration):
    dependencies = [("counter", "0001_absence")]
    operations = [
        migrations.CreateModel(
            name="VisitOffer",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("visit_id", models.UUIDField()),
                ("unit_id", models.IntegerField()),
                ("from_account", models.UUIDField()),
                ("to_account", models.UUIDField(null=True)),
                ("mark", models.CharField(max_length=6)),
                (
                    "files",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                ("key", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("taken_by", models.UUIDField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "visit_offer",
                "indexes": [
                    models.Index(
                        fields=["unit_id", "at"], name="visit_offer_unit", condition=models.Q(ended_at=None)
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["visit_id"], condition=models.Q(ended_at=None), name="visit_offer_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Original",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("material", models.CharField(max_length=24)),
                ("unit_id", models.IntegerField()),
                ("kept_by", models.UUIDField()),
                ("kept_at", models.DateTimeField()),
                ("returned_by", models.UUIDField(null=True)),
                ("returned_at", models.DateTimeField(null=True)),
                ("signed", models.CharField(default="", max_length=8)),
            ],
            options={
                "db_table": "original_kept",
                "indexes": [
                    models.Index(
                        fields=["unit_id", "kept_at"],
                        name="original_kept_here",
                        condition=models.Q(returned_at=None),
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=["matter_id", "material"], name="original_kept_once")
                ],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), _BACK),
    ]
