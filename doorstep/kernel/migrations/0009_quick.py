"""Lists cost what a page costs: indexes in the order of a page, and policies that ask who the caller is once a statement.

Reversing leaves the policies: the earlier ones and these show the same rows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
# The owner is under the policies as well; they are lifted for this one statement, inside the migration's transaction.
_FILL = """alter table share no force row level security; alter table matter no force row level security;
update share set opened_at = m.opened_at, state = m.state from matter m where m.id = share.matter_id;
alter table share force row level security; alter table matter force row level security"""


_EMPTY = datetime(2000, 1, 1, tzinfo=UTC)  # for the moment before the statement above fills it


class Migration(migrations.Migration):
    dependencies = [("kernel", "0008_assurance")]
    operations = [
        migrations.AddField(
            "share", "opened_at", models.DateTimeField(default=_EMPTY), preserve_default=False
        ),
        migrations.AddField(
            "share", "state", models.CharField(default="", max_length=12), preserve_default=False
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RemoveIndex("share", "share_party"),
        migrations.RemoveIndex("share", "share_unit"),
        migrations.AddIndex(
            "share", models.Index(fields=["party_id", "-opened_at", "-matter_id"], name="share_party")
        ),
        migrations.AddIndex(
            "share", models.Index(fields=["unit_id", "-opened_at", "-matter_id"], name="share_unit")
        ),
        migrations.AddIndex(
            "share",
            models.Index(fields=["unit_id", "state", "-opened_at", "-matter_id"], name="share_unit_state"),
        ),
        migrations.AddIndex(
            "matter", models.Index(fields=["unit_id", "-opened_at", "-id"], name="matter_unit")
        ),
        migrations.AddIndex(
            "matter", models.Index(fields=["unit_id", "state", "-opened_at", "-id"], name="matter_unit_state")
        ),
        migrations.RunSQL((_SQL / "quick.sql").read_text(), migrations.RunSQL.noop),
    ]
