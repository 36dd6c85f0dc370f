"""Telling people: who gets which notice, and reading them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cases.models import Case
from companyos.events.models import Event
from escalations.models import Notice
from tenants.models import Grant, User


def tell(
    users: Iterable[User | None],
    *,
    case: Case | None = None,
    grant: Grant | None = None,
    event: Event,
    kind: str,
    text: str,
) -> list[User]:
    """One notice per person and event, about a case or a grant; never to the one who acted. Answers who was told."""
    told = {
        user.pk: user
        for user in users
        if user is not None and not (event.actor_kind == "agent" and event.actor_id == user.pk)
    }
    Notice.objects.bulk_create(
        [
            Notice(
                tenant_id=event.tenant_id,
                user=user,
                case=case,
                grant=grant,
                kind=kind,
                text=text[:300],
                at=event.at,
                event=event,
            )
            for user in told.values()
        ],
        ignore_conflicts=True,
    )
    return list(told.values())


def unread_count(user: User) -> int:
    return Notice.objects.filter(user=user, read_at__isnull=True).count()


def mark_read(user: User, now: datetime, ids: Iterable[int] | None = None) -> int:
    """Mark the given notices of the person read, or all of them; answers how many were not."""
    unread = Notice.objects.filter(user=user, read_at__isnull=True)
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=now)


def leads_of(case: Case) -> list[User]:
    """The tenant's own escalation lead, or else every active lead."""
    if case.tenant.escalation_lead is not None:
        return [case.tenant.escalation_lead]
    return list(User.objects.filter(groups__name="lead", is_active=True))
