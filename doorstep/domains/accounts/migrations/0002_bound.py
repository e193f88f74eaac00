"""An account becomes somebody's by a matter. Reversing it drops the way; accounts that were verified stay so."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.accounts_due(int), trust.bind_account(bytea, bytea), trust.officer_did(text, text, uuid), trust.let_go(uuid);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_accounts")]
    operations = [migrations.RunSQL((_SQL / "bound.sql").read_text(), _BACK)]
