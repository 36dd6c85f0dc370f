"""From a row of people to the Actor that rules and scopes understand."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from tenants import isolation
from tenants.access import NEVER_IN_SCOPE, PERMISSIONS, SERVICE, STAFF_ROLES, SYSTEM, Actor, Opened
from tenants.models import ApiKey, Grant, Membership, Requester, Tenant, User


def of_user(user: User) -> Actor | None:
    """The support-side actor; None for an account that is in no role's group (it may sign in and see nothing)."""
    groups = set(user.groups.values_list("name", flat=True))
    role = next((role for role in ((SERVICE,) if user.is_service else STAFF_ROLES) if role in groups), None)
    if role is None or not user.is_active:
        return None
    with isolation.scope(SYSTEM):
        opened = _opened(user)
        tenant_ids = _reach(user, opened)
        sealed, sealed_files = _sealed(opened)
    return Actor(
        kind="agent",
        name=str(user),
        role=role,
        tenant_ids=tenant_ids,
        user_id=user.pk,
        sealed=sealed,
        sealed_files=sealed_files,
        opened=opened,
    )


def of_key(key: ApiKey) -> Actor | None:
    """The key's user, within the key's scopes."""
    actor = of_user(key.user)
    if actor is None:
        return None
    allowed = frozenset(key.scopes) if key.scopes else PERMISSIONS[actor.role]
    return replace(actor, scopes=allowed - NEVER_IN_SCOPE)


def _opened(user: User) -> tuple[Opened, ...]:
    """The grants in force, by the database's clock."""
    grants = Grant.objects.filter(user=user).in_force()
    return tuple(
        Opened(grant.pk, grant.tenant_id, grant.subject_id if grant.reach == Grant.Reach.CASE else None)
        for grant in grants
    )


def _reach(user: User, opened: tuple[Opened, ...]) -> frozenset[int] | None:
    """None for every tenant, else those that the membership fits and those that a grant opens whole."""
    named = ArrayAgg("tenants", filter=Q(tenants__isnull=False), default=[])
    membership = Membership.objects.annotate(named=named).filter(user=user).first()
    granted = frozenset(one.tenant_id for one in opened if one.case_id is None)
    if membership is None:
        return granted
    if not (membership.regions or membership.segments or membership.named):
        return None
    found = Tenant.objects.all()
    if membership.regions:
        found = found.filter(region__in=membership.regions)
    if membership.segments:
        found = found.filter(segment__in=membership.segments)
    if membership.named:
        found = found.filter(pk__in=membership.named)
    return granted | frozenset(found.values_list("pk", flat=True))


def _sealed(opened: tuple[Opened, ...]) -> tuple[frozenset[int], frozenset[int]]:
    """The tenants whose content, and whose files, stay closed without a grant for the whole tenant."""
    whole = {one.tenant_id for one in opened if one.case_id is None}
    closed = dict(Tenant.objects.exclude(restriction="open").exclude(pk__in=whole).values_list("pk", "restriction"))
    return frozenset(pk for pk, what in closed.items() if what == "content"), frozenset(closed)


def of_requester(requester: Requester) -> Actor:
    """The customer-side actor: one tenant; own cases, or for an administrator all of the tenant's."""
    return Actor(
        kind="requester",
        name=requester.name,
        role="requester-admin" if requester.role == "admin" else "requester",
        tenant_ids=frozenset({requester.tenant_id}),
        requester_id=requester.pk,
    )
