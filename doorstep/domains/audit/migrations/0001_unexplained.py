"""What the auditor may ask the log of reads. Reversing it does nothing: the schema ``audit`` is dropped by hand."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "audit.sql"


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0002_trust")]
    operations = [migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop)]
