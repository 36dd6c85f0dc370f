"""The read model of the tenant page: who the customer is, what they may use, and how their resources are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from companyos.web.errors import NotFound
from tenants import audit, restriction
from tenants.access import Actor
from tenants.models import Entitlement, Requester, Resource, Tenant

STALE_AFTER = timedelta(minutes=10)
_WORST_FIRST = {"red": 0, "degraded": 1, "unknown": 2, "ok": 3}


@dataclass(frozen=True)
class ResourceView:
    """One resource with its signals taken apart; every list may be empty, nothing else is promised of telemetry."""

    resource: Resource
    slis: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    error_budget: dict[str, Any]
    usage: dict[str, Any]
    stale: bool


@dataclass(frozen=True)
class EntitlementView:
    """`percent` is None for an entitlement without limit."""

    entitlement: Entitlement
    percent: int | None


@dataclass(frozen=True)
class TenantView:
    tenant: Tenant
    health: str
    resources: list[ResourceView]
    entitlements: list[EntitlementView]
    requesters: list[Requester] = field(default_factory=list)


def get_tenant(slug: str, actor: Actor, *, viewed: bool = True, content: bool = True) -> Tenant:
    """The only way to a tenant's page; a foreign tenant is as absent as none. The view is audited.

    `content=False` is for what shows the tenant's master data alone; without it a restricted tenant is refused.
    """
    actor.require("tenant.read")
    tenant = Tenant.objects.select_related("escalation_lead").filter(slug=slug).first()
    if tenant is None:
        raise NotFound("not_found", f"There is no tenant {slug[:50]}.")
    if content:
        restriction.require_content(actor, tenant)
    if viewed:
        audit.viewed(tenant)
    return tenant


def overview(tenant: Tenant, now: datetime) -> TenantView:
    """Health, entitlements and people of the tenant, in three queries; the worst resource comes first."""
    resources = [_resource_view(resource, now) for resource in Resource.objects.filter(tenant=tenant)]
    resources.sort(key=lambda view: (_WORST_FIRST.get(view.resource.health, 9), view.resource.name))
    entitlements = [
        EntitlementView(row, min(999, round(100 * row.used / row.limit)) if row.limit else None)
        for row in Entitlement.objects.filter(tenant=tenant).order_by("feature")
    ]
    people = list(Requester.objects.filter(tenant=tenant).order_by("name")[:50])
    health = resources[0].resource.health if resources else "unknown"
    return TenantView(tenant, health, resources, entitlements, people)


def _resource_view(resource: Resource, now: datetime) -> ResourceView:
    signals = resource.signals if isinstance(resource.signals, dict) else {}
    return ResourceView(
        resource=resource,
        slis=_dicts(signals.get("slis")),
        alerts=_dicts(signals.get("alerts")),
        error_budget=_dict(signals.get("error_budget")),
        usage=_dict(signals.get("usage")),
        stale=resource.observed_at is None or now - resource.observed_at > STALE_AFTER,
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
