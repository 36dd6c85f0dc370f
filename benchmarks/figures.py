"""What is measured. Each function answers Figures; `python -m benchmarks` prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from benchmarks import data
from benchmarks.measure import Figure, interleaved
from cases import queue
from sla import calendars, sweep
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tests.factories import UserFactory

CASES = 20_000


def queue_figures() -> Iterator[Figure]:
    """The list: its query under row-level security against the same one without; the page against a bare view."""
    with data.database(CASES):
        reader = Actor(kind="agent", name="Bench", role="agent", tenant_ids=frozenset(range(1, 11)), user_id=1)
        now = timezone.now()
        wanted = queue.parse(QueryDict("view=open"))
        with isolation.scope(reader):
            value, floor = _with_and_without_isolation(wanted, reader, now)
        yield Figure("queue_isolation", CASES, value, floor, goal=1.2)
        user = UserFactory(role="agent")
        client = Client()
        client.force_login(user)
        page, bare = interleaved(lambda: client.get("/cases/"), lambda: client.get("/healthz"))
        yield Figure("queue_page_over_bare_view", CASES, page, bare, goal=40)


def _with_and_without_isolation(wanted: queue.Query, reader: Actor, now: datetime) -> tuple[float, float]:
    listing = queue.rows(wanted, reader, now).order_by(F("next_due_at").asc(nulls_last=True), "pk")[:51]
    statement, parameters = listing.query.sql_with_params()
    ids = ",".join(str(i) for i in sorted(reader.tenant_ids or ()))
    bare = statement.replace(" WHERE ", f' WHERE "cases_case"."tenant_id" IN ({ids}) AND ', 1)
    with psycopg.connect(settings.OWNER_DATABASE_URL, dbname=data.NAME) as owner, connection.cursor() as cursor:
        return interleaved(
            lambda: (cursor.execute(statement, parameters), cursor.fetchall()),
            lambda: owner.execute(bare, parameters).fetchall(),
            rounds=100,
        )


def sweep_figures() -> Iterator[Figure]:
    """A sweep with nothing due against the bare claim of nothing on the same index."""
    claim = (
        "SELECT id FROM sla_clock WHERE next_alert_at <= %s ORDER BY next_alert_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    with data.database(CASES):
        now = timezone.now()

        def bare() -> None:
            with isolation.scope(SYSTEM), connection.cursor() as cursor:
                cursor.execute(claim, [now])
                cursor.fetchall()

        value, floor = interleaved(lambda: sweep.step(now), bare, rounds=100)
        yield Figure("sweep_nothing_due", CASES, value, floor, goal=1.5)


def calendar_figures() -> Iterator[Figure]:
    """Due instants of business targets: a ten-year span against a one-week span."""
    week = tuple((day, 540, 1020) for day in range(5))
    spec = calendars.CalendarSpec(name="Office", version=1, time_zone="Europe/Berlin", weekly=week)
    start = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

    def times(amount: timedelta) -> Callable[[], None]:
        return lambda: [calendars.business_due(spec, start, amount) for _ in range(1000)] and None

    value, floor = interleaved(times(timedelta(hours=8 * 2600)), times(timedelta(hours=40)))
    yield Figure("business_due_ten_years", 1000, value, floor, goal=3)


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {
    "queue": queue_figures,
    "sweep": sweep_figures,
    "calendar": calendar_figures,
}
