"""Cordons and their posts. Reversing drops both tables."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "net.sql"


class Migration(migrations.Migration):
    dependencies = [("command", "0041_patrol")]
    operations = [
        migrations.CreateModel(
            name="Cordon",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("lon", models.FloatField()),
                ("lat", models.FloatField()),
                ("seen_at", models.DateTimeField()),
                ("heading", models.FloatField(null=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.UUIDField()),
                ("holds", models.BooleanField()),
                ("horizon_s", models.FloatField()),
                ("by_now", models.JSONField()),
                ("inside", models.JSONField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "cordon",
                "indexes": [models.Index(fields=["matter_id", "-made_at"], name="cordon_matter")],
            },
        ),
        migrations.CreateModel(
            name="CordonPost",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("cordon_id", models.UUIDField()),
                ("lon", models.FloatField()),
                ("lat", models.FloatField()),
                ("street", models.CharField(max_length=80)),
                ("crossing", models.CharField(max_length=80)),
                ("duty_unit_id", models.IntegerField(null=True)),
                ("callsign", models.CharField(max_length=40)),
                ("there_s", models.FloatField(null=True)),
                ("slack_s", models.FloatField(null=True)),
                ("source", models.CharField(max_length=12)),
            ],
            options={
                "db_table": "cordon_post",
                "indexes": [models.Index(fields=["cordon_id"], name="cordon_post_of")],
            },
        ),
        migrations.RunSQL(_SQL.read_text("utf-8"), migrations.RunSQL.noop),
    ]
