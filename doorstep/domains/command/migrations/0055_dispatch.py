"""Closed roads, and what the live map is told. Reversing drops the table and the functions."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "dispatch.sql"
_BACK = """set local role doorstep_definer;
drop function trust.command_scope(bytea), trust.command_units(), trust.command_calls();
set local role doorstep_owner;
drop policy see on closure; drop policy add on closure; drop policy open on closure"""


class Migration(migrations.Migration):
    dependencies = [("command", "0054_feed")]
    operations = [
        migrations.CreateModel(
            name="Closure",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("words", models.CharField(max_length=120)),
                ("ring", models.JSONField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("set_by", models.UUIDField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "closure",
                "indexes": [models.Index(fields=["until"], name="closure_until")],
            },
        ),
        migrations.RunSQL(_SQL.read_text("utf-8"), _BACK),
    ]
