"""Retention, holds and the jobs that export and erase."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_audit")]

    operations = []
