"""What stays of a case that retention took away: figures, and nothing that leads to a person."""

from __future__ import annotations

from django.db import models


class CaseStatistic(models.Model):
    """One deleted case, without reference, words, people or hours of the day. Written by the deletion itself, in SQL.

    `promises`: {metric: {"ended": n, "kept": n}}, each cycle of each clock once, as the reports count them.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    opened_on = models.DateField()
    closed_on = models.DateField()
    priority = models.CharField(max_length=2)
    severity = models.CharField(max_length=2, blank=True)
    channel = models.CharField(max_length=10)
    support_tier = models.CharField(max_length=12)
    closed_as = models.CharField(max_length=10)
    resolution_code = models.CharField(max_length=20, blank=True)
    reopenings = models.PositiveSmallIntegerField(default=0)
    first_response_seconds = models.PositiveBigIntegerField(null=True)
    resolution_seconds = models.PositiveBigIntegerField(null=True, help_text="From opened to resolved.")
    score = models.PositiveSmallIntegerField(null=True, help_text="The customer's last satisfaction, 1 to 5.")
    scored_on = models.DateField(null=True)
    promises = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "opened_on"], name="case_statistic_opened"),
            models.Index(fields=["closed_on"], name="case_statistic_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.priority} of {self.opened_on:%Y-%m}"
