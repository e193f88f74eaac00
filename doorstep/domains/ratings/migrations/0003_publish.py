"""Publishing adds up what became of bad votes once. Nothing to reverse: the function before was only slower."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "publish.sql"


class Migration(migrations.Migration):
    dependencies = [("ratings", "0002_everywhere")]
    operations = [migrations.RunSQL(_SQL.read_text(), migrations.RunSQL.noop)]
