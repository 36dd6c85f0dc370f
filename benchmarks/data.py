"""A scratch database with many rows, written by SQL past the measured code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from sla.models import Calendar, Policy
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Tenant

NAME = f"bench_{os.getpid()}"
TENANTS = 20
BASE = datetime(2026, 3, 2, tzinfo=UTC)

CASES = """
INSERT INTO tenants_requester (tenant_id, external_id, name, email, phone, role, channel, authentication,
    viewable_resources, time_zone, created_at)
  SELECT id, 'u', 'Requester', 'r@customer.example', '', 'member', 'widget', 'widget-token', '{}', 'UTC', now()
  FROM tenants_tenant;
INSERT INTO sla_clockset (tenant_id, created_at)
  SELECT (SELECT min(id) FROM tenants_tenant) + i %% 20, now() FROM generate_series(1, %(n)s) i;
INSERT INTO cases_case (tenant_id, number, reference, subject, status, priority, priority_confirmed, severity,
    support_tier, requester_id, channel, tags, clock_set_id, cycle, version, context, enrichment, opened_at,
    waiting_reason, closed_as, last_activity_at, next_due_at, next_due_metric, incident_reference, closed_at)
  SELECT s.tenant_id, s.id, 'T1X-' || s.id, 'Events are delayed number ' || s.id,
    CASE WHEN s.id %% 3 = 0 THEN 'new' ELSE 'closed' END, 'P' || s.id %% 4, false, '', 'standard', r.id, 'widget',
    '{}', s.id, 0, 1, '{}', '{}', now() - s.id * interval '1 minute', '',
    CASE WHEN s.id %% 3 = 0 THEN '' ELSE 'agent' END, now() - s.id * interval '1 minute',
    CASE WHEN s.id %% 3 = 0 THEN now() + s.id * interval '1 minute' END,
    CASE WHEN s.id %% 3 = 0 THEN 'first_response' ELSE '' END, '',
    CASE WHEN s.id %% 3 = 0 THEN NULL ELSE now() END
  FROM sla_clockset s JOIN tenants_requester r USING (tenant_id);
INSERT INTO sla_clock (tenant_id, clock_set_id, metric, cycle, round, state, priority, policy_id, target, basis,
    started_at, running_since, due_at, next_alert_at, breached_at_retarget, cancel_reason, consumed, overrun)
  SELECT s.tenant_id, s.id, 'first_response', 0, 0, 'running', 'P2', (SELECT min(id) FROM sla_policy),
    interval '4 hours', 'elapsed', now(), now(), now() + interval '4 hours', now() + interval '2 hours', false, '',
    interval '0', interval '0'
  FROM sla_clockset s;
INSERT INTO cases_message (tenant_id, case_id, author_kind, author_id, author_name, body, at, channel, asks)
  SELECT c.tenant_id, c.id, 'requester', c.requester_id, 'Requester', 'Line ' || n || ' of the conversation.',
    c.opened_at + n * interval '1 minute', 'widget', false
  FROM cases_case c, generate_series(1, 3) n;
ANALYZE;
"""
# `n` open clocks: clock i has one thing due at `base` + 4 h + i ms. Even ones then warn at half their 8 h, odd ones
# breach their 4 h; two of four are counted in business time, every third one has been paused for a minute.
CLOCKS = """
TRUNCATE events_delivery, events_event, sla_clockalert, sla_clockentry, sla_clock RESTART IDENTITY CASCADE;
TRUNCATE sla_clockset RESTART IDENTITY CASCADE;
INSERT INTO sla_clockset (tenant_id, created_at)
  SELECT (SELECT min(id) FROM tenants_tenant) + mod(i, 20), now() FROM generate_series(1, %(n)s) i;
CREATE TEMPORARY TABLE story ON COMMIT DROP AS
  SELECT s.id, s.tenant_id, mod(s.id, 3) = 0 AS paused, p.id AS policy_id, promised.amount,
    CASE WHEN mod(s.id, 4) < 2 THEN (SELECT id FROM sla_calendar WHERE key = 'always') END AS calendar_id,
    %(base)s::timestamptz + s.id * interval '1 millisecond' AS begins
  FROM sla_clockset s
  JOIN (VALUES (0, 'warning', interval '8 hours'), (1, 'breaching', '4 hours')) promised (rest, key, amount)
    ON mod(s.id, 2) = promised.rest
  JOIN sla_policy p ON p.key = promised.key;
INSERT INTO sla_clock (id, tenant_id, clock_set_id, metric, cycle, round, state, priority, policy_id, calendar_id,
    target, basis, started_at, running_since, due_at, next_alert_at, breached_at_retarget, cancel_reason, consumed,
    overrun)
  SELECT id, tenant_id, id, 'resolution', 0, 0, 'running', 'P2', policy_id, calendar_id, amount,
    CASE WHEN calendar_id IS NULL THEN 'elapsed' ELSE 'business' END,
    begins - CASE WHEN paused THEN interval '60 seconds' ELSE '0' END,
    begins + CASE WHEN paused THEN interval '60 seconds' ELSE '0' END,
    begins + amount, begins + interval '4 hours', false, '',
    CASE WHEN paused THEN interval '60 seconds' ELSE '0' END, '0'
  FROM story ORDER BY id;
INSERT INTO sla_clockentry (tenant_id, clock_id, seq, kind, at, recorded_at, cause, actor_kind, actor_name, priority,
    policy_id, calendar_id, target, basis, reason, detail)
  SELECT tenant_id, id, seq, kind,
    begins + CASE seq WHEN 3 THEN interval '60 seconds' WHEN 1 THEN
      CASE WHEN paused THEN interval '-60 seconds' ELSE '0' END ELSE '0' END,
    now(), 'case.opened', 'system', 'System', 'P2', policy_id, calendar_id, amount,
    CASE WHEN calendar_id IS NULL THEN 'elapsed' ELSE 'business' END, '', '{}'
  FROM story JOIN (VALUES (1, 'started'), (2, 'paused'), (3, 'resumed')) said (seq, kind) ON seq = 1 OR paused
  ORDER BY id, seq;
ANALYZE sla_clockset, sla_clock, sla_clockentry, sla_policy;
"""


def _cast() -> None:
    """Tenants, and the policies of CLOCKS."""
    Tenant.objects.bulk_create(
        Tenant(name=f"Tenant {n}", slug=f"tenant-{n}", prefix=f"T{n}X") for n in range(1, TENANTS + 1)
    )
    week = [[day, 0, 24 * 60] for day in range(7)]
    calendar = Calendar.objects.create(key="always", name="Always", time_zone="UTC", weekly=week)
    for key, shares in {"warning": [50, 75, 90], "breaching": []}.items():
        Policy.objects.create(key=key, name=key, calendar=calendar, active_from=BASE, retired=True, shares=shares)


def fill(rows: str, **values: object) -> None:
    """Run the statements as the owner, in one transaction and without checking every reference of every row."""
    with psycopg.connect(settings.OWNER_DATABASE_URL, dbname=NAME, cursor_factory=psycopg.ClientCursor) as filler:
        filler.execute("SET LOCAL session_replication_role = replica")
        for statement in rows.split(";\n"):
            if statement.strip():
                filler.execute(statement, values)
        filler.commit()
        filler.autocommit = True
        # Else the server does it by itself in the midst of what is measured. Not of empty tables: it would plan for
        # them to stay so until it looks again.
        for (table,) in filler.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relpages > 8"):
            filler.execute(f"VACUUM ANALYZE {table}")


@contextmanager
def database(rows: str, **values: object) -> Iterator[None]:
    """The default connection on a migrated scratch database with these rows, as the runtime role; dropped after."""
    owner = settings.OWNER_DATABASE_URL
    with psycopg.connect(owner, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    original = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = NAME
    try:
        call_command("migrate", verbosity=0)
        with isolation.scope(SYSTEM):
            _cast()
        fill(rows, **values)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))
