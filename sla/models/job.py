"""Long work on service levels: a preview, a roll-out, a replay. The row is its progress and its result."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of long work, done in steps by the worker (`sla.jobs`). `result` and `cursor` are the kind's own.

    `asked_by` None: the system asked. What it reads is what that person reaches.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    title = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    next_step_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], ended_at__isnull=True)
                | Q(state__in=["done", "failed", "cancelled"], ended_at__isnull=False),
                name="sla_job_ended_has_instant",
            ),
            models.CheckConstraint(condition=~Q(kind=""), name="sla_job_kind"),
        ]
        indexes = [
            models.Index(
                fields=["next_step_at", "id"], name="sla_job_due", condition=Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["kind", "-id"], name="sla_job_kind_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    @property
    def percent(self) -> int:
        return 100 if self.state == self.State.DONE else min(99, 100 * self.done // self.total) if self.total else 0
