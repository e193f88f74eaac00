"""Whoever keeps the accounts safe has a page."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "watch.sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_found")]
    operations = [migrations.RunSQL(_SQL.read_text(), "drop function audit.watch()")]
