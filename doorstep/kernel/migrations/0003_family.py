"""Parent and child: a tie says for which step, and a verb on one of them reaches the other.

Reversing it drops the functions; ties stay, and children end without their parents.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.lock_family(uuid), trust.parent_of(uuid), trust.children_of(uuid, varchar), trust.enter_family(uuid),
  trust.leave_family(), trust.let_in(bytea, bytea, text);
set local role doorstep_owner;
drop policy definer_reads on tie; drop policy definer_lets_in on share"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_trust")]
    operations = [
        migrations.AddField("tie", "step", models.CharField(max_length=128, default="", db_default="")),
        migrations.RunSQL((_SQL / "family.sql").read_text(), _BACK),
    ]
