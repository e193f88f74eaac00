"""Erasing leaves the record of somebody whom another matter concerns, and takes that of a witness nobody needs any more.

Reversing it does nothing: the functions of before would destroy records that are needed.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0014_recount")]
    operations = [migrations.RunSQL((_SQL / "forget.sql").read_text(), migrations.RunSQL.noop)]
