"""Row-level security."""

from django.db import migrations

from tenants.isolation import TenantPolicy

class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [TenantPolicy("reporting_feedbackitem")]
