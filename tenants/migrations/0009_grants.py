"""Temporary elevated access."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_keys")]

    operations = []
