"""Which tenants a person or a program of the support side reaches: the membership's three lists, checked and in words.

A tenant is in reach when it fits all lists; an empty list fits every tenant. Grants come on top (tenants.actors).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from companyos.web.errors import DomainError
from tenants.access import Actor
from tenants.models import Membership, Tenant, User


@dataclass(frozen=True)
class Reach:
    """Regions, segments and slugs of tenants; all empty for every tenant."""

    regions: Collection[str] = ()
    segments: Collection[str] = ()
    tenants: Collection[str] = field(default=())


def of(user_id: int | None) -> Reach:
    """The reach that a membership gives. Raises DoesNotExist for whom has none: no lists can say "nothing"."""
    membership = Membership.objects.prefetch_related("tenants").get(user=user_id)
    named = tuple(tenant.slug for tenant in membership.tenants.all())
    return Reach(tuple(membership.regions), tuple(membership.segments), named)


def is_within(reach: Reach, bound: Reach) -> bool:
    """Whether whatever fits `reach` fits `bound` too, now and with tenants that come later."""
    pairs = ((reach.regions, bound.regions), (reach.segments, bound.segments), (reach.tenants, bound.tenants))
    return all(not limit or (asked and set(asked) <= set(limit)) for asked, limit in pairs)


def regions() -> list[str]:
    """The regions that tenants are in, within the asker's own scope."""
    return sorted(set(Tenant.objects.values_list("region", flat=True)))


def segments() -> list[str]:
    return sorted(set(Tenant.objects.values_list("segment", flat=True)))


def check(reach: Reach) -> list[Tenant]:
    """The tenants named. A region, segment or tenant that none is refused: it would silently fit nothing."""
    for name, asked, known in (("regions", reach.regions, regions()), ("segments", reach.segments, segments())):
        unknown = sorted(set(asked) - set(known))
        if unknown:
            text = f"No tenant is in the {name.removesuffix('s')} {unknown[0][:40]}. There are: {', '.join(known)}."
            raise DomainError("unknown", text, name)
    found = list(Tenant.objects.filter(slug__in=reach.tenants))
    missing = sorted(set(reach.tenants) - {tenant.slug for tenant in found})
    if missing:
        raise DomainError("unknown", f"There is no tenant {missing[0][:50]}; choose from the list.", "tenants")
    return found


def check_within(reach: Reach, actor: Actor) -> None:
    """Nobody gives more than they reach themselves."""
    if actor.tenant_ids is None:
        return
    member = Membership.objects.filter(user=actor.user_id).exists()
    if not member or not is_within(reach, of(actor.user_id)):
        text = f"This is wider than your own reach ({words(actor.user_id)}); choose within it."
        raise DomainError("wider_than_own", text, "regions")


def write(user: User, reach: Reach, actor: Actor) -> Membership:
    """Make the person's membership this reach, which is no wider than that of who gives it."""
    named = check(reach)
    check_within(reach, actor)
    membership = Membership.objects.filter(user=user).first() or Membership(user=user)
    membership.regions, membership.segments = sorted(set(reach.regions)), sorted(set(reach.segments))
    membership.save()
    membership.tenants.set(named)
    return membership


def words(user_id: int | None) -> str:
    """The reach in a sentence: "Regions eu; segments enterprise; tenants Acme"."""
    return words_of(Membership.objects.prefetch_related("tenants").filter(user=user_id).first())


def words_of(membership: Membership | None) -> str:
    """The same of a membership that is at hand; None for whom has none."""
    if membership is None:
        return "No tenant: this account has no membership"
    parts = [
        f"{name} {', '.join(values)}"
        for name, values in (
            ("regions", membership.regions),
            ("segments", membership.segments),
            ("tenants", [tenant.name for tenant in membership.tenants.all()]),
        )
        if values
    ]
    sentence = "; ".join(parts) or "every tenant"
    return sentence[0].upper() + sentence[1:]


def people_of(tenant: Tenant) -> QuerySet[User]:
    """The support side's accounts whose membership reaches the tenant; what a grant opens does not count."""
    return User.objects.filter(
        Q(membership__regions=[]) | Q(membership__regions__contains=[tenant.region]),
        Q(membership__segments=[]) | Q(membership__segments__contains=[tenant.segment]),
        Q(membership__tenants__isnull=True) | Q(membership__tenants=tenant),
        is_active=True,
    ).distinct()
