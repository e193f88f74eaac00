"""A telephone is changed by its owner. Reversing it drops the way; telephones that were changed stay so."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"


def _back() -> str:
    """As it was: codes for a new account and for a forgotten password."""
    text = (_SQL / "accounts.sql").read_text()
    found = text[
        text.index("create function trust.begin_proving") : text.index("create function trust.hash_of")
    ]
    return f"""set local role doorstep_definer;
drop function trust.change_phone(bytea, bytea);
{found.replace("create function", "create or replace function", 1)}
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_joined")]
    operations = [migrations.RunSQL((_SQL / "phone.sql").read_text(), _back())]
