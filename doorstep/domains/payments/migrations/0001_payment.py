"""The table of payments, and who may touch its rows. Reversing drops both."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer; drop function trust.asked_payments(timestamptz, int);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0002_trust")]
    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("step", models.CharField(max_length=128)),
                ("visit", models.SmallIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("currency", models.CharField(max_length=3)),
                ("asked_at", models.DateTimeField(null=True)),
                ("paid_at", models.DateTimeField(null=True)),
                ("means", models.CharField(default="", max_length=8)),
                ("reference", models.CharField(default="", max_length=64)),
                ("receipt", models.CharField(max_length=32, null=True, unique=True)),
                ("unit_id", models.IntegerField(null=True)),
                ("account_id", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "payment",
                "indexes": [
                    models.Index(
                        fields=["asked_at"],
                        name="payment_asked",
                        condition=models.Q(paid_at__isnull=True, asked_at__isnull=False),
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=["matter_id", "step", "visit"], name="payment_once")
                ],
            },
        ),
        migrations.RunSQL((_SQL / "payment.sql").read_text(), _BACK),
    ]
