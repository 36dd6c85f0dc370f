"""The portal's door: a link that opens once, and the visit that it opens."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from tenants.models.people import Requester
from tenants.models.tenant import Tenant


class PortalVisitQuerySet(models.QuerySet[Any]):
    def openable(self) -> PortalVisitQuerySet:
        return self.filter(opened_at__isnull=True, link_ends_at__gt=Now())

    def in_force(self) -> PortalVisitQuerySet:
        """By the database's clock."""
        return self.filter(opened_at__isnull=False, ended_at__isnull=True, ends_at__gt=Now())


class PortalVisit(models.Model):
    """A requester's visit to the portal: asked for in the widget, opened once by its link, ended by time or by hand.

    Link and key are kept as SHA-256 digests of 256 random bits.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    requester = models.ForeignKey(Requester, on_delete=models.CASCADE, related_name="+")
    link_digest = models.CharField(max_length=64, unique=True)
    link_ends_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    key_digest = models.CharField(max_length=64, unique=True, null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(PortalVisitQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, key_digest__isnull=True, ends_at__isnull=True)
                | Q(opened_at__isnull=False, key_digest__isnull=False, ends_at__gt=F("opened_at")),
                name="portal_visit_opened_whole",
            ),
        ]
        indexes = [models.Index(fields=["requester", "-id"], name="portal_visit_requester")]

    def __str__(self) -> str:
        return f"Visit {self.pk}"
