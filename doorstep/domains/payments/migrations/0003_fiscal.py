"""Fiscal receipts. Reversing drops them, with what they hold."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer; drop function trust.wanted_receipts(timestamptz, int);
set local role doorstep_owner; drop policy see on fiscal_receipt"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_books")]
    operations = [
        migrations.CreateModel(
            name="FiscalReceipt",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("fen", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("unit_id", models.IntegerField()),
                ("state", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("issued_at", models.DateTimeField(null=True)),
                ("code", models.CharField(default="", max_length=16)),
                ("number", models.CharField(default="", max_length=16)),
                ("check_code", models.CharField(default="", max_length=16)),
                ("red", models.CharField(default="", max_length=16)),
                ("tried_at", models.DateTimeField(null=True)),
                ("tries", models.SmallIntegerField(default=0)),
            ],
            options={
                "db_table": "fiscal_receipt",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["wanted", "cancel"])),
                        fields=["at"],
                        name="fiscal_open",
                    )
                ],
            },
        ),
        migrations.RunSQL((_SQL / "fiscal.sql").read_text(), _BACK),
    ]
