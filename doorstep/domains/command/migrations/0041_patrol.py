"""The net's versions, plans of shifts, and what was done of them. Reversing drops the tables and the functions.

What is driven and planned here can be planned again; versions of the net are lost.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "patrol.sql"
_BACK = (
    "set local role doorstep_owner; drop table if exists patrol_seed; drop function if exists patrol_stays cascade; "
    "set local role doorstep_definer; drop function if exists trust.patrol_tracks, trust.patrol_calls; set local role doorstep_owner"
)


class Migration(migrations.Migration):
    dependencies = [
        ("command", "0011_units"),
    ]

    operations = [
        migrations.CreateModel(
            name="PatrolCheck",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("root", models.UUIDField()),
                ("task", models.CharField(max_length=16)),
                ("visit", models.IntegerField()),
                ("how", models.CharField(max_length=12)),
                ("share", models.FloatField()),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("account_id", models.UUIDField(null=True)),
                ("car", models.CharField(max_length=40)),
                ("why", models.CharField(max_length=400)),
            ],
            options={
                "db_table": "patrol_check",
                "constraints": [
                    models.UniqueConstraint(fields=("root", "task", "visit", "how"), name="patrol_check_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PatrolLeg",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("plan_id", models.UUIDField()),
                ("car", models.CharField(max_length=40)),
                ("duty_unit_id", models.IntegerField(null=True)),
                ("station", models.CharField(max_length=24)),
                ("ring", models.CharField(max_length=24)),
                ("leaves", models.IntegerField()),
                ("returns", models.IntegerField()),
                ("line", models.JSONField()),
                ("turns", models.JSONField()),
            ],
            options={
                "db_table": "patrol_leg",
                "indexes": [models.Index(fields=["plan_id"], name="patrol_leg_plan")],
            },
        ),
        migrations.CreateModel(
            name="PatrolMark",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=16)),
                ("version", models.IntegerField()),
                ("body", models.JSONField(null=True)),
                ("from_day", models.DateField()),
                ("account_id", models.UUIDField()),
                ("why", models.CharField(max_length=400)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "patrol_mark",
                "constraints": [
                    models.UniqueConstraint(fields=("code", "version"), name="patrol_mark_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="PatrolPlan",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("root", models.UUIDField()),
                ("old", models.UUIDField(null=True)),
                ("shift", models.CharField(max_length=24)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("state", models.CharField(max_length=12)),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("why", models.CharField(max_length=400)),
                ("input", models.JSONField()),
                ("job", models.CharField(max_length=32)),
                ("tries", models.IntegerField()),
                ("made_at", models.DateTimeField(null=True)),
                ("raw", models.JSONField(null=True)),
                ("told", models.JSONField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "patrol_plan",
                "indexes": [models.Index(fields=["since"], name="patrol_plan_since")],
            },
        ),
        migrations.CreateModel(
            name="PatrolStop",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("plan_id", models.UUIDField()),
                ("car", models.CharField(max_length=40)),
                ("place", models.IntegerField()),
                ("task", models.CharField(max_length=16)),
                ("visit", models.IntegerField()),
                ("arrive", models.IntegerField()),
                ("begin", models.IntegerField()),
                ("leave", models.IntegerField()),
                ("backward", models.BooleanField()),
            ],
            options={
                "db_table": "patrol_stop",
                "indexes": [models.Index(fields=["plan_id"], name="patrol_stop_plan")],
            },
        ),
        migrations.RunSQL(_SQL.read_text("utf-8"), _BACK),
    ]
