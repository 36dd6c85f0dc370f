"""Incidents and their links to cases."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Incident(models.Model):
    """Something that broke on our side, for however many tenants."""

    class Status(models.TextChoices):
        INVESTIGATING = "investigating", "Investigating"
        IDENTIFIED = "identified", "Identified"
        MONITORING = "monitoring", "Monitoring"
        RESOLVED = "resolved", "Resolved"

    class Severity(models.TextChoices):
        SEV1 = "SEV1", "SEV1"
        SEV2 = "SEV2", "SEV2"
        SEV3 = "SEV3", "SEV3"

    reference = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=4, choices=Severity.choices)
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.INVESTIGATING)
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=120, blank=True, help_text="Where it is worked on: a chat room or bridge.")
    resource_keys = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    summary = models.TextField(blank=True)
    mitigation = models.TextField(blank=True)
    started_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reference__regex=r"^INC-[0-9]+$"), name="incident_reference_shape"),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True)),
                name="incident_resolved_has_instant",
            ),
            models.CheckConstraint(condition=Q(severity__in=["SEV1", "SEV2", "SEV3"]), name="incident_severity_known"),
        ]
        indexes = [
            models.Index(fields=["-started_at"], name="incident_open", condition=~Q(status="resolved")),
            GinIndex(fields=["resource_keys"], name="incident_resources"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class IncidentUpdate(models.Model):
    """A line of the incident's own timeline."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    author = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.body[:60]


class CorrectiveAction(models.Model):
    """What keeps the incident from coming back: who, by when, done or not."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="actions")
    title = models.CharField(max_length=200)
    owner = models.CharField(max_length=200, blank=True)
    due_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_on", "id"]

    def __str__(self) -> str:
        return self.title


class IncidentLink(models.Model):
    """A case and an incident that belong together: proposed by the system with a reason, confirmed by a person."""

    SUGGESTED, LINKED, DECLINED = "suggested", "linked", "declined"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="incident_links")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="links")
    state = models.CharField(max_length=9, default=SUGGESTED)
    reason = models.TextField()
    decided_by = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "incident"], name="incident_link_once"),
            models.CheckConstraint(
                condition=Q(state__in=["suggested", "linked", "declined"]), name="incident_link_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state} {self.incident_id}"
