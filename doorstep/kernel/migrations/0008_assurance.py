"""An account below assurance 2 is shown nothing through the party it names.

Reversing it does nothing: the rule harms no older version, and to drop it would show what it hides.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0007_seal")]
    operations = [migrations.RunSQL((_SQL / "assurance.sql").read_text(), migrations.RunSQL.noop)]
