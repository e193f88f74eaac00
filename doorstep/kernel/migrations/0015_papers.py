"""A paper that somebody waits for does not wait behind all others. Nothing to reverse: the function goes with its tables."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("kernel", "0014_shown")]
    operations = [migrations.RunSQL((Path(__file__).parents[1] / "sql/papers.sql").read_text(), migrations.RunSQL.noop)]  # fmt: skip
