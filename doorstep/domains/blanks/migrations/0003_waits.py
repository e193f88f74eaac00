"""Reprints that wait are counted for whoever keeps the accounts safe."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "waits.sql"


class Migration(migrations.Migration):
    dependencies = [("blanks", "0002_hands")]
    operations = [
        migrations.RunSQL(
            _SQL.read_text(),
            "drop policy definer_reads on reprint; revoke select on reprint from doorstep_definer",
        )
    ]
