"""What a supervisor lists is read from indexes in the order it is shown."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "overseen.sql"


class Migration(migrations.Migration):
    dependencies = [("counter", "0005_sample"), ("kernel", "0013_overseen")]
    operations = [
        migrations.RunSQL(
            _SQL.read_text(), "drop index step_overseen, step_arrived, step_named, matter_open_unit"
        )
    ]
