"""Layers of the live map and orders to wait at a post. Reversing drops the orders and leaves the map its two more fields."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "layers.sql"
_BACK = """set local role doorstep_owner;
drop trigger duty_order_ends on duty_state;
set local role doorstep_definer;
drop function trust.command_queues(), trust.duty_order(uuid, int, text, text, text, float8, float8, timestamptz),
  trust.duty_order_say(uuid, text, timestamptz), trust.duty_order_ends();
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("command", "0071_playback")]
    operations = [
        migrations.CreateModel(
            name="DutyOrder",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("duty_unit_id", models.IntegerField()),
                ("post", models.CharField(max_length=40)),
                ("zh", models.CharField(max_length=80)),
                ("en", models.CharField(max_length=80)),
                ("lon", models.FloatField()),
                ("lat", models.FloatField()),
                ("ordered_by", models.UUIDField()),
                ("ordered_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "duty_order"},
        ),
        migrations.RunSQL(_SQL.read_text("utf-8"), _BACK),
    ]
