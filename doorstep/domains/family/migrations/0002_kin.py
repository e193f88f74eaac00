"""Parents by the household register. Reversing it ends that way; what was entered stays, and ends with its day."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner;
drop policy by_register on mandate; drop policy see_own_work on mandate;
set local role doorstep_definer;
drop function trust.proves_parent(uuid), trust.parents_due(int);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("family", "0001_mandate")]
    operations = [migrations.RunSQL((_SQL / "kin.sql").read_text(), _BACK)]
