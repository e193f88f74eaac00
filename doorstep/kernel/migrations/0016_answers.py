"""A unit that was only asked writes its answer and nothing else. Nothing to reverse: the policies go with their tables."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("kernel", "0015_papers")]
    operations = [migrations.RunSQL((Path(__file__).parents[1] / "sql/answers.sql").read_text(), migrations.RunSQL.noop)]  # fmt: skip
