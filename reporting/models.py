"""Read models: the backlogs that closures feed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Backlog(models.TextChoices):
    RELIABILITY = "reliability", "Reliability (defects)"
    PRODUCT = "product", "Product (feature gaps)"
    DOCS = "docs", "Docs (missing guides)"


class FeedbackRule(models.Model):
    """Which backlog a closure speaks to, by its resolution code, and in which words.

    `title` may name {segment}, {tenant}, {tier}, {subject}, {root_cause}.
    """

    resolution_code = models.CharField(max_length=20)
    backlog = models.CharField(max_length=12, choices=Backlog.choices)
    title = models.CharField(max_length=200)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resolution_code", "backlog"], name="feedback_rule_once"),
            models.CheckConstraint(condition=Q(backlog__in=Backlog.values), name="feedback_rule_backlog_known"),
        ]

    def __str__(self) -> str:
        return f"{self.resolution_code} → {self.backlog}: {self.title}"


class FeedbackItem(models.Model):
    """One closure's lesson, in one backlog."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    # None once retention took the case; the lesson stays.
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="feedback")
    cycle = models.PositiveSmallIntegerField()
    backlog = models.CharField(max_length=12, choices=Backlog.choices)
    title = models.CharField(max_length=300)
    segment = models.CharField(max_length=40)
    detail = models.TextField(blank=True)
    annual_revenue = models.DecimalField(max_digits=12, decimal_places=2)
    score = models.PositiveSmallIntegerField(null=True, help_text="The customer's satisfaction, 1 to 5.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "cycle", "backlog"], name="feedback_once_per_cycle_and_backlog"),
            models.CheckConstraint(condition=Q(backlog__in=Backlog.values), name="feedback_backlog_known"),
        ]
        indexes = [models.Index(fields=["backlog", "-at", "-id"], name="feedback_backlog")]

    def __str__(self) -> str:
        return self.title
