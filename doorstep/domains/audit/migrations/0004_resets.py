"""Passwords that wait for a second person are counted on the page of whoever keeps accounts safe. Reversing it leaves them out."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = (Path(__file__).parent.parent / "sql" / "watch.sql").read_text()
_BEFORE, _NOW = "array['reprint', 'refund']", "array['reprint', 'refund', 'password_reset']"


def _again(text: str) -> str:
    return text.replace("create function audit.watch()", "create or replace function audit.watch()", 1)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_watch")]
    operations = [migrations.RunSQL(_again(_SQL.replace(_BEFORE, _NOW)), _again(_SQL))]
