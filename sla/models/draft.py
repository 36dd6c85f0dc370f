"""Proposals of policies and calendars: edited freely, looked at in a preview, and only then made a version."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from sla.models.job import Job


class Draft(models.Model):
    """The one proposal under way for a key. `document` is what `sla.documents` reads; it need not be sound yet.

    `base_version` is the version it was begun from (0: a new key). `edits` counts up at each save, so that two editors
    notice each other. `preview` is the last run, of just the content that `preview_hash` names.
    """

    class Kind(models.TextChoices):
        POLICY = "policy", "Policy"
        CALENDAR = "calendar", "Calendar"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.SlugField(max_length=60)
    document = models.JSONField(default=dict)
    retires = models.BooleanField(default=False, help_text="It ends the policy instead of changing it.")
    base_version = models.PositiveIntegerField(default=0)
    edits = models.PositiveIntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    preview = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    preview_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="sla_draft_once_a_key"),
            models.CheckConstraint(condition=Q(kind__in=["policy", "calendar"]), name="sla_draft_kind"),
            models.CheckConstraint(condition=Q(retires=False) | Q(kind="policy"), name="sla_draft_retires_policy"),
        ]

    def __str__(self) -> str:
        return f"Draft of {self.kind} {self.key}"
