"""Trust from the first row: the access log, the chain's trigger, sessions and scope, a policy on every scoped table.

Reversing it does nothing: to drop the policies would leave the tables open for the time between. The tables of 0001 go
with their policies; the schema ``trust`` is dropped by hand.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_tables")]
    operations = [
        migrations.RunSQL((_SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
        for name in ("tables", "trust", "asked", "work", "erase", "rows")
    ]
