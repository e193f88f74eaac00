"""Duty units are taken up for calls alone, patrols written by officers alone. Reversing leaves it so."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "tight.sql"


class Migration(migrations.Migration):
    dependencies = [("command", "0055_dispatch")]
    operations = [migrations.RunSQL(_SQL.read_text("utf-8"), migrations.RunSQL.noop)]
