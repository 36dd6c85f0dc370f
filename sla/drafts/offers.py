"""What holds for each tenant, now and if a draft were in force: policies as documents with their calendars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sla import diary, ledger
from sla.calendars import CalendarSpec
from sla.choice import most_specific
from sla.documents import CalendarDocument, PolicyDocument
from sla.models import Calendar, Policy
from sla.versions import drafted_spec, policy_document
from tenants.models import Tenant


@dataclass(frozen=True)
class Offer:
    """A policy as it holds or would hold. `policy_id` None: a proposal, which is no version yet."""

    document: PolicyDocument
    spec: CalendarSpec
    tenant_id: int | None
    policy_id: int | None = None
    version: int = 0

    @property
    def key(self) -> str:
        return self.document.key

    @property
    def segment(self) -> str:
        return self.document.segment

    @property
    def tier(self) -> str:
        return self.document.tier

    def target(self, metric: str, priority: str) -> ledger.Target | None:
        return self.document.target(metric, priority, self.spec)


def in_force(now: datetime) -> list[Offer]:
    """Each policy in force in the present scope; of equal rank the one in force since later comes first."""
    held = sorted(diary.policies_in_force(now), key=lambda policy: policy.active_from, reverse=True)
    return [of_version(policy) for policy in held]


def of_version(policy: Policy) -> Offer:
    return Offer(policy_document(policy), policy.calendar.spec(), policy.tenant_id, policy.pk, policy.version)


def with_policy(offers: Iterable[Offer], document: PolicyDocument, tenant_id: int | None, retires: bool) -> list[Offer]:
    """As if the policy had just come into force, or just been retired."""
    others = [offer for offer in offers if offer.key != document.key]
    if retires:
        return others
    calendar = Calendar.objects.filter(key=document.calendar).order_by("-version").first()
    if calendar is None:
        raise ValueError(f"There is no calendar “{document.calendar}”.")
    return [Offer(document, calendar.spec(), tenant_id), *others]


def with_calendar(offers: Iterable[Offer], document: CalendarDocument, now: datetime) -> list[Offer]:
    """As if every policy that counts in the calendar had just come into force with it."""
    spec = drafted_spec(document, now)
    changed, others = [], []
    for offer in offers:
        if offer.document.calendar == document.key:
            changed.append(replace(offer, spec=spec, policy_id=None))
        else:
            others.append(offer)
    return [*changed, *others]


def chosen(offers: Iterable[Offer], tenant: Tenant) -> tuple[Offer | None, str]:
    """The offer that wins for the tenant, and why."""
    return most_specific(offers, tenant_id=tenant.pk, segment=tenant.segment, tier=tenant.support_tier)


def affected(before: list[Offer], after: list[Offer], tenants: Iterable[Tenant]) -> dict[int, Offer | None]:
    """Tenant → what would hold for it, for those that would come under another version."""
    found: dict[int, Offer | None] = {}
    for tenant in tenants:
        was, would_be = chosen(before, tenant)[0], chosen(after, tenant)[0]
        if would_be is None or was is None:
            if would_be is not was:
                found[tenant.pk] = would_be
        elif would_be.policy_id is None or would_be.policy_id != was.policy_id:
            found[tenant.pk] = would_be
    return found
