"""How much a unit decided and sent back in a month is read from an index of decisions alone."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0011_draft_for")]
    operations = [
        migrations.AddIndex(
            "step",
            models.Index(
                fields=["unit_id", "closed_at", "outcome"],
                name="step_decided",
                condition=models.Q(outcome__in=("approve", "return", "refuse")),
            ),
        ),
    ]
