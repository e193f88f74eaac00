"""Two documents of one person. Reversing it drops the history of documents: the person stays known by the newest alone."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_KERNEL = Path(__file__).parents[3] / "kernel" / "sql" / "asked.sql"


def _back() -> str:
    """As it was: the look-up that knows one document."""
    text = _KERNEL.read_text()
    found = text[text.index("create function trust.find_party") :].split("end $$;", 1)[0] + "end $$;"
    return f"""set local role doorstep_owner;
drop trigger party_forgets on party; drop policy definer_joins on share;
set local role doorstep_definer;
drop function trust.documents_due(int), trust.join_document(bytea, bytea, bytea, bytea, bytea[], bytea[]),
  trust.forget_documents();
{found.replace("create function", "create or replace function", 1)}
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_bound")]
    operations = [
        migrations.CreateModel(
            "PersonDocument",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("party_id", models.UUIDField()),
                ("id_blind", models.BinaryField(null=True, unique=True)),
                ("sealed", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("matter_id", models.UUIDField()),
                ("other_id", models.UUIDField(null=True)),
            ],
            {
                "db_table": "person_document",
                "indexes": [models.Index(fields=["party_id"], name="person_document_party")],
            },
        ),
        migrations.RunSQL((_SQL / "joined.sql").read_text(), _back()),
    ]
