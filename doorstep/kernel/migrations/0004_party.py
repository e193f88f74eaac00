"""A person is seen through a visible matter or as oneself; to have typed a record once gives no lasting sight of it."""

from __future__ import annotations

from django.db import migrations

_SEE = "id = (select trust.ctx_party()) or trust.sees_party(id)"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_holder")]
    operations = [
        migrations.RunSQL(
            f"alter policy see on party using ({_SEE})",
            f"alter policy see on party using (opened_by = (select trust.ctx_account()) or {_SEE})",
        ),
    ]
