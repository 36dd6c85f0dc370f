"""Grants belong to their tenant; the content of a restricted tenant is hidden from whoever holds none."""

from django.db import migrations

from tenants.isolation import Sealed, TenantPolicy

_AFFECTED_BY_OPENED = (
    "EXISTS (SELECT 1 FROM cases_caseresource a WHERE a.{column} = {table}.id AND a.case_id = ANY ({{cases}}))"
)


def of_an_opened_case(table: str, column: str) -> str:
    return _AFFECTED_BY_OPENED.format(table=table, column=column)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0004_trust"),
        ("cases", "0003_search_messages"),
        ("events", "0001_initial"),
    ]

    operations = [
        TenantPolicy("tenants_grant"),
        Sealed("tenants_resource", opened=of_an_opened_case("tenants_resource", "resource_id")),
        Sealed("tenants_snapshot", opened=of_an_opened_case("tenants_snapshot", "snapshot_id")),
        Sealed("tenants_entitlement", opened=""),
        # What happened to a clock tells nothing that its case's row does not.
        Sealed(
            "events_event",
            opened="subject_kind <> 'case' OR subject_id = ANY ({cases})",
        ),
        Sealed("cases_message"),
        Sealed("cases_note"),
        Sealed("cases_draft"),
        Sealed("cases_resolution"),
        Sealed("cases_survey"),
        Sealed("cases_diagnosticrun"),
        Sealed("cases_attachment", files=True),
        Sealed("cases_evidence", files=True),
    ]
