"""Row-level security on everything that belongs to a tenant."""

from django.db import migrations

from tenants.isolation import REQUESTER_ID, AppendOnly, AppendOnlyFunction, TenantPolicy

OWN = f"id = {REQUESTER_ID}"
OWN_DEEDS = f"additional_data->'acting'->>'kind' = 'requester' AND (additional_data->'acting'->>'id')::bigint = {REQUESTER_ID}"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        AppendOnlyFunction(),
        TenantPolicy("tenants_tenant", column="id", for_requesters="true"),
        TenantPolicy("tenants_requester", for_requesters=OWN),
        TenantPolicy("tenants_resource", for_requesters="true"),
        TenantPolicy("tenants_snapshot"),
        TenantPolicy("tenants_entitlement"),
        TenantPolicy("tenants_auditentry", nullable=True, for_requesters=OWN_DEEDS),
        AppendOnly("tenants_snapshot"),
        AppendOnly("tenants_auditentry"),
    ]
