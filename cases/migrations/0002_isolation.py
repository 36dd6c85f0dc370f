"""Row-level security: the support side by tenant, requesters by case, and nothing internal for requesters."""

from django.db import migrations

from tenants.isolation import REQUESTER_ID, AppendOnly, TenantPolicy

ADMIN = f"(SELECT EXISTS (SELECT 1 FROM tenants_requester r WHERE r.id = {REQUESTER_ID} AND r.role = 'admin'))"
OWN_CASE = f"requester_id = {REQUESTER_ID} OR {ADMIN}"
# The subquery is itself filtered by the case table's policies.
OF_OWN_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [
        TenantPolicy("cases_case", for_requesters=OWN_CASE),
        TenantPolicy("cases_message", for_requesters=OF_OWN_CASE),
        TenantPolicy("cases_attachment", for_requesters=OF_OWN_CASE),
        TenantPolicy("cases_survey", for_requesters=OF_OWN_CASE),
        TenantPolicy("cases_note"),
        TenantPolicy("cases_evidence"),
        TenantPolicy("cases_draft"),
        TenantPolicy("cases_casenumber"),
        TenantPolicy("cases_caseresource"),
        TenantPolicy("cases_transition"),
        TenantPolicy("cases_resolution"),
        TenantPolicy("cases_diagnosticrun"),
        TenantPolicy("cases_resolutionevidence"),
        AppendOnly("cases_message"),
        AppendOnly("cases_transition"),
    ]
