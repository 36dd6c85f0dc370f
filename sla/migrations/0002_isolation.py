"""Clocks belong to their tenant; calendars and policies may be shared. Versions and ledgers are append-only."""

from django.db import migrations

from tenants.isolation import AppendOnly, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [
        TenantPolicy("sla_calendar", nullable=True),
        TenantPolicy("sla_policy", nullable=True),
        TenantPolicy("sla_target", nullable=True),
        TenantPolicy("sla_clockset"),
        TenantPolicy("sla_clock"),
        TenantPolicy("sla_clockentry"),
        TenantPolicy("sla_clockalert"),
        AppendOnly("sla_calendar"),
        AppendOnly("sla_policy"),
        AppendOnly("sla_target"),
        AppendOnly("sla_clockentry"),
        AppendOnly("sla_clockalert"),
    ]
