"""The duty room: questions, reports and hand-overs. Reversing drops the tables and the functions."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "room.sql"
_BACK = (
    "drop function if exists trust.room_reports, trust.room_now; drop function if exists room_stays cascade"
)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0013_overseen")]
    operations = [
        migrations.CreateModel(
            name="RoomQuery",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=24)),
                ("place", models.SmallIntegerField()),
                ("text", models.TextField()),
            ],
            options={"db_table": "room_query"},
        ),
        migrations.CreateModel(
            name="RoomReport",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("unit_id", models.IntegerField()),
                ("day", models.DateField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("figures", models.JSONField()),
                ("hash", models.BinaryField()),
            ],
            options={"db_table": "room_report"},
        ),
        migrations.CreateModel(
            name="RoomHandover",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("unit_id", models.IntegerField()),
                ("given_by", models.UUIDField()),
                ("given_at", models.DateTimeField()),
                ("figures", models.JSONField()),
                ("key", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("taken_by", models.UUIDField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("taken_key", models.BinaryField(null=True)),
                ("taken_sealed", models.BinaryField(null=True)),
            ],
            options={"db_table": "room_handover"},
        ),
        migrations.RunSQL(_SQL.read_text("utf-8"), _BACK),
    ]
