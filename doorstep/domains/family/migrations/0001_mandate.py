"""Acting for somebody else: mandates, and the policies that hold an agent to them.

Reversing it drops the mandates; agents see nothing of what they brought from then on.
"""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner;
drop trigger matter_lets_agent on matter; drop trigger share_of_agent on share; drop function trust_agent_share_stays();
drop policy brings on matter; drop policy no_agent on share; drop policy definer_lets_agent on share;
drop policy definer_ends_agent on share; drop policy through_mandate on party; drop policy by_mandate on draft;
drop policy of_mandate on notice;
set local role doorstep_definer;
drop function trust.mandates_of(bytea), trust.end_mandate(uuid, bytea), trust.let_agent(),
  trust.may_bring(uuid, uuid, varchar, smallint), trust.acts_for(uuid, varchar, smallint);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0011_draft_for")]
    operations = [
        migrations.CreateModel(
            "Mandate",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("principal_id", models.UUIDField()),
                ("agent_id", models.UUIDField()),
                ("relation", models.CharField(max_length=12)),
                ("items", models.JSONField(default=list)),
                ("branches", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("granted_by", models.UUIDField()),
                ("unit_id", models.IntegerField(null=True)),
                ("proof", models.TextField(default="")),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            {
                "db_table": "mandate",
                "indexes": [
                    models.Index(fields=["principal_id"], name="mandate_principal"),
                    models.Index(fields=["agent_id"], name="mandate_agent"),
                ],
            },
        ),
        migrations.RunSQL((_SQL / "mandate.sql").read_text(), _BACK),
    ]
