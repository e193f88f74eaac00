"""Calls: where they are, who is sent and when each did what, receipts, flags of addresses, devices that report, signed shifts.

Reversing it drops the tables and their functions; matters of calls stay.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "calls.sql"
_BACK = """set local role doorstep_owner;
drop trigger call_forgotten on matter;
drop policy see on address_flag; drop policy add on address_flag; drop policy change on address_flag;
drop policy see on call_device; drop policy add on call_device; drop policy change on call_device;
drop policy see on call_shift; drop policy add on call_shift; drop policy change on call_shift;
set local role doorstep_definer;
drop function trust.holds(text), trust.begin_call(uuid, bytea, timestamptz), trust.reported(bytea, uuid), trust.call_stands(uuid),
  trust.forget_call();
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0014_shown"), ("command", "0001_room")]

    operations = [
        migrations.CreateModel(
            name="CallDevice",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("name", models.CharField(max_length=60)),
                ("token", models.BinaryField(unique=True)),
                ("lon", models.FloatField(null=True)),
                ("lat", models.FloatField(null=True)),
                ("item", models.CharField(max_length=24)),
                ("made_by", models.UUIDField()),
                ("made_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "call_device",
            },
        ),
        migrations.CreateModel(
            name="AddressFlag",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("lon", models.FloatField()),
                ("lat", models.FloatField()),
                ("key", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("set_by", models.UUIDField()),
                ("unit_id", models.IntegerField()),
                ("set_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
            ],
            options={
                "db_table": "address_flag",
                "indexes": [models.Index(fields=["lat", "lon"], name="address_flag_place")],
            },
        ),
        migrations.CreateModel(
            name="CallPlace",
            fields=[
                ("matter_id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=24)),
                ("kind", models.CharField(max_length=24)),
                ("level", models.CharField(max_length=8)),
                ("row", models.SmallIntegerField()),
                ("state", models.CharField(max_length=12)),
                ("lon", models.FloatField(null=True)),
                ("lat", models.FloatField(null=True)),
                ("unit_id", models.IntegerField(null=True)),
                ("zone", models.CharField(db_default="", default="", max_length=40)),
                ("told_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("by_channel", models.CharField(max_length=12)),
                ("silent", models.BooleanField(default=False)),
                ("threatened", models.BooleanField(default=False)),
                ("language", models.CharField(db_default="", default="", max_length=24)),
                ("ring_back", models.CharField(db_default="", default="", max_length=8)),
                ("parent_id", models.UUIDField(null=True)),
                ("reported_by", models.UUIDField(null=True)),
                ("taken_by", models.UUIDField(null=True)),
                ("sealed", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "call_place",
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)), fields=["told_at"], name="call_place_open"
                    ),
                    models.Index(
                        condition=models.Q(("parent_id__isnull", False)),
                        fields=["parent_id"],
                        name="call_place_parent",
                    ),
                    models.Index(
                        condition=models.Q(("reported_by__isnull", False)),
                        fields=["reported_by", "told_at"],
                        name="call_place_reported",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallReceipt",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("to", models.CharField(max_length=12)),
                ("number", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("account_id", models.UUIDField()),
            ],
            options={
                "db_table": "call_receipt",
                "indexes": [models.Index(fields=["matter_id"], name="call_receipt_matter")],
            },
        ),
        migrations.CreateModel(
            name="Sending",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("matter_id", models.UUIDField()),
                ("branch", models.CharField(max_length=64)),
                ("callsign", models.CharField(max_length=32)),
                ("duty_unit_id", models.IntegerField()),
                ("unit_id", models.IntegerField()),
                ("alerted_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("there_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("late_at", models.DateTimeField(null=True)),
                ("ended", models.CharField(db_default="", default="", max_length=12)),
                ("reason", models.JSONField(default=dict)),
                ("runner_up", models.IntegerField(null=True)),
                ("overridden_why", models.CharField(db_default="", default="", max_length=200)),
            ],
            options={
                "db_table": "sending",
                "indexes": [models.Index(fields=["matter_id"], name="sending_matter")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended", "")), fields=("duty_unit_id",), name="sending_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ShiftSigned",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("unit_id", models.IntegerField()),
                ("given_by", models.UUIDField()),
                ("given_at", models.DateTimeField()),
                ("taken_by", models.UUIDField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("calls", models.JSONField(default=list)),
            ],
            options={
                "db_table": "call_shift",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("taken_by", None)),
                        fields=("unit_id",),
                        name="call_shift_waits_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), _BACK),
    ]
