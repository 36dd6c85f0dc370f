"""A fresh installation has promises to keep: the example policy, shared by all tenants."""

from django.db import migrations
from django.utils import timezone

from sla import defaults


def install(apps, schema_editor):
    defaults.install(timezone.now(), get_model=apps.get_model)


class Migration(migrations.Migration):
    dependencies = [("sla", "0002_isolation")]

    # Backwards, the rows go with their tables; until then ledgers may refer to them.
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
