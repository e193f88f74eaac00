"""The work list is read from its index in its own order, so that no group of equal due times is sorted first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0007_provisional"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="step",
            name="step_unit_open",
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["unit_id", "due_at", "id"],
                name="step_unit_open",
            ),
        ),
    ]
