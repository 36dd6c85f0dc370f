"""Replaying a past period under something else, step by step in the worker: counting, and keeping what changes sides.

A replay looks at the clocks that started in the period and follows each to its end, at the latest to the instant at
which the replay was asked for. It only reads clocks and their ledgers; what it writes is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.db import connection
from django.db.models import Q, QuerySet
from psycopg.rows import tuple_row

from companyos.web.errors import DomainError
from sla import jobs, ledger
from sla.choice import METRICS
from sla.clocks import NO_TARGET
from sla.models import Clock, ClockEntry, Job, ReplayDifference
from sla.policies import calendar_spec
from sla.replays import alternatives
from sla.replays.alternatives import OtherCalendar, OtherPolicy
from sla.replays.replay import BREACHED, OUTCOMES, Line, Outcome, actual, replay
from tenants.access import Actor
from tenants.models import Tenant

KIND = "replay"
STEP = 2000  # clocks
MOST_DAYS = 366
MOST_DIFFERENCES = 10_000  # kept with their clocks; the rest is counted


@dataclass(frozen=True)
class Question:
    """The period [since, before), what is tried in it, and of which metric ('' for all)."""

    since: datetime
    before: datetime
    source: str
    alternative: int
    everybody: bool = False
    metric: str = ""


class Begun(NamedTuple):
    """A clock of the period."""

    id: int
    tenant_id: int
    metric: str
    started_at: datetime


def ask(question: Question, *, actor: Actor, now: datetime) -> Job:
    """Queue a replay. Raises DomainError when the period or what to try makes no sense."""
    actor.require("replay.run")
    _check(question, now)
    words, data = alternatives.snapshot(question.source, question.alternative, now)
    params = {
        "since": question.since.isoformat(),
        "before": question.before.isoformat(),
        "until": now.isoformat(),
        "metric": question.metric,
        "everybody": question.everybody,
        "alternative": data,
        "tried": words,
    }
    return jobs.ask(KIND, words[:200], params, actor=actor, now=now)


def _check(question: Question, now: datetime) -> None:
    if question.before <= question.since:
        raise DomainError("period", "The period ends before it starts; turn the two days around.", "before")
    if question.before - question.since > timedelta(days=MOST_DAYS, hours=2):  # the clocks may change in between
        raise DomainError("period", f"A period is at most {MOST_DAYS} days long.", "before")
    if question.since >= now:
        raise DomainError("period", "The period has not begun yet: only the past can be replayed.", "since")
    if question.metric not in ("", *METRICS):
        raise DomainError("metric", "There is no such metric.", "metric")


def step(job: Job, now: datetime) -> bool:
    """Replay the next clocks of the period; the last step is the one that finds fewer than it may take."""
    asked = job.params
    tried = alternatives.alternative(asked["alternative"], everybody=asked["everybody"])
    found = _clocks(asked)
    if not job.cursor:
        job.total = found.count()
        job.result = {"segments": {}, "moves": {}, "differences": 0}
    else:
        at, pk = datetime.fromisoformat(job.cursor["at"]), job.cursor["id"]
        found = found.filter(started_at__gte=at).filter(Q(started_at__gt=at) | Q(pk__gt=pk))
    rows = found.order_by("started_at", "pk").values_list(*Begun._fields)[:STEP]
    batch = list(map(Begun._make, _read(*rows.query.sql_with_params())))
    if batch:
        _replay(job, batch, tried)
        job.cursor = {"at": batch[-1].started_at.isoformat(), "id": batch[-1].id}
    job.done += len(batch)
    job.total = max(job.total, job.done)
    return len(batch) < STEP


def _clocks(asked: dict[str, Any]) -> QuerySet[Clock]:
    """The drill's cases are nobody's: they count nowhere."""
    until = min(asked["before"], asked["until"], key=datetime.fromisoformat)
    found = Clock.objects.filter(
        started_at__gte=datetime.fromisoformat(asked["since"]), started_at__lt=datetime.fromisoformat(until)
    )
    drills = list(Tenant.objects.filter(is_drill=True).values_list("pk", flat=True))
    found = found.exclude(tenant__in=drills) if drills else found
    return found.filter(metric=asked["metric"]) if asked["metric"] else found


def _replay(job: Job, batch: list[Begun], tried: OtherPolicy | OtherCalendar) -> None:
    until = datetime.fromisoformat(job.params["until"])
    told = ledgers(clock.id for clock in batch)
    tenants = Tenant.objects.only("segment", "support_tier").in_bulk({clock.tenant_id for clock in batch})
    room = MOST_DIFFERENCES - job.result["differences"]
    differences: list[ReplayDifference] = []
    for clock in batch:
        lines = told.get(clock.id)
        if not lines:
            continue
        was = actual(lines, until)
        tenant = tenants[clock.tenant_id]
        would = replay(lines, tried.target_for(tenant, clock.metric), until)
        _count(job.result, tenant.segment, clock.metric, was, would)
        if was.result != would.result:
            job.result["differences"] += 1
            if len(differences) < room:
                differences.append(_difference(job, clock, was, would))
    ReplayDifference.objects.bulk_create(differences)


def _difference(job: Job, clock: Begun, was: Outcome, would: Outcome) -> ReplayDifference:
    return ReplayDifference(
        job=job,
        tenant_id=clock.tenant_id,
        clock_id=clock.id,
        metric=clock.metric,
        started_at=clock.started_at,
        was=was.result,
        would_be=would.result,
        was_due=was.due_at(),
        would_be_due=would.due_at(),
    )


def _count(result: dict[str, Any], segment: str, metric: str, was: Outcome, would: Outcome) -> None:
    """`late` is in seconds, over all breached clocks of the row."""
    metrics = result["segments"].setdefault(segment, {})
    row = metrics.get(metric) or metrics.setdefault(metric, _nothing())
    for side, outcome in (("was", was), ("would_be", would)):
        row[side][outcome.result] += 1
        if outcome.result == BREACHED:
            row[side]["late"] += outcome.late_by.total_seconds()
    if was.result != would.result:
        move = f"{was.result}>{would.result}"
        result["moves"][move] = result["moves"].get(move, 0) + 1


def _nothing() -> dict[str, dict[str, float]]:
    return {side: dict.fromkeys((*OUTCOMES, "late"), 0) for side in ("was", "would_be")}


# ── Ledgers, many at once ────────────────────────────────────────────────────
def _read(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """By the driver in its binary form: Django's way to an instant costs as much as telling the whole story."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection, row_factory=tuple_row) as cursor:
        return cursor.execute(statement, parameters, binary=True).fetchall()


_LINES = """
    SELECT clock_id, kind, at, priority, target, basis, policy_id, calendar_id, reason FROM sla_clockentry
    WHERE clock_id = ANY (%s) ORDER BY clock_id, seq
"""
_PUTS_IN_FORCE = (ledger.STARTED, ledger.RETARGETED)


def ledgers(clock_ids: Iterable[int]) -> dict[int, list[Line]]:
    """The lines of each clock, oldest first."""
    targets: dict[tuple[Any, ...], ledger.Target] = {}
    found: dict[int, list[Line]] = {}
    for row in _read(_LINES, [list(clock_ids)]):
        found.setdefault(row[0], []).append(_line(row, targets))
    _set_priorities_of_the_lacking(found)
    return found


def _line(row: tuple[Any, ...], targets: dict[tuple[Any, ...], ledger.Target]) -> Line:
    _, kind, at, priority, amount, basis, policy_id, calendar_id, reason = row
    if kind not in _PUTS_IN_FORCE:
        lacking = kind == ledger.CANCELLED and reason.startswith(NO_TARGET)
        return Line(kind, at, None, False, priority, lacking, policy_id, calendar_id)
    key = (amount, basis, calendar_id)
    target = targets.get(key)
    if target is None:
        spec = calendar_spec(calendar_id) if calendar_id else None
        target = targets[key] = ledger.Target(amount, basis, spec)
    return Line(kind, at, target, False, priority, False, policy_id, calendar_id)


def _set_priorities_of_the_lacking(found: dict[int, list[Line]]) -> None:
    """A clock that was cancelled for lack of a target bears the priority that it had; the one that was set stands in
    the ledgers of the same set that were retargeted in the same instant. With none of these it is the one it had."""
    lacking = {pk: lines[-1] for pk, lines in found.items() if lines[-1].lacking}
    if not lacking:
        return
    sets = dict(Clock.objects.filter(pk__in=lacking).values_list("pk", "clock_set_id"))
    siblings = ClockEntry.objects.filter(
        clock__clock_set__in=sets.values(), kind=ledger.RETARGETED, at__in={line.at for line in lacking.values()}
    )
    told = siblings.values_list("clock__clock_set", "at", "priority")
    set_then = {(which, at): priority for which, at, priority in told}
    for pk, line in lacking.items():
        priority = set_then.get((sets[pk], line.at), line.priority)
        found[pk][-1] = replace(line, priority=priority)
