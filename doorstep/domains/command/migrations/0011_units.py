"""Duty units, their crews, states, positions, safety checks and notes. Reversing drops the tables and the functions."""

from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "units.sql"
_BACK = """set local role doorstep_owner;
do $$ declare f record; t text; begin
  foreach t in array array['duty_unit', 'duty_member', 'duty_state', 'duty_position', 'safety_check', 'duty_note'] loop
    execute format('drop policy if exists see on %I', t);
  end loop;
  drop policy if exists own on duty_position;
  drop trigger duty_state_stays on duty_state;
  drop function duty_state_stays();
end $$;
set local role doorstep_definer;
do $$ declare f record; begin
  for f in select p.oid::regprocedure as name from pg_proc p where p.pronamespace = 'trust'::regnamespace
      and (p.proname like 'duty\\_%' or p.proname like 'safety\\_%') loop
    execute format('drop function %s', f.name);
  end loop;
end $$;
set local role doorstep_owner"""


def _words() -> django.contrib.postgres.fields.ArrayField[list[str], list[str]]:
    return django.contrib.postgres.fields.ArrayField(models.TextField(), default=list)


class Migration(migrations.Migration):
    dependencies = [("command", "0002_calls")]
    operations = [
        migrations.CreateModel(
            name="DutyUnit",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("callsign", models.CharField(max_length=24, unique=True)),
                ("zh", models.TextField()),
                ("en", models.TextField()),
                ("kind", models.CharField(max_length=8)),
                ("team", models.CharField(default="", max_length=24)),
                ("unit_id", models.IntegerField()),
                ("skills", _words()),
                ("kit", _words()),
                ("rights", _words()),
                ("vehicle", models.CharField(default="car", max_length=16)),
                ("home_lon", models.FloatField(null=True)),
                ("home_lat", models.FloatField(null=True)),
                ("active", models.BooleanField(default=True)),
                ("state", models.CharField(default="off", max_length=12)),
                ("state_at", models.DateTimeField(null=True)),
                ("shift_from", models.DateTimeField(null=True)),
                ("shift_to", models.DateTimeField(null=True)),
                ("on_matter", models.UUIDField(null=True)),
                ("on_slot", models.TextField(default="")),
                ("lon", models.FloatField(null=True)),
                ("lat", models.FloatField(null=True)),
                ("heading", models.FloatField(null=True)),
                ("speed", models.FloatField(null=True)),
                ("accuracy", models.FloatField(null=True)),
                ("position_at", models.DateTimeField(null=True)),
                ("version", models.IntegerField(default=0)),
            ],
            options={"db_table": "duty_unit"},
        ),
        migrations.CreateModel(
            name="DutyMember",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("duty_unit_id", models.IntegerField()),
                ("account_id", models.UUIDField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
            ],
            options={"db_table": "duty_member"},
        ),
        migrations.CreateModel(
            name="DutyState",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("duty_unit_id", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                ("state", models.CharField(max_length=12)),
                ("by", models.UUIDField(null=True)),
                ("why", models.TextField(default="")),
                ("matter_id", models.UUIDField(null=True)),
            ],
            options={"db_table": "duty_state"},
        ),
        migrations.CreateModel(
            name="DutyPosition",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "duty_unit_id", "tick", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("duty_unit_id", models.IntegerField()),
                ("tick", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("lon", models.FloatField()),
                ("lat", models.FloatField()),
                ("heading", models.FloatField(null=True)),
                ("speed", models.FloatField(null=True)),
                ("accuracy", models.FloatField(null=True)),
            ],
            options={"db_table": "duty_position"},
        ),
        migrations.CreateModel(
            name="SafetyCheck",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("duty_unit_id", models.IntegerField()),
                ("matter_id", models.UUIDField(null=True)),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.UUIDField(null=True)),
                ("answer", models.CharField(default="", max_length=8)),
                ("late_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "safety_check"},
        ),
        migrations.CreateModel(
            name="DutyNote",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("duty_unit_id", models.IntegerField()),
                ("to_id", models.IntegerField()),
                ("matter_id", models.UUIDField(null=True)),
                ("given_by", models.UUIDField()),
                ("given_at", models.DateTimeField()),
                ("key", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("taken_by", models.UUIDField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "duty_note"},
        ),
        migrations.RunSQL(_SQL.read_text("utf-8"), _BACK),
    ]
