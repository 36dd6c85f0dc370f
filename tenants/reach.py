"""Who of the support side reaches a tenant of their own."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from tenants.models import Tenant, User


def people_of(tenant: Tenant) -> QuerySet[User]:
    """Those whose membership reaches the tenant; what a grant opens does not count."""
    return User.objects.filter(
        Q(membership__regions=[]) | Q(membership__regions__contains=[tenant.region]),
        Q(membership__segments=[]) | Q(membership__segments__contains=[tenant.segment]),
        Q(membership__tenants__isnull=True) | Q(membership__tenants=tenant),
        is_active=True,
    ).distinct()
