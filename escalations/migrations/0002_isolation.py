"""Row-level security: links and notices by tenant, incidents for the support side only."""

from django.db import migrations

from tenants.isolation import RowPolicy, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [("escalations", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [
        TenantPolicy("escalations_incidentlink"),
        TenantPolicy("escalations_notice"),
        RowPolicy("escalations_incident"),
        RowPolicy("escalations_incidentupdate"),
        RowPolicy("escalations_correctiveaction"),
    ]
