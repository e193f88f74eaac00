"""What the position feed asks first, and safety checks that ask by themselves. Reversing drops the functions."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "feed.sql"
_BACK = """set local role doorstep_definer;
drop function if exists trust.duty_last(int), trust.safety_round(timestamptz, interval, interval);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("command", "0053_room_calls")]
    operations = [migrations.RunSQL(_SQL.read_text("utf-8"), _BACK)]
