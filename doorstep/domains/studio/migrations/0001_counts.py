"""What the studio counts: two indexes and two functions that answer with sums alone. No table of its own."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """
set local role doorstep_definer;
drop function trust.open_by_version();
drop function trust.rows_hit(text, int);
set local role doorstep_owner;
drop index matter_open_version;
drop index matter_item;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_trust")]
    operations = [migrations.RunSQL((_SQL / "counts.sql").read_text(), _BACK)]
