"""How we reach other systems, and whether it works."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Connection(models.Model):
    """A tenant's link to another system, with when it is next due and how the last time went."""

    class Kind(models.TextChoices):
        TELEMETRY = "telemetry", "Telemetry"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="connections")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    enabled = models.BooleanField(default=True)
    every_seconds = models.PositiveIntegerField(default=60)
    next_run_at = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind"], name="connection_once_per_tenant_and_kind"),
            models.CheckConstraint(condition=Q(every_seconds__gte=10), name="connection_not_too_often"),
            models.CheckConstraint(condition=Q(kind__in=["telemetry"]), name="connection_kind_known"),
        ]
        indexes = [models.Index(fields=["next_run_at"], name="connection_due", condition=Q(enabled=True))]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.kind}"
