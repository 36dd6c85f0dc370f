"""Writing a new version of a calendar or policy: versions are never changed, only followed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from sla.calendars import CalendarSpec
from sla.choice import METRICS, PRIORITIES
from sla.documents import CalendarDocument, PolicyDocument, TargetDocument
from sla.models import Calendar, Policy, Target
from sla.public_holidays import expand
from tenants.models import Tenant

YEARS_BACK, YEARS_AHEAD = 1, 5


@transaction.atomic
def publish(row: Calendar | Policy, now: datetime) -> None:
    """Save an unsaved row as the next version of its key; a calendar takes along its country's holidays as known now.

    Two at once: the unique version lets one through, and the other is told to look again.
    """
    latest = type(row).objects.filter(key=row.key).aggregate(latest=Max("version"))["latest"]
    row.version, row.created_at = (latest or 0) + 1, now
    if isinstance(row, Calendar):
        row.holidays = public_holidays(row, now) if row.country else []
    row.save(force_insert=True)


def public_holidays(calendar: Calendar, now: datetime) -> list[list[str]]:
    years = range(now.year - YEARS_BACK, now.year + YEARS_AHEAD + 1)
    found = expand(calendar.country, calendar.subdivision, years)
    return [[day.isoformat(), name] for day, name in found.items()]


def drafted_holidays(document: CalendarDocument, now: datetime) -> dict[date, str]:
    """The public holidays that the calendar would take along if it were published now."""
    if not document.country:
        return {}
    return expand(document.country, document.subdivision, range(now.year - YEARS_BACK, now.year + YEARS_AHEAD + 1))


def drafted_spec(document: CalendarDocument, now: datetime) -> CalendarSpec:
    """What the calendar would count by if it were published now."""
    return document.spec(holidays=frozenset(drafted_holidays(document, now)))


def calendar_document(calendar: Calendar) -> CalendarDocument:
    """What the version says, without its number and its public holidays."""
    return CalendarDocument(
        key=calendar.key,
        name=calendar.name,
        tenant=calendar.tenant.slug if calendar.tenant else "",
        time_zone=calendar.time_zone,
        week=tuple(sorted((int(day), int(opens), int(closes)) for day, opens, closes in calendar.weekly)),
        country=calendar.country,
        subdivision=calendar.subdivision,
        closed_days=tuple(sorted((date.fromisoformat(day), str(name)) for day, name in calendar.own_days)),
        openings=tuple(sorted((date.fromisoformat(day), int(o), int(c)) for day, o, c in calendar.openings)),
        day_length=calendar.day_length,
    )


def policy_document(policy: Policy) -> PolicyDocument:
    """What the version promises, without its number and its instant; the calendar by its key."""
    rows = sorted(policy.targets.all(), key=lambda row: (METRICS.index(row.metric), PRIORITIES.index(row.priority)))
    return PolicyDocument(
        key=policy.key,
        name=policy.name,
        tenant=policy.tenant.slug if policy.tenant else "",
        segment=policy.segment,
        tier=policy.tier,
        calendar=policy.calendar.key,
        shares=tuple(policy.shares),
        targets=tuple(
            TargetDocument(row.priority, row.metric, row.amount, _days(row.business_days), row.basis) for row in rows
        ),
    )


def _days(days: Decimal | None) -> Decimal | None:
    return None if days is None else days.normalize()


def publish_calendar(document: CalendarDocument, tenant: Tenant | None, now: datetime) -> Calendar:
    """The document as the next version of its calendar."""
    calendar = Calendar(
        key=document.key,
        name=document.name,
        tenant=tenant,
        time_zone=document.time_zone,
        weekly=[list(interval) for interval in document.week],
        country=document.country,
        subdivision=document.subdivision,
        own_days=[[day.isoformat(), name] for day, name in document.closed_days],
        openings=[[day.isoformat(), opens, closes] for day, opens, closes in document.openings],
        day_length=document.day_length,
    )
    publish(calendar, now)
    return calendar


def publish_policy(
    document: PolicyDocument,
    calendar: Calendar,
    tenant: Tenant | None,
    *,
    active_from: datetime,
    reason: str,
    now: datetime,
    retired: bool = False,
) -> Policy:
    """The document as the next version of its policy, counting in that version of its calendar."""
    policy = Policy(
        key=document.key,
        name=document.name,
        tenant=tenant,
        segment=document.segment,
        tier=document.tier,
        calendar=calendar,
        active_from=active_from,
        retired=retired,
        shares=list(document.shares),
        reason=reason,
    )
    publish(policy, now)
    for target in document.targets:  # one by one: the audit keeps each
        _target(policy, target).save(force_insert=True)
    return policy


def _target(policy: Policy, target: TargetDocument) -> Target:
    return Target(
        policy=policy,
        tenant_id=policy.tenant_id,
        priority=target.priority,
        metric=target.metric,
        amount=target.amount,
        business_days=target.business_days,
        basis=target.basis,
    )
