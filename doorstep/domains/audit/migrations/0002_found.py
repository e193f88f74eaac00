"""Looks that nobody explained are found by an index, whatever else is in the log. Reversing drops the index; the function stays."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "found.sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_unexplained")]
    operations = [migrations.RunSQL(_SQL.read_text(), "drop index access_unexplained")]
