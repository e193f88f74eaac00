"""Contents of a matter can be destroyed, its codes never.

Reversing it does nothing: what was erased does not come back, and the function harms nothing where no verb calls it.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_party")]
    operations = [migrations.RunSQL((_SQL / "erase.sql").read_text(), migrations.RunSQL.noop)]
