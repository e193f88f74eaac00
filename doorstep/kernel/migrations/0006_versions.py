"""What was published is not altered, by nobody: a matter's hash is worth what the version under it is."""

from __future__ import annotations

from django.db import migrations

_STAYS = """
create trigger version_stays before update on pack_version for each row execute function append_only();
create trigger publication_stays before update on publication for each row execute function append_only();
"""
_BACK = "drop trigger version_stays on pack_version; drop trigger publication_stays on publication"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0005_layers")]
    operations = [migrations.RunSQL(_STAYS, _BACK)]
