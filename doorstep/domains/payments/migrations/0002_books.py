"""The ledger, refunds and cash desks; an order of the payment service has attempts. Reversing drops them, with what they hold."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer; drop function trust.ordered_refunds(timestamptz, int);
drop function trust.asked_payments(int); set local role doorstep_owner;
drop policy change on payment; create policy change on payment for update
  using (trust.sees(matter_id) and paid_at is null) with check (trust.sees(matter_id));
drop trigger ledger_grows on ledger; drop trigger ledger_stays on ledger; drop function refuse_change();
drop policy see on ledger; drop policy add on ledger; drop policy see on drawer; drop policy add on drawer;
drop policy change on drawer; drop function in_reach(int)"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_payment")]

    operations = [
        migrations.CreateModel(
            name="Drawer",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("unit_id", models.IntegerField()),
                ("account_id", models.UUIDField()),
                ("who", models.JSONField()),
                ("currency", models.CharField(max_length=3)),
                ("float_fen", models.BigIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("counted_at", models.DateTimeField(null=True)),
                ("counted_fen", models.BigIntegerField(null=True)),
                ("booked_fen", models.BigIntegerField(null=True)),
                ("why", models.CharField(default="", max_length=300)),
                ("second_id", models.UUIDField(null=True)),
                ("second_who", models.JSONField(null=True)),
                ("second_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "drawer",
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=12)),
                ("fen", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("means", models.CharField(max_length=8)),
                ("matter_id", models.UUIDField(null=True)),
                ("seq", models.IntegerField(null=True)),
                ("payment_id", models.UUIDField(null=True)),
                ("refund_id", models.UUIDField(null=True)),
                ("drawer_id", models.UUIDField(null=True)),
                ("unit_id", models.IntegerField()),
                ("account_id", models.UUIDField()),
                ("reference", models.CharField(default="", max_length=64)),
            ],
            options={
                "db_table": "ledger",
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("payment_id", models.UUIDField()),
                ("fen", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("means", models.CharField(max_length=8)),
                ("due", models.BooleanField()),
                ("reason", models.CharField(max_length=16)),
                ("order_name", models.CharField(default="", max_length=48)),
                ("reference", models.CharField(default="", max_length=64)),
                ("state", models.CharField(max_length=8)),
                ("at", models.DateTimeField()),
                ("account_id", models.UUIDField()),
                ("second_id", models.UUIDField(null=True)),
                ("second_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("returned", models.CharField(default="", max_length=64)),
                ("unit_id", models.IntegerField()),
            ],
            options={
                "db_table": "refund",
            },
        ),
        migrations.RemoveIndex(
            model_name="payment",
            name="payment_asked",
        ),
        migrations.AddField(
            model_name="payment",
            name="attempt",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="order_state",
            field=models.CharField(db_default="", default="", max_length=8),
        ),
        migrations.AddField(
            model_name="payment",
            name="reduction",
            field=models.CharField(db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="payment",
            name="silent_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("order_state", "asked")), fields=["asked_at"], name="payment_open"
            ),
        ),
        migrations.AddIndex(
            model_name="drawer",
            index=models.Index(fields=["unit_id", "opened_at"], name="drawer_unit"),
        ),
        migrations.AddConstraint(
            model_name="drawer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("counted_at__isnull", True)), fields=("account_id",), name="drawer_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="drawer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("counted_fen__isnull", True),
                    ("counted_fen", models.F("booked_fen")),
                    models.Q(("why", ""), _negated=True),
                    _connector="OR",
                ),
                name="drawer_explained",
            ),
        ),
        migrations.AddConstraint(
            model_name="drawer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("second_id__isnull", True),
                    models.Q(("second_id", models.F("account_id")), _negated=True),
                    _connector="OR",
                ),
                name="drawer_two",
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["matter_id"], name="ledger_matter"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["drawer_id"], name="ledger_drawer"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["unit_id", "at"], name="ledger_unit"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "received"), ("means", "online")),
                fields=("payment_id", "reference"),
                name="ledger_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "refunded")), fields=("refund_id",), name="ledger_refund"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fen__gt", 0), ("kind__in", ["received", "surplus"])),
                    models.Q(("fen__lt", 0), ("kind__in", ["refunded", "shortage"])),
                    _connector="OR",
                ),
                name="ledger_sign",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["received", "refunded"]),
                        ("matter_id__isnull", False),
                        ("payment_id__isnull", False),
                        ("seq__isnull", False),
                    ),
                    models.Q(
                        ("drawer_id__isnull", False),
                        ("kind__in", ["surplus", "shortage"]),
                        ("matter_id__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="ledger_of",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["payment_id"], name="refund_payment"),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "ordered"])), fields=["at"], name="refund_open"
            ),
        ),
        migrations.RunSQL((_SQL / "books.sql").read_text(), _BACK),
    ]
