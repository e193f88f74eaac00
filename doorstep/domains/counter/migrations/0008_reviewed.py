"""Functions that look behind the policies ask for a window where they asked for a unit. Nothing to reverse: they asked too little."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "reviewed.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("counter", "0007_lead"),
        ("family", "0002_kin"),
        ("ratings", "0002_everywhere"),
        ("studio", "0005_hours"),
    ]
    operations = [migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop)]
