"""What a requester may ask of us: all of their data, and to be forgotten."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


def export_path(job: DataJob, name: str) -> str:
    """Never a name that can be guessed, and never the person's."""
    return f"exports/{job.tenant_id}/{uuid.uuid4().hex}"


class DataJob(models.Model):
    """One export or erasure of a requester's data, worked off step by step by whichever worker has time."""

    class Kind(models.TextChoices):
        EXPORT = "export", "Export"
        ERASURE = "erasure", "Erasure"

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for support's confirmation"
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REFUSED = "refused", "Refused"
        EXPIRED = "expired", "Expired"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    requester = models.ForeignKey("tenants.Requester", on_delete=models.PROTECT, related_name="data_jobs")
    asked_by_kind = models.CharField(max_length=12)
    asked_by_id = models.BigIntegerField(null=True)
    asked_by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True, help_text="Why it was refused.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0, help_text="Cases; 0 until it is known.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Failures in a row.")
    leased_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    file = models.FileField(upload_to=export_path, max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["export", "erasure"]), name="data_job_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed", "refused", "expired"], finished_at__isnull=False),
                name="data_job_finished_has_instant",
            ),
            models.UniqueConstraint(
                fields=["requester", "kind"],
                condition=Q(state__in=["waiting", "queued", "running"]),
                name="data_job_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="data_job_pending", condition=Q(state__in=["queued", "running"])),
            models.Index(fields=["requester", "-asked_at"], name="data_job_requester"),
            models.Index(fields=["expires_at"], name="data_job_expiring", condition=Q(state="done", kind="export")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.uuid} ({self.state})"

    @property
    def is_pending(self) -> bool:
        return self.state in (self.State.WAITING, self.State.QUEUED, self.State.RUNNING)

    @property
    def is_working(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def percent(self) -> int:
        return 100 if self.state == self.State.DONE else min(99, round(100 * self.done / max(self.total, 1)))
