"""A scratch database with many cases, written by SQL: the measured code only reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

NAME = f"bench_{os.getpid()}"

ROWS = """
INSERT INTO tenants_tenant (name, slug, prefix, plan, support_tier, segment, region, data_residency, restriction,
    billing_status, annual_revenue, time_zone, auto_close_days, escalation_routing, telemetry_url, widget_secret,
    widget_origins, created_at)
  SELECT 'Tenant ' || i, 'tenant-' || i, 'T' || i || 'X', 'standard', 'standard', 'smb', 'eu', 'eu', 'open',
    'active', 0, 'UTC', 7, '{}', '', 'x', '{}', now() FROM generate_series(1, 20) i;
INSERT INTO tenants_requester (tenant_id, external_id, name, email, phone, role, channel, authentication,
    viewable_resources, time_zone, created_at)
  SELECT id, 'u', 'Requester', 'r@customer.example', '', 'member', 'widget', 'widget-token', '{}', 'UTC', now()
  FROM tenants_tenant;
INSERT INTO sla_clockset (tenant_id, created_at)
  SELECT (SELECT min(id) FROM tenants_tenant) + i % 20, now() FROM generate_series(1, %(cases)s) i;
INSERT INTO cases_case (tenant_id, number, reference, subject, status, priority, priority_confirmed, severity,
    support_tier, requester_id, channel, tags, clock_set_id, cycle, version, context, enrichment, opened_at,
    waiting_reason, closed_as, last_activity_at, next_due_at, next_due_metric, incident_reference, closed_at)
  SELECT s.tenant_id, s.id, 'T1X-' || s.id, 'Events are delayed number ' || s.id,
    CASE WHEN s.id % 3 = 0 THEN 'new' ELSE 'closed' END, 'P' || s.id % 4, false, '', 'standard', r.id, 'widget', '{}',
    s.id, 0, 1, '{}', '{}', now() - s.id * interval '1 minute', '',
    CASE WHEN s.id % 3 = 0 THEN '' ELSE 'agent' END, now() - s.id * interval '1 minute',
    CASE WHEN s.id % 3 = 0 THEN now() + s.id * interval '1 minute' END,
    CASE WHEN s.id % 3 = 0 THEN 'first_response' ELSE '' END, '',
    CASE WHEN s.id % 3 = 0 THEN NULL ELSE now() END
  FROM sla_clockset s JOIN tenants_requester r USING (tenant_id);
INSERT INTO sla_clock (tenant_id, clock_set_id, metric, cycle, state, priority, policy_id, target, basis, started_at,
    running_since, due_at, next_alert_at, breached_at_retarget, cancel_reason, consumed, overrun)
  SELECT s.tenant_id, s.id, 'first_response', 0, 'running', 'P2', (SELECT min(id) FROM sla_policy),
    interval '4 hours', 'elapsed', now(), now(), now() + interval '4 hours', now() + interval '2 hours', false, '',
    interval '0', interval '0'
  FROM sla_clockset s;
INSERT INTO cases_message (tenant_id, case_id, author_kind, author_id, author_name, body, at, channel, asks)
  SELECT c.tenant_id, c.id, 'requester', c.requester_id, 'Requester', 'Line ' || n || ' of the conversation.',
    c.opened_at + n * interval '1 minute', 'widget', false
  FROM cases_case c, generate_series(1, 3) n;
ANALYZE;
"""


@contextmanager
def database(cases: int) -> Iterator[None]:
    """The default connection on a migrated scratch database with `cases` cases, as the runtime role; dropped after."""
    owner = settings.OWNER_DATABASE_URL
    with psycopg.connect(owner, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    original = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = NAME
    try:
        call_command("migrate", verbosity=0)
        with psycopg.connect(owner, dbname=NAME, autocommit=True) as filler:
            for statement in ROWS.split(";\n"):
                if statement.strip():
                    filler.execute(statement.replace("%(cases)s", str(cases)))
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))
