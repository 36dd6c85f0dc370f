"""The spine: an event row is fact, timeline entry, domain audit and outbox at once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """Something that happened. Append-only, held by a trigger; `at` is when it was, `recorded_at` when we knew."""

    name = models.CharField(max_length=60)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "at", "id"], name="event_subject"),
            models.Index(fields=["name", "at"], name="event_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.subject_kind} {self.subject_id})"


class Delivery(models.Model):
    """One event owed to one subscriber. Effect and done-mark commit together, so it is handled exactly once."""

    PENDING, DONE, DEAD = "pending", "done", "dead"

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    subscriber = models.CharField(max_length=120)
    state = models.CharField(max_length=8, default=PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once_per_subscriber"),
            models.CheckConstraint(condition=Q(state__in=["pending", "done", "dead"]), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="delivery_done_has_instant",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["id"], name="delivery_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.subscriber} ({self.state})"


class Heartbeat(models.Model):
    """When a background process last ticked: `readyz` and the console say so when it is late."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
