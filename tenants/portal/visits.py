"""Into the portal and out again: the widget asks for a link, the link opens one visit, the visit ends by itself."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models.functions import Now

from companyos.web.errors import DomainError
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.models import PortalVisit, Requester

LINK_LIVES = timedelta(seconds=60)
VISIT_LASTS = timedelta(hours=1)
LONGEST_KEY = 100


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def new_link(actor: Actor) -> tuple[str, datetime]:
    """A key that opens the portal once within a minute for the requester who acts, and when it ends.

    Not idempotent: each call makes another link, and the earlier ones that were not opened end.
    """
    actor.require("portal.use")
    assert actor.requester_id is not None
    key = secrets.token_urlsafe(32)
    with isolation.scope(SYSTEM):
        requester = Requester.objects.get(pk=actor.requester_id)
        PortalVisit.objects.openable().filter(requester=requester).delete()
        visit = PortalVisit.objects.create(
            tenant_id=requester.tenant_id,
            requester=requester,
            link_digest=_digest(key),
            link_ends_at=Now() + LINK_LIVES,
        )
        visit.refresh_from_db(fields=["link_ends_at"])
    return key, visit.link_ends_at


def open_link(key: str) -> tuple[Requester, str]:
    """Who opens the link, and the key of their visit; raises DomainError for a link that is used, late or none."""
    visit_key = secrets.token_urlsafe(32)
    with isolation.scope(SYSTEM):
        found = PortalVisit.objects.openable().filter(link_digest=_digest(key[:LONGEST_KEY]))
        # One statement decides: of two that come at once the second finds no row.
        opened = found.update(opened_at=Now(), key_digest=_digest(visit_key), ends_at=Now() + VISIT_LASTS)
        if not opened:
            message = "This link was used already or is older than a minute. Open the portal from the help panel again."
            raise DomainError("link_ended", message)
        visit = PortalVisit.objects.select_related("requester__tenant").get(key_digest=_digest(visit_key))
    return visit.requester, visit_key


def requester_of(key: str) -> Requester | None:
    """Whose visit the key is of, while it lasts."""
    if not key or len(key) > LONGEST_KEY:
        return None
    with isolation.scope(SYSTEM):
        visits = PortalVisit.objects.in_force().select_related("requester__tenant")
        visit = visits.filter(key_digest=_digest(key)).first()
    return visit.requester if visit else None


def end(key: str) -> None:
    with isolation.scope(SYSTEM):
        PortalVisit.objects.in_force().filter(key_digest=_digest(key[:LONGEST_KEY])).update(ended_at=Now())


def end_all(requester: Requester) -> int:
    """End every visit of the requester, and the links not opened yet; returns how many visits were open."""
    with isolation.scope(SYSTEM):
        PortalVisit.objects.openable().filter(requester=requester).delete()
        return PortalVisit.objects.in_force().filter(requester=requester).update(ended_at=Now())


def forget_ended(batch: int = 1000) -> int:
    """Delete visits and links that ended a day ago or earlier."""
    with isolation.scope(SYSTEM):
        old = PortalVisit.objects.filter(link_ends_at__lt=Now() - timedelta(days=1)).order_by("id")
        return PortalVisit.objects.filter(pk__in=old.values("pk")[:batch]).delete()[0]
