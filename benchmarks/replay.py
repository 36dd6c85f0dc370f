"""What a replay costs: a clock told again under another policy and counted, beside only reading the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
from django.conf import settings

from benchmarks import data
from benchmarks.measure import Figure, interleaved
from sla import jobs
from sla.models import Job, Policy, ReplayDifference
from sla.replays import alternatives, replaying
from tenants import isolation
from tenants.access import SYSTEM

CLOCKS = 10_000
# Clock i starts i minutes after `base` on a target of 8 h, every second one in business time; every third is paused for
# 40 minutes, every fourth is retargeted to the same target; all are met in time, one in thirty barely so.
STORIES = """
INSERT INTO sla_clockset (tenant_id, created_at)
  SELECT (SELECT min(id) FROM tenants_tenant) + mod(i, 20), now() FROM generate_series(1, %(n)s) i;
CREATE TEMPORARY TABLE story ON COMMIT DROP AS
  SELECT s.id, s.tenant_id, mod(s.id, 3) = 0 AS paused, mod(s.id, 4) = 0 AS retargeted, p.id AS policy_id,
    CASE WHEN mod(s.id, 2) = 0 THEN p.calendar_id END AS calendar_id,
    CASE WHEN mod(s.id, 2) = 0 THEN 'business' ELSE 'elapsed' END AS basis,
    %(base)s::timestamptz + s.id * interval '1 minute' AS begins,
    %(base)s::timestamptz + s.id * interval '1 minute' + (30 + 23 * mod(s.id, 20)) * interval '1 minute' AS ends
  FROM sla_clockset s JOIN sla_policy p ON p.key = 'warning';
INSERT INTO sla_clock (id, tenant_id, clock_set_id, metric, cycle, round, state, priority, policy_id, calendar_id,
    target, basis, started_at, met_at, due_at, breached_at_retarget, cancel_reason, consumed, overrun)
  SELECT id, tenant_id, id, 'resolution', 0, 0, 'met', 'P2', policy_id, calendar_id, interval '8 hours', basis,
    begins, ends, begins + interval '8 hours', false, '', ends - begins, interval '0'
  FROM story ORDER BY id;
INSERT INTO sla_clockentry (tenant_id, clock_id, seq, kind, at, recorded_at, cause, actor_kind, actor_name, priority,
    policy_id, calendar_id, target, basis, reason, detail)
  SELECT tenant_id, id, row_number() OVER (PARTITION BY id ORDER BY number), kind, least(ends, begins + after), now(),
    'case.opened', 'system', 'System', 'P2', policy_id, calendar_id, interval '8 hours', basis, '', '{}'
  FROM story JOIN (VALUES (1, 'started', interval '0'), (2, 'retargeted', interval '10 minutes'),
      (3, 'paused', interval '20 minutes'), (4, 'resumed', interval '60 minutes'), (5, 'met', interval '99 hours'))
      said (number, kind, after)
    ON kind IN ('started', 'met') OR (retargeted AND kind = 'retargeted') OR (paused AND kind IN ('paused', 'resumed'))
  ORDER BY id, number;
ANALYZE;
"""
BEGUN = (
    "SELECT id, tenant_id, metric, started_at FROM sla_clock WHERE (started_at, id) > (%s, %s)"
    " ORDER BY started_at, id LIMIT %s"
)
LINES = (
    "SELECT clock_id, kind, at, priority, target, basis, policy_id, calendar_id, reason FROM sla_clockentry"
    " WHERE clock_id = ANY (%s) ORDER BY clock_id, seq"
)


def replay_figures() -> Iterator[Figure]:
    """All steps of a replay of 10,000 clocks, under row-level security, against psycopg reading their rows without."""
    with data.database(STORIES, n=CLOCKS, base=data.BASE):
        with psycopg.connect(settings.OWNER_DATABASE_URL, dbname=data.NAME, autocommit=True) as bare:
            value, floor = interleaved(_replaying(), lambda: _reading(bare), rounds=9)
        yield Figure("replay", CLOCKS, value, floor, goal=6)


def _replaying() -> Callable[[], None]:
    before = data.BASE + timedelta(days=20)
    with isolation.scope(SYSTEM):
        policy = Policy.objects.get(key="breaching")
        other = Policy.objects.create(key="tried", name="Tried", calendar=policy.calendar, active_from=before)
        other.targets.create(metric="resolution", priority="P2", amount=timedelta(hours=7.75))
        question = replaying.Question(data.BASE, before, alternatives.POLICY, other.pk, everybody=True)

    def replayed() -> None:
        with isolation.scope(SYSTEM):
            ReplayDifference.objects.all().delete()
            replaying.ask(question, actor=SYSTEM, now=before)
        while jobs.step(before):
            pass
        with isolation.scope(SYSTEM):
            assert Job.objects.latest("pk").done == CLOCKS

    return replayed


def _reading(session: psycopg.Connection[tuple[object, ...]]) -> None:
    at, pk = data.BASE, 0
    while found := session.execute(BEGUN, [at, pk, replaying.STEP]).fetchall():
        session.execute(LINES, [[row[0] for row in found]]).fetchall()
        pk, at = found[-1][0], found[-1][3]  # type: ignore[assignment]


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {"replay": replay_figures}
