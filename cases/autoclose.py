"""Silence closes a resolved case, after the tenant's days."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from cases import lifecycle
from cases.models import Case, Message
from cases.models.case import Status
from tenants.access import system_named

AUTO_CLOSE = system_named("Auto-close")


@transaction.atomic
def close_one(now: datetime) -> bool:
    """Close the one case that has been silent longest past its day, dated at that instant; False when none is due."""
    case = (
        Case.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(status=Status.RESOLVED, auto_close_at__lte=now)
        .order_by("auto_close_at")
        .first()
    )
    if case is None or case.auto_close_at is None or case.resolved_at is None:
        return False
    spoken = case.messages.filter(author_kind=Message.REQUESTER, at__gte=case.resolved_at).aggregate(last=Max("at"))
    days = (case.auto_close_at - (spoken["last"] or case.resolved_at)).days
    lifecycle.close(
        case,
        actor=AUTO_CLOSE,
        seen=None,
        now=case.auto_close_at,
        reason=f"No answer for {days} days",
    )
    return True
