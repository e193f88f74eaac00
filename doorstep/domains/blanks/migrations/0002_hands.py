"""Sheets and reprints are moved on by staff alone."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner;
drop policy change on blank;
create policy change on blank for update using (unit_id = (select trust.ctx_unit()) or trust.sees(matter_id))
  with check (unit_id = (select trust.ctx_unit()) or trust.sees(matter_id));
drop policy add on reprint;
create policy add on reprint for insert with check (trust.sees(matter_id) and account_id = (select trust.ctx_account()));
drop policy change on reprint;
create policy change on reprint for update using (trust.sees(matter_id)) with check (trust.sees(matter_id))"""


class Migration(migrations.Migration):
    dependencies = [("blanks", "0001_blanks")]
    operations = [migrations.RunSQL((_SQL / "hands.sql").read_text(), _BACK)]
