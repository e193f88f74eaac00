"""A unit that was only asked sees what the question shows. Nothing to reverse: the policies go with their tables."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "shown.sql"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0013_overseen")]
    operations = [migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop)]
