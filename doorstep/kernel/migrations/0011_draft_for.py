"""A draft may be made for somebody else, by a mandate."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0010_takes")]
    operations = [migrations.AddField("draft", "mandate_id", models.UUIDField(null=True))]
