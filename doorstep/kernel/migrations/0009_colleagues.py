"""Officers know their colleagues by name, to give a step to one of them."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.colleagues();
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0008_work_by_mark")]
    operations = [migrations.RunSQL((_SQL / "colleagues.sql").read_text(), _BACK)]
