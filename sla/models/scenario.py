"""Scenarios: tests that an operations manager keeps with a policy."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Scenario(models.Model):
    """One scenario of a policy, as `sla.scenarios.documents` reads its document.

    It belongs to the policy's key and so outlives versions. `tenant` is the policy's: None where the policy is shared.
    `version` counts the saves, so that two editors notice each other.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    policy_key = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    document = models.JSONField()
    position = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("policy_key", "position", "pk")
        constraints = [
            models.UniqueConstraint(fields=["policy_key", "name"], name="sla_scenario_name"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(policy_key=""), name="sla_scenario_named"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.policy_key})"
