"""A point says which items it takes through which channel; where it lies may be unknown, and its name may be ours."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0009_colleagues"),
    ]

    operations = [
        migrations.AddField(model_name="point", name="takes", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="point", name="sure", field=models.BooleanField(default=True)),
        migrations.AlterField(model_name="point", name="lon", field=models.FloatField(null=True)),
        migrations.AlterField(model_name="point", name="lat", field=models.FloatField(null=True)),
    ]
