"""What retention and erasure may take out of append-only tables."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_search_messages"), ("tenants", "0005_trust_isolation")]

    operations = []
