"""The duty room counts the calls on its ground and sees its duty units."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "room_calls.sql"
_BACK = "drop function if exists trust.room_calls, trust.room_crew; drop index if exists call_place_ground"


class Migration(migrations.Migration):
    dependencies = [("command", "0051_net")]
    operations = [migrations.RunSQL(_SQL.read_text("utf-8"), _BACK)]
