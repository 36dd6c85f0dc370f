"""From a row of people to the Actor that rules and scopes understand."""

from __future__ import annotations

from tenants import isolation
from tenants.access import STAFF_ROLES, SYSTEM, Actor
from tenants.models import Requester, Tenant, User


def of_user(user: User) -> Actor | None:
    """The support-side actor; None for an account that is in no role's group (it may sign in and see nothing)."""
    groups = set(user.groups.values_list("name", flat=True))
    role = next((role for role in STAFF_ROLES if role in groups), None)
    if role is None or not user.is_active:
        return None
    return Actor(kind="agent", name=str(user), role=role, tenant_ids=_reach(user), user_id=user.pk)


def _reach(user: User) -> frozenset[int] | None:
    """None for every tenant, else the tenants of the membership's regions; no membership reaches nothing."""
    membership = getattr(user, "membership", None)
    if membership is None:
        return frozenset()
    if not membership.regions:
        return None
    with isolation.scope(SYSTEM):
        return frozenset(Tenant.objects.filter(region__in=membership.regions).values_list("pk", flat=True))


def of_requester(requester: Requester) -> Actor:
    """The customer-side actor: one tenant; own cases, or for an administrator all of the tenant's."""
    return Actor(
        kind="requester",
        name=requester.name,
        role="requester-admin" if requester.role == "admin" else "requester",
        tenant_ids=frozenset({requester.tenant_id}),
        requester_id=requester.pk,
    )
