"""Reading policies: which one holds for a tenant at an instant, and what it promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Q

from sla import ledger
from sla.calendars import CalendarSpec
from sla.choice import most_specific
from sla.models import Calendar, Policy, Target
from tenants.models import Tenant


@dataclass(frozen=True)
class PolicyChoice:
    """The policy version that holds and why it was chosen; no policy promises nothing, so no clock starts."""

    policy: Policy | None
    why: str


@dataclass(frozen=True)
class Promise:
    """A target as a clock takes it on, with the calendar row it is counted in (None for elapsed time)."""

    target: ledger.Target
    calendar: Calendar | None


@dataclass(frozen=True)
class PolicyFacts:
    name: str
    version: int
    shares: tuple[int, ...]


def choose(tenant: Tenant, now: datetime) -> PolicyChoice:
    """The most specific policy in force at `now`; of each key only the latest version by then counts."""
    current = (
        Policy.objects.filter(Q(tenant=tenant) | Q(tenant=None), active_from__lte=now)
        .order_by("key", "-active_from", "-version")
        .distinct("key")
    )
    in_force = sorted((policy for policy in current if not policy.retired), key=lambda p: p.active_from, reverse=True)
    policy, why = most_specific(in_force, tenant_id=tenant.pk, segment=tenant.segment, tier=tenant.support_tier)
    return PolicyChoice(policy, why)


def promise(choice: PolicyChoice, metric: str, priority: str) -> Promise | None:
    """What the chosen policy promises; None when it has no target for that metric and priority."""
    policy = choice.policy
    if policy is None:
        return None
    row = policy.targets.filter(metric=metric, priority=priority).first()
    if row is None:
        return None
    spec = calendar_spec(policy.calendar_id) if row.basis == ledger.BUSINESS else None
    target = ledger.Target(_amount(row, spec), row.basis, spec, tuple(policy.shares))
    return Promise(target, policy.calendar if spec else None)


def _amount(row: Target, spec: CalendarSpec | None) -> timedelta:
    if row.amount is not None:
        return row.amount
    if row.business_days is None or spec is None:
        raise ValueError(f"Target {row.pk} has neither a duration nor business days.")
    return spec.day_length * int(row.business_days * 100) / 100


# A version is never changed once it stands (the database refuses), so a process may keep what it read of one. Its
# tables of open time are so built once, not once a clock.
@lru_cache(maxsize=2048)
def calendar_spec(calendar_id: int) -> CalendarSpec:
    return Calendar.objects.get(pk=calendar_id).spec()


@lru_cache(maxsize=4096)
def policy_facts(policy_id: int) -> PolicyFacts:
    policy = Policy.objects.get(pk=policy_id)
    return PolicyFacts(policy.name, policy.version, tuple(policy.shares))
