"""Scoring open cases against reading and rewriting the same rows by plain SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone

from benchmarks import data
from benchmarks.measure import Figure, interleaved
from cases.forecast import fitting, forecasting
from cases.forecast.synthetic import World
from cases.models import Case, Forecast
from cases.models.case import OPEN
from tenants import isolation
from tenants.access import SYSTEM

OPEN_CASES = 10_000
ROUNDS = 5
SPREAD = """
UPDATE sla_clock SET started_at = at, running_since = at, due_at = at + target, next_alert_at = at + target / 2
  FROM (SELECT id AS it, now() - (id % 200) * interval '1 minute' AS at FROM sla_clock) AS told WHERE id = it
"""
READ = "SELECT c.id, c.status, c.breach_risk, k.* FROM cases_case c JOIN sla_clock k ON k.clock_set_id = c.clock_set_id"
READ += " WHERE c.status = ANY (%s) AND c.id > %s ORDER BY c.id LIMIT 1000"
WRITE = "UPDATE cases_case SET breach_risk = told.risk, breach_risk_at = %s, breach_risk_why = %s"
WRITE += " FROM unnest(%s::bigint[], %s::float8[]) AS told (id, risk) WHERE cases_case.id = told.id"
WHY = "first_response: P1, 80 % of the target used"


def forecast_figures() -> Iterator[Figure]:
    """Every row is written in every round: the floor leaves another chance in each, of an older instant."""
    with data.database(data.CASES, n=3 * OPEN_CASES):  # a third of them are open
        with psycopg.connect(settings.OWNER_DATABASE_URL, dbname=data.NAME, autocommit=True) as owner:
            owner.execute(SPREAD)
            owner.execute("VACUUM ANALYZE")
        fitted = fitting.fit(fitting.gather(World(datetime(2026, 11, 1, tzinfo=UTC), cases=800).lives()))
        told = {"parameters": fitted.model.as_json(), "brier": 0.1, "due_only_brier": 0.1}
        with isolation.scope(SYSTEM):
            Forecast.objects.create(fitted_at=timezone.now(), clocks=1, breaches=1, **told)
        instants = (timezone.now() + timedelta(minutes=minute) for minute in range(1000))
        value, floor = interleaved(lambda: _score(next(instants)), _rewrite, rounds=ROUNDS)
        with isolation.scope(SYSTEM):
            assert Case.objects.filter(breach_risk__isnull=False).count() == OPEN_CASES
        yield Figure("forecast_scoring", OPEN_CASES, value, floor, goal=3)


def _score(now: datetime) -> None:
    after: int | None = 0
    while after is not None:
        with isolation.scope(SYSTEM):
            after = forecasting.score_open(now, after)


def _rewrite() -> None:
    """The same batches, each in a transaction of its own, with nothing worked out."""
    after = 0
    while True:
        with isolation.scope(SYSTEM), connection.cursor() as cursor:
            cursor.execute(READ, [list(OPEN), after])
            rows = cursor.fetchall()
            if not rows:
                return
            after = rows[-1][0]
            cursor.execute(WRITE, [timezone.now(), WHY, [row[0] for row in rows], [after % 97 / 97] * len(rows)])


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {"forecast": forecast_figures}
