"""What PostgreSQL itself holds: row-level security, append-only tables, a runtime role without power."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import Error, connection, transaction

from cases import intake, lifecycle
from companyos import login
from sla import sweep
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import AuditSeal
from tests.cast import NOON, Cast, assemble

# Tables without row-level security, each with its reason. Anything else must have it on and forced.
SHARED = {
    # Who may sign in, and Django's own book-keeping: no tenant's data.
    "tenants_user", "tenants_user_groups", "tenants_user_user_permissions", "tenants_membership",
    "tenants_membership_tenants", "tenants_apikey",
    "auth_group", "auth_group_permissions", "auth_permission",
    "account_emailaddress", "account_emailconfirmation",
    "django_admin_log", "django_content_type", "django_session", "django_migrations",
    # How people of the support side prove who they are: the sign-in libraries' own rows.
    "axes_accessattempt", "axes_accessattemptexpiration", "axes_accessfailurelog", "axes_accesslog",
    "mfa_authenticator", "usersessions_usersession",
    "socialaccount_socialaccount", "socialaccount_socialapp", "socialaccount_socialtoken",
    # The same for every tenant: what the support side knows and does.
    "cases_macro", "cases_runbook", "reporting_feedbackrule",
    # The audit library's own table, which stays empty: our entries are tenants_auditentry.
    "auditlog_logentry",
    # Seals of the audit log: digests and counts over all tenants, nobody's words; the insert's trigger reads the last.
    "tenants_auditseal",
    # When a background process last ticked; probes read it without a scope.
    "events_heartbeat",
}  # fmt: skip
APPEND_ONLY = {
    "events_event", "tenants_auditentry", "tenants_auditseal", "tenants_snapshot", "cases_message", "cases_transition",
    "sla_clockentry", "sla_clockalert", "sla_calendar", "sla_policy", "sla_target",
}  # fmt: skip

pytestmark = pytest.mark.django_db


def rows(sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall()


def security() -> dict[str, tuple[bool, bool, int, bool]]:
    """table → (row-level security on, forced, policies, has a tenant column)."""
    found = rows("""
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
               (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
               EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                       AND NOT a.attisdropped)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
    """)
    return {name: (on, forced, policies, tenant) for name, on, forced, policies, tenant in found}


def test_every_table_is_isolated_or_on_the_short_list_of_shared_ones() -> None:
    open_tables = {name for name, (on, forced, policies, _) in security().items() if not (on and forced and policies)}
    assert open_tables - SHARED == set(), "give these a TenantPolicy or RowPolicy in their app's isolation migration"
    assert SHARED - open_tables == set(), "these are isolated, or gone: take them off the list"


def test_every_table_with_a_tenant_column_is_isolated() -> None:
    state = security()
    # Whom of the support side a person's reach names is the support side's own book-keeping.
    found = [name for name, (on, forced, _, tenant) in state.items() if tenant and not (on and forced)]
    assert found == ["tenants_membership_tenants"]
    assert state["tenants_tenant"][:2] == (True, True)


def test_every_model_that_points_at_a_case_or_a_requester_carries_its_tenant() -> None:
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        targets = {f.related_model._meta.label for f in model._meta.get_fields() if f.many_to_one and f.related_model}
        owned = targets & {"cases.Case", "tenants.Requester", "tenants.Resource", "sla.ClockSet", "sla.Clock"}
        if owned and not any(field.column == "tenant_id" for field in model._meta.concrete_fields):
            wrong.append(f"{model._meta.label} points at {', '.join(owned)}")
    assert wrong == []


def test_tenant_columns_cannot_be_empty_but_where_rows_are_shared() -> None:
    """A row of no tenant is everybody's, so only what may be shared can be without."""
    found = rows("""SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attname = 'tenant_id' AND NOT a.attnotnull""")
    shared = {"sla_calendar", "sla_policy", "sla_target", "tenants_auditentry", "tenants_retentionpolicy"}
    shared |= {"sla_draft", "sla_rollout", "sla_scenario"}
    shared |= {"escalations_alertrule", "escalations_channel", "escalations_drill", "integrations_outgoing"}
    assert {name for (name,) in found} <= shared


# ── Append-only ──────────────────────────────────────────────────────────────
def test_the_append_only_tables_are_these() -> None:
    found = rows(
        "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'append_only'"
    )
    assert {name for (name,) in found} == APPEND_ONLY


def eventful(cast: Cast) -> None:
    """At least one row in every append-only table."""
    case = cast.open_case(resource="ingest")
    case = intake.enrich(case, NOON)
    agent = cast.actor(cast.agent)
    lifecycle.accept(case, actor=agent, priority="P0", owner=cast.agent, seen=None, now=NOON + timedelta(minutes=1))
    sweep.drain(NOON + timedelta(hours=3), 20)
    nothing = dict.fromkeys(("leaves", "root", "previous", "digest"), b"")
    AuditSeal.objects.create(number=1, at=NOON, xact_from=0, xact_to=0, rows=0, key_name="x", **nothing)


def key(table: str) -> str:
    return "number" if table == "tenants_auditseal" else "id"


@pytest.mark.django_db(transaction=True)
def test_owner_and_runtime_role_alike_cannot_rewrite_history() -> None:
    with isolation.scope(SYSTEM):
        eventful(assemble())
        for table in sorted(APPEND_ONLY):
            for deed in (f"UPDATE {table} SET {key(table)} = {key(table)}", f"DELETE FROM {table}"):
                assert rows(f"SELECT count(*) FROM {table}") != [(0,)], f"{table} has no row: nothing would be proven"
                with pytest.raises(Error, match="append-only"), transaction.atomic():
                    rows(deed)
    with psycopg.connect(settings.OWNER_DATABASE_URL, dbname=connection.settings_dict["NAME"]) as owner:
        for table in sorted(APPEND_ONLY):
            for deed in (f"UPDATE {table} SET {key(table)} = {key(table)}", f"DELETE FROM {table}"):
                with pytest.raises(psycopg.Error, match="append-only"), owner.transaction():
                    owner.execute(deed)


def test_the_runtime_role_cannot_truncate_or_switch_off_the_trigger(cast: Cast) -> None:
    for deed in (
        "TRUNCATE events_event CASCADE",
        "ALTER TABLE events_event DISABLE TRIGGER append_only",
        "ALTER TABLE cases_case DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON cases_case",
        "SET LOCAL session_replication_role = replica",
    ):
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(deed)


# ── The runtime role ─────────────────────────────────────────────────────────
def test_the_tests_run_as_the_runtime_role() -> None:
    assert rows("SELECT current_user, session_user") == [(settings.RUNTIME_ROLE, settings.RUNTIME_ROLE)]


def test_the_application_cannot_become_anybody_else() -> None:
    assert login.powers(connection) == []
    for deed in ("RESET ROLE", "SET ROLE NONE", "SET SESSION AUTHORIZATION DEFAULT"):
        rows_after = rows_of(deed)
        assert rows_after == [(settings.RUNTIME_ROLE, "off")], deed
    with pytest.raises(Error, match="permission denied"), transaction.atomic():
        rows_of("SET ROLE companyos")


def rows_of(deed: str) -> list[tuple]:
    """Who one is, and whether a superuser, after the deed."""
    with connection.cursor() as cursor:
        cursor.execute(deed)
    return rows("SELECT current_user, current_setting('is_superuser')")


def test_the_runtime_role_has_no_power() -> None:
    powers = rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = %s",
        settings.RUNTIME_ROLE,
    )
    assert powers == [(False,) * 5]
    memberships = rows(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s",
        settings.RUNTIME_ROLE,
    )
    assert memberships == [(0,)]
    assert rows("SELECT has_schema_privilege(current_user, 'public', 'CREATE')") == [(False,)]


def test_the_runtime_role_owns_nothing() -> None:
    owned = rows(
        """SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = %s)
           UNION ALL SELECT proname FROM pg_proc WHERE proowner = (SELECT oid FROM pg_roles WHERE rolname = %s)""",
        settings.RUNTIME_ROLE,
        settings.RUNTIME_ROLE,
    )
    assert owned == []
