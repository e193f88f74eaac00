"""Who leads units is told the money of a day in sums."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "lead.sql"
_BACK = """drop function trust.money_led(timestamptz, timestamptz); set local role doorstep_owner;
drop policy definer_reads on ledger; drop policy definer_reads on drawer"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_signed")]
    operations = [migrations.RunSQL(_SQL.read_text(), _BACK)]
