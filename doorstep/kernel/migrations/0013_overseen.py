"""Each open step is overseen by somebody: where it waits for the applicant, a message or a unit that was asked, by the competent unit.

Reversing drops the column.
"""

from __future__ import annotations

from django.db import migrations, models

_FILL = """alter table step no force row level security; alter table matter no force row level security;
update step s set over_id = m.unit_id from matter m where m.id = s.matter_id and s.closed_at is null
and s.by not in ('received', 'hand_out') and s.unit_id is distinct from m.unit_id;
alter table step force row level security; alter table matter force row level security"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0012_decided")]
    operations = [
        migrations.AddField("step", "over_id", models.IntegerField(null=True)),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
    ]
