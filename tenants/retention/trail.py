"""The audit trail as a class of data: old rows go, the seals that prove the rest stay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from tenants.audit import redaction
from tenants.models import AuditEntry, LegalHold, Tenant
from tenants.retention.classes import Found, before

BATCH = 1000


@dataclass(frozen=True)
class AuditTrail:
    """Any hold within a tenant keeps all of its trail: a row is evidence of many things at once."""

    key: str = "audit"
    title: str = "Audit entries"
    unit: str = "rows"
    words: str = "who changed and who saw what; the seals stay and go on proving what is left"
    least_days: int = 365
    usual_days: int = 1095

    def find(self, tenant_ids: Collection[int], before: datetime) -> Found:
        explained = (AuditEntry.Kind.REDACTION, AuditEntry.Kind.PURGE)
        rows = AuditEntry.objects.filter(tenant_id__in=tenant_ids, timestamp__lt=before).exclude(kind__in=explained)
        held = rows.filter(tenant_id__in=_held_tenants())
        free = rows.exclude(tenant_id__in=_held_tenants())
        oldest = free.aggregate(at=Min("timestamp"))["at"]
        counts = dict(free.values_list("tenant_id").annotate(n=Count("pk")).values_list("tenant_id", "n"))
        return Found(counts, held.count(), 0, [f"the oldest is of {oldest:%Y-%m-%d}"] if oldest else [])

    def take(self, tenant_id: int, days: int, at: datetime) -> int:
        tenant = Tenant.objects.select_for_update().exclude(pk__in=_held_tenants()).filter(pk=tenant_id).first()
        if tenant is None:
            return 0
        return redaction.purge(tenant, before(days, at), BATCH, reason=f"Retention: kept for {days} days")


def _held_tenants() -> list[int]:
    return list(LegalHold.objects.filter(released_at__isnull=True).values_list("tenant_id", flat=True).distinct())


AUDIT = AuditTrail()
