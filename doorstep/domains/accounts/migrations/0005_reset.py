"""A colleague's password is set anew by two persons. Reversing it drops the way and what was written of it; passwords stay."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "reset.sql"
_BACK = """set local role doorstep_definer;
drop function trust.ask_reset(uuid, text, text), trust.agree_reset(uuid), trust.drop_reset(uuid),
  trust.use_reset(text, text, bytea, bytea), trust.resets(), trust.reset_powers(uuid, uuid), trust.power_reaches(uuid, text, int),
  trust.powers_of(uuid);
drop table trust.password_code;
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_phone")]
    operations = [
        migrations.CreateModel(
            name="PasswordReset",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
                ("asked_by", models.UUIDField()),
                ("powers", models.JSONField()),
                ("asked_at", models.DateTimeField()),
                ("why", models.CharField(max_length=200)),
                ("state", models.CharField(max_length=12)),
                ("until", models.DateTimeField()),
                ("agreed_by", models.UUIDField(null=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "password_reset",
                "indexes": [
                    models.Index(fields=["account_id"], name="password_reset_account"),
                    models.Index(fields=["asked_at"], name="password_reset_asked"),
                ],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), _BACK),
    ]
