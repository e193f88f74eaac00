"""Playback of a past hour, and which calls no map names. Reversing drops the requests, the functions and the column."""

from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "playback.sql"
_BACK = """set local role doorstep_owner;
drop policy see on playback;
set local role doorstep_definer;
drop function trust.playback_told(uuid, timestamptz, timestamptz, interval), trust.playback_hour(int, timestamptz),
  trust.playback_stands(public.playback, timestamptz, timestamptz), trust.playback_close(uuid, timestamptz),
  trust.playback_decide(uuid, boolean, text, timestamptz, interval), trust.playback_of_me(int),
  trust.playback_ask(uuid, int, timestamptz, text, timestamptz, timestamptz, interval), trust.playback_within(int, boolean),
  trust.playback_area(int), trust.playback_reach(boolean);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("command", "0061_tight")]
    operations = [
        migrations.AddField("CallPlace", "shy", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="Playback",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("area", models.IntegerField()),
                ("since", models.DateTimeField()),
                ("purpose", models.CharField(max_length=200)),
                ("asked_by", models.UUIDField()),
                ("unit_id", models.IntegerField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("lapses_at", models.DateTimeField()),
                ("agreed", models.BooleanField(null=True)),
                ("answer", models.CharField(default="", max_length=200)),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_unit", models.IntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "units",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), default=list, size=None
                    ),
                ),
            ],
            options={
                "db_table": "playback",
                "indexes": [models.Index(fields=["-asked_at"], name="playback_asked")],
            },
        ),
        migrations.RunSQL(_SQL.read_text("utf-8"), _BACK),
    ]
