"""Numbered blanks, what was done with them, shifts and reprints. Reversing drops them, with what they hold."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer; drop function trust.blank_bound(uuid); set local role doorstep_owner;
drop trigger blank_move_grows on blank_move; drop function blank_move_stays();
drop policy see on blank; drop policy see on blank_move; drop policy see on blank_shift; drop policy change on blank_shift;
drop function blanks_in_reach(int)"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("kernel", "0002_trust")]

    operations = [
        migrations.CreateModel(
            name="Blank",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=32)),
                ("serial", models.CharField(max_length=24)),
                ("unit_id", models.IntegerField()),
                ("state", models.CharField(max_length=8)),
                ("shift_id", models.UUIDField(null=True)),
                ("paper_id", models.UUIDField(null=True)),
                ("matter_id", models.UUIDField(null=True)),
            ],
            options={
                "db_table": "blank",
                "indexes": [
                    models.Index(fields=["unit_id", "kind", "state", "serial"], name="blank_stock"),
                    models.Index(fields=["shift_id"], name="blank_in_shift"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "serial"), name="blank_serial"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "used")), fields=("paper_id",), name="blank_paper"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "used"), _negated=True),
                            models.Q(("matter_id__isnull", False), ("paper_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="blank_bound",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("what", models.CharField(max_length=8)),
                ("kind", models.CharField(max_length=32)),
                ("first", models.CharField(max_length=24)),
                ("last", models.CharField(max_length=24)),
                ("count", models.IntegerField()),
                ("unit_id", models.IntegerField()),
                ("account_id", models.UUIDField()),
                ("who", models.JSONField()),
                ("shift_id", models.UUIDField(null=True)),
                ("matter_id", models.UUIDField(null=True)),
                ("reason", models.CharField(default="", max_length=200)),
            ],
            options={
                "db_table": "blank_move",
                "indexes": [models.Index(fields=["unit_id", "at"], name="blank_move_unit")],
            },
        ),
        migrations.CreateModel(
            name="Reprint",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("paper_id", models.UUIDField()),
                ("matter_id", models.UUIDField()),
                ("serial", models.CharField(max_length=24)),
                ("kind", models.CharField(max_length=32)),
                ("reason", models.CharField(max_length=200)),
                ("state", models.CharField(max_length=8)),
                ("at", models.DateTimeField()),
                ("account_id", models.UUIDField()),
                ("who", models.JSONField()),
                ("second_id", models.UUIDField(null=True)),
                ("second_who", models.JSONField(null=True)),
                ("second_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "reprint",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "agreed"])),
                        fields=("paper_id",),
                        name="reprint_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_id__isnull", True),
                            models.Q(("second_id", models.F("account_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="reprint_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=32)),
                ("unit_id", models.IntegerField()),
                ("account_id", models.UUIDField()),
                ("who", models.JSONField()),
                ("opened_at", models.DateTimeField()),
                ("counted_at", models.DateTimeField(null=True)),
                ("expected", models.IntegerField(null=True)),
                ("counted", models.IntegerField(null=True)),
                ("why", models.CharField(default="", max_length=300)),
                ("second_id", models.UUIDField(null=True)),
                ("second_who", models.JSONField(null=True)),
                ("second_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "blank_shift",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("counted_at__isnull", True)),
                        fields=("account_id", "kind"),
                        name="blank_shift_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("counted__isnull", True),
                            ("counted", models.F("expected")),
                            models.Q(("why", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="blank_shift_explained",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_id__isnull", True),
                            models.Q(("second_id", models.F("account_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="blank_shift_two",
                    ),
                ],
            },
        ),
        migrations.RunSQL((_SQL / "blanks.sql").read_text(), _BACK),
    ]
