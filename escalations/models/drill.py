"""Drills: tests of the escalation paths, each with what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Drill(models.Model):
    """One test case on the real path from its clock to an acknowledgement. Only `escalations.drills` writes here.

    Tested are the alert rules that hold for the policy of `policy_key`, which is the tenant's own, or a shared one.
    `hops`: what was to happen, in order, as `escalations.drills.Hop` tells it. `missing`: why it failed.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, related_name="+", help_text="Whose policy is tested."
    )
    policy_key = models.SlugField(max_length=60)
    metric = models.CharField(max_length=20, default="first_response", help_text="Whose alert rules are tested.")
    priority = models.CharField(max_length=2)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    case = models.OneToOneField("cases.Case", null=True, on_delete=models.PROTECT, related_name="drill")
    case_reference = models.CharField(max_length=20)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    hops = models.JSONField(default=list)
    missing = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="drill_one_running"),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True)
                | Q(state__in=["passed", "failed"], ended_at__isnull=False),
                name="drill_ended_has_instant",
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="drill_newest")]

    def __str__(self) -> str:
        return f"Drill {self.case_reference} ({self.state})"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None
