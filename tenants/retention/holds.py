"""Legal holds: while one is in force, what it names is neither deleted nor erased."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from companyos.web.errors import DomainError, NotAllowedNow, NotFound
from tenants.access import Actor
from tenants.models import LegalHold, Requester, Tenant
from tenants.retention.classes import function

LONGEST_REASON = 2000


def in_force() -> QuerySet[LegalHold]:
    return LegalHold.objects.filter(released_at__isnull=True).select_related("tenant", "requester", "placed_by")


def on_erasing(requester: Requester) -> list[LegalHold]:
    """What forbids to erase this person: a hold on them, on a case of theirs or one they wrote in, or on the tenant."""
    whole = Q(requester__isnull=True, case_reference="")
    elsewhere = Q(pk__in=function("HOLDS_ELSEWHERE")(requester).values("pk"))
    return list(in_force().filter(Q(requester=requester) | whole | elsewhere, tenant_id=requester.tenant_id))


def place(
    tenant: Tenant,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    requester: Requester | None = None,
    reference: str = "",
) -> LegalHold:
    """Hold all of the tenant, or one requester, or one case. Not idempotent: the same hold twice is refused."""
    actor.require("hold.edit")
    reason, reference = _words(reason, "reason", "Say why, and who asked for the hold."), reference.strip().upper()
    if reference:
        requester = _owner_of(reference, tenant)
    elif requester is not None and requester.tenant_id != tenant.pk:
        raise DomainError("foreign_requester", f"{requester} is nobody of {tenant}.", "requester")
    try:
        with transaction.atomic():
            return LegalHold.objects.create(
                tenant=tenant,
                requester=requester,
                case_reference=reference,
                reason=reason,
                placed_at=now,
                placed_by_id=actor.user_id,
            )
    except IntegrityError:
        raise NotAllowedNow("held_already", "A hold on just this is in force already.") from None


def _owner_of(reference: str, tenant: Tenant) -> Requester:
    owner = function("CASE_OWNER")(reference)
    if owner is None or owner[0] != tenant.pk:
        raise DomainError("unknown_case", f"{tenant} has no case {reference[:20]}.", "reference")
    return Requester.objects.get(pk=owner[1])


def release(hold_id: int, *, reason: str, actor: Actor, now: datetime) -> LegalHold:
    """End a hold; a second time changes nothing."""
    actor.require("hold.edit")
    reason = _words(reason, "reason", "Say why the hold ends, and who decided it.")
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update(of=("self",)).filter(pk=hold_id).first()
        if hold is None:
            raise NotFound("not_found", "There is no such hold.")
        if hold.released_at is None:
            hold.released_at, hold.released_by_id, hold.release_reason = now, actor.user_id, reason
            hold.save(update_fields=["released_at", "released_by", "release_reason"])
    return hold


def _words(text: str, field: str, missing: str) -> str:
    cleaned = text.strip()
    if not cleaned:
        raise DomainError("required", missing, field)
    if len(cleaned) > LONGEST_REASON or "\x00" in cleaned:
        raise DomainError("too_long", f"At most {LONGEST_REASON:,} characters, without null characters.", field)
    return cleaned
