"""A time that was given keeps its place after the matter has ended. Reversing frees it again."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = (_SQL / "kept.sql").read_text().replace(" and m.state <> 'granted'", "")


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_booking")]
    operations = [migrations.RunSQL((_SQL / "kept.sql").read_text(), _BACK)]
