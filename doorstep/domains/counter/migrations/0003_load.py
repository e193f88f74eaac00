"""What a supervisor counts: how much waits with whom, how long, and how much was sent back."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "load.sql"
_BACK = """set local role doorstep_definer;
drop function trust.desk_load(timestamptz, timestamptz), trust.desk_returns(timestamptz), trust.supervised();
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("counter", "0002_visit")]
    operations = [migrations.RunSQL(_SQL.read_text(), _BACK)]
