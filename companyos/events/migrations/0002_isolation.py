"""The log belongs to the tenant it tells of; requesters read what is public from the conversation, never the log."""

from django.db import migrations

from tenants.isolation import AppendOnly, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [TenantPolicy("events_event"), TenantPolicy("events_delivery"), AppendOnly("events_event")]
