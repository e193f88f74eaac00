"""Sums by place, way and item; entries that are taken back; who is rung up. Reversing drops the tables, not the functions."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "everywhere.sql"
_BACK = "drop trigger if exists rating_ended on matter; drop trigger if exists rating_goes_on on matter"
_PLACE = {
    "branch": models.SmallIntegerField(default=0, db_default=0),
    "point_id": models.IntegerField(default=0, db_default=0),
    "channel": models.CharField(default="", db_default="", max_length=16),
}


class Migration(migrations.Migration):
    dependencies = [("ratings", "0001_votes"), ("kernel", "0010_takes")]
    operations = [
        *(migrations.AddField("vote", name, field) for name, field in _PLACE.items()),
        migrations.AddField("vote", "outcome", models.CharField(max_length=12, null=True)),
        migrations.AddField("published", "done", models.JSONField(default=dict)),
        migrations.AddIndex(
            "vote",
            models.Index(
                fields=["entered_by", "day"],
                name="rating_vote_entered",
                condition=models.Q(entered_by__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "vote",
            models.Index(
                fields=["released"],
                name="rating_vote_bad",
                condition=models.Q(level__lte=2),
            ),
        ),
        migrations.AddIndex(
            "vote",
            models.Index(
                fields=["call_back"],
                name="rating_vote_call",
                condition=models.Q(call_back__isnull=False, outcome__isnull=True),
            ),
        ),
        migrations.CreateModel(
            name="End",
            fields=[
                ("matter_id", models.UUIDField(primary_key=True, serialize=False)),
                ("closed_at", models.DateTimeField()),
                ("unit_id", models.IntegerField()),
                ("branch", models.SmallIntegerField()),
                ("point_id", models.IntegerField()),
                ("channel", models.CharField(max_length=16)),
                ("item", models.CharField(max_length=24)),
                ("counted", models.BooleanField()),
            ],
            options={
                "db_table": "rating_end",
                "indexes": [
                    models.Index(
                        fields=["closed_at"],
                        name="rating_end_waiting",
                        condition=models.Q(counted=False),
                    ),
                    models.Index(fields=["closed_at"], name="rating_end_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Count",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("unit_id", models.IntegerField()),
                ("branch", models.SmallIntegerField()),
                ("point_id", models.IntegerField()),
                ("channel", models.CharField(max_length=16)),
                ("item", models.CharField(max_length=24)),
                ("ended", models.IntegerField()),
                *((f"l{level}", models.IntegerField()) for level in range(1, 6)),
            ],
            options={"db_table": "rating_count"},
        ),
        migrations.CreateModel(
            name="Undone",
            fields=[
                ("vote_id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("account_id", models.UUIDField()),
                ("level", models.SmallIntegerField()),
                ("way", models.CharField(max_length=8)),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                ("call_back", models.UUIDField(null=True)),
            ],
            options={"db_table": "rating_undone"},
        ),
        migrations.CreateModel(
            name="Ring",
            fields=[
                ("matter_id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("unit_id", models.IntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("came", models.CharField(max_length=12)),
                ("tries", models.SmallIntegerField()),
            ],
            options={
                "db_table": "rating_ring",
                "indexes": [models.Index(fields=["account_id", "at"], name="rating_ring_mine")],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), _BACK),
    ]
