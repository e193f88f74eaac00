"""Who leads units is told counts of them. Nothing to reverse: the functions before told fewer people the same."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "lead.sql"


class Migration(migrations.Migration):
    dependencies = [("counter", "0006_overseen")]
    operations = [migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop)]
