"""Reading a clock's ledger for its explanation, in three queries whatever its length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from sla import book
from sla.explaining.explain import Alert, Explanation, Line, Terms, explain
from sla.ledger import Entry
from sla.models import Calendar, Clock, ClockEntry

REQUESTER, SOMEBODY = "requester", "The customer"


def of_clock(clock: Clock, at: datetime, *, words: bool = True) -> Explanation:
    """Raises `explain.NotYet` before the clock's start.

    `words=False` leaves out what only the case's content may tell: reasons, and which customer acted.
    """
    rows = list(clock.entries.select_related("policy", "calendar").order_by("seq"))
    lines = [_line(row, words) for row in rows]
    alerts = [Alert(alert.share, alert.at, alert.sent_at) for alert in clock.alerts.all()]
    told = explain(lines, alerts, at)
    reading = replace(
        told.reading,
        metric=clock.metric,
        cycle=clock.cycle,
        round=clock.round,
        policy_name=told.terms.policy,
        policy_version=told.terms.policy_version,
        calendar_name=told.terms.calendar,
        clock_id=clock.pk,
    )
    return replace(told, reading=reading)


def _line(row: ClockEntry, words: bool) -> Line:
    entry = book.line(row)
    asked = row.detail.get("asked_at")
    return Line(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        cause=row.cause,
        actor_kind=row.actor_kind,
        actor=row.actor_name if words or row.actor_kind != REQUESTER else SOMEBODY,
        reason=row.reason if words else "",
        terms=_terms(row, entry) if entry.target else None,
        at_retarget=entry.at_retarget,
        asked_at=datetime.fromisoformat(asked) if asked else None,
    )


def _terms(row: ClockEntry, entry: Entry) -> Terms:
    assert entry.target is not None
    return Terms(
        target=entry.target,
        priority=row.priority,
        policy=row.policy.name,
        policy_version=row.policy.version,
        policy_key=row.policy.key,
        calendar_key=row.calendar.key if row.calendar else "",
        holidays=closed_days(row.calendar_id) if row.calendar_id else {},
    )


@lru_cache(maxsize=512)  # a version never changes once it stands
def closed_days(calendar_id: int) -> Mapping[date, str]:
    """The named closed days of a calendar's version: public holidays and own days."""
    calendar = Calendar.objects.get(pk=calendar_id)
    return {date.fromisoformat(day): str(name) for day, name in [*calendar.holidays, *calendar.own_days]}
