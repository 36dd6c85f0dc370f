"""The floor of handling due clocks: psycopg writes the rows that a sweep left once more, for as many other clocks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings

from benchmarks import data
from sla import sweep

if TYPE_CHECKING:
    from benchmarks.sla import Clocks

# Each table's columns with their types, and where they are read: `d` clocks and as many milliseconds further on.
ENTRIES = (
    "sla_clockentry",
    {
        "tenant_id": ("bigint", "tenant_id"),
        "clock_id": ("bigint", "clock_id + %(d)s"),
        "seq": ("int", "seq"),
        "kind": ("text", "kind"),
        "at": ("timestamptz", "at + %(d)s * interval '1 ms'"),
        "recorded_at": ("timestamptz", "recorded_at"),
        "cause": ("text", "cause"),
        "actor_kind": ("text", "actor_kind"),
        "actor_id": ("bigint", "actor_id"),
        "actor_name": ("text", "actor_name"),
        "priority": ("text", "priority"),
        "policy_id": ("bigint", "policy_id"),
        "calendar_id": ("bigint", "calendar_id"),
        "target": ("interval", "target"),
        "basis": ("text", "basis"),
        "reason": ("text", "reason"),
        "detail": ("jsonb", "detail::text"),
    },
)
ALERTS = (
    "sla_clockalert",
    {
        "tenant_id": ("bigint", "tenant_id"),
        "clock_id": ("bigint", "clock_id + %(d)s"),
        "share": ("smallint", "share"),
        "at": ("timestamptz", "at + %(d)s * interval '1 ms'"),
        "sent_at": ("timestamptz", "sent_at"),
    },
)
EVENTS = (
    "events_event",
    {
        "name": ("text", "name"),
        "tenant_id": ("bigint", "tenant_id"),
        "subject_kind": ("text", "subject_kind"),
        "subject_id": ("bigint", "subject_id + %(d)s"),
        "actor_kind": ("text", "actor_kind"),
        "actor_id": ("bigint", "actor_id"),
        "actor_name": ("text", "actor_name"),
        "reason": ("text", "reason"),
        "payload": ("jsonb", "jsonb_set(payload, '{clock}', to_jsonb(subject_id + %(d)s))::text"),
        "at": ("timestamptz", "at + %(d)s * interval '1 ms'"),
        "recorded_at": ("timestamptz", "recorded_at"),
        "request_id": ("text", "request_id"),
    },
)
DELIVERIES = (
    "events_delivery",
    {
        "event_id": ("bigint", "event_id"),
        "tenant_id": ("bigint", "tenant_id"),
        "subscriber": ("text", "subscriber"),
        "state": ("text", "state"),
        "attempts": ("smallint", "attempts"),
        "next_attempt_at": ("timestamptz", "next_attempt_at + %(d)s * interval '1 ms'"),
        "last_error": ("text", "last_error"),
        "done_at": ("timestamptz", "done_at"),
    },
)
PROJECTIONS = (
    "sla_clock",
    {
        "id": ("bigint", "id + %(d)s"),
        "breached_at": ("timestamptz", "breached_at + %(d)s * interval '1 ms'"),
        "next_alert_at": ("timestamptz", "next_alert_at + %(d)s * interval '1 ms'"),
    },
)
WHICH = {
    "sla_clockentry": "kind = 'breached' AND clock_id > %(after)s::bigint"
    " AND clock_id <= %(after)s::bigint + %(d)s ORDER BY clock_id",
    "sla_clockalert": "clock_id > %(after)s::bigint AND clock_id <= %(after)s::bigint + %(d)s ORDER BY clock_id",
    "events_event": "subject_id > %(after)s::bigint AND subject_id <= %(after)s::bigint + %(d)s ORDER BY id",
    "events_delivery": "event_id IN (SELECT id FROM events_event WHERE subject_id > %(after)s::bigint"
    " AND subject_id <= %(after)s::bigint + %(d)s) ORDER BY event_id",
    "sla_clock": "id > %(after)s::bigint AND id <= %(after)s::bigint + %(d)s ORDER BY id",
}
Row = tuple[Any, ...]
Table = tuple[str, dict[str, tuple[str, str]]]


def write_again(clocks: Clocks, due: int) -> float:
    """Write what the last sweep of `due` clocks wrote for the next `due` ones; the milliseconds that it took.

    As the runtime role, in the same scope and in batches of a sweep's size, one statement for each table.
    """
    left = {name: _left((name, columns), clocks.handled - due, due) for name, columns in TABLES}
    address = settings.RUNTIME_DATABASE_URL or settings.OWNER_DATABASE_URL
    with psycopg.connect(address, dbname=data.NAME, autocommit=True) as session:
        if not settings.RUNTIME_DATABASE_URL:
            session.execute(f"SET ROLE {settings.RUNTIME_ROLE}")
        begun = time.perf_counter()
        for first in range(0, due, sweep.BATCH):
            part = {
                name: rows[first * len(rows) // due : (first + sweep.BATCH) * len(rows) // due]
                for name, rows in left.items()
            }
            with session.transaction():
                session.execute("SELECT set_config('companyos.tenants', 'all', true)")
                _write(session, part)
        taken = (time.perf_counter() - begun) * 1000
    clocks.handled += due
    return taken


TABLES: tuple[Table, ...] = (ENTRIES, ALERTS, EVENTS, DELIVERIES, PROJECTIONS)


def _share(rows: list[Row], begin: float, end: float) -> list[Row]:
    return rows[round(begin * len(rows)) : round(end * len(rows))]


def _left(table: Table, after: int, due: int) -> list[Row]:
    name, columns = table
    chosen = ", ".join(read for _, read in columns.values())
    with psycopg.connect(settings.OWNER_DATABASE_URL, dbname=data.NAME) as owner:
        return owner.execute(f"SELECT {chosen} FROM {name} WHERE {WHICH[name]}", {"after": after, "d": due}).fetchall()


def _write(session: psycopg.Connection[Any], part: dict[str, list[Row]]) -> None:
    _insert(session, ENTRIES, part["sla_clockentry"])
    _insert(session, ALERTS, part["sla_clockalert"])
    ids = _insert(session, EVENTS, part["events_event"], "RETURNING id")
    owed = [(event_id, *row[1:]) for (event_id,), row in zip(ids, part["events_delivery"], strict=True)]
    _insert(session, DELIVERIES, owed)
    session.execute(
        "UPDATE sla_clock SET breached_at = new.breached_at, next_alert_at = new.next_alert_at "
        "FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) new (id, breached_at, next_alert_at) "
        "WHERE sla_clock.id = new.id",
        [list(column) for column in zip(*part["sla_clock"], strict=True)],
    )


def _insert(session: psycopg.Connection[Any], table: Table, rows: list[Row], more: str = "") -> list[Any]:
    name, columns = table
    given = ", ".join(f"%s::{kind}[]" for kind, _ in columns.values())
    statement = f"INSERT INTO {name} ({', '.join(columns)}) SELECT * FROM unnest({given}) {more}"
    done = session.execute(statement, [list(column) for column in zip(*rows, strict=True)])
    return done.fetchall() if more else []
