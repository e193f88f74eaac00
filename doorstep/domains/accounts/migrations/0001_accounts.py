"""Accounts that people make by themselves, and forgotten passwords. Reversing it drops what they said; their accounts stay and
sign in, but nobody can verify them any more.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.begin_proving(bytea, text, bytea, bytea, bytea, bytea, bytea, bytea), trust.hash_of(bytea, text),
  trust.claimant(bytea, bytea), trust.proving_of(bytea), trust.prove(bytea, text),
  trust.sign_up(bytea, uuid, text, jsonb, bytea, bytea), trust.new_password(bytea, bytea, bytea),
  trust.set_password(uuid, bytea, bytea), trust.codes_to_send(int), trust.code_sent(bytea, text), trust.forget_proving();
drop table trust.proving, trust.asked_code;
set local role doorstep_owner"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0013_overseen")]
    operations = [
        migrations.CreateModel(
            "AccountClaim",
            [
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("phone", models.BinaryField()),
                ("document", models.BinaryField()),
                ("name", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
                ("matter_id", models.UUIDField(null=True)),
            ],
            {
                "db_table": "account_claim",
                "indexes": [models.Index(fields=["phone"], name="account_claim_phone")],
            },
        ),
        migrations.RunSQL((_SQL / "accounts.sql").read_text(), _BACK),
    ]
