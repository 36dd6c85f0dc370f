"""What a replay found: the clocks that would have come out otherwise."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sla.models.clock import Clock
from sla.models.job import Job
from sla.models.words import choices
from sla.replays.replay import OUTCOMES


class ReplayDifference(models.Model):
    """One clock that changes sides under what a replay tried. Goes with its clock, by the database's own hand.

    `was_due` and `would_be_due` are the due instants at the end of each story (None: nobody could know it, or nothing
    was promised); `started_at` is the clock's.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="differences")
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    # The constraint is the migration's own, with ON DELETE CASCADE: retention takes clocks without asking Django.
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    metric = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    was = models.CharField(max_length=9, choices=choices(OUTCOMES))
    would_be = models.CharField(max_length=9, choices=choices(OUTCOMES))
    was_due = models.DateTimeField(null=True)
    would_be_due = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "clock"], name="sla_difference_once"),
            models.CheckConstraint(condition=Q(was__in=OUTCOMES, would_be__in=OUTCOMES), name="sla_difference_outcome"),
            models.CheckConstraint(condition=~Q(was=models.F("would_be")), name="sla_difference_differs"),
        ]
        indexes = [models.Index(fields=["job", "started_at", "id"], name="sla_difference_page")]

    def __str__(self) -> str:
        return f"{self.metric}: {self.was}, would be {self.would_be}"
