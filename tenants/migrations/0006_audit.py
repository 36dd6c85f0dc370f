"""The audit trail that can be proven."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_trust_isolation")]

    operations = []
