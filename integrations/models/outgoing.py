"""What is to be sent, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Outgoing(models.Model):
    """One message to one person's address or one channel. `key` says what it is about and for whom: made once.

    `lease`: a worker that took it has until `leased_until`; then another one may. Only `integrations.outbox` writes
    here. `case`, `event` and `clock_id` are empty for a test of a channel.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        APPRISE = "apprise", "Chat or webhook"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Dropped"
        DEAD = "dead", "Dead"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    key = models.CharField(max_length=80, unique=True)
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.CASCADE, related_name="+")
    event = models.ForeignKey("events.Event", null=True, on_delete=models.PROTECT, related_name="+")
    clock_id = models.BigIntegerField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey("escalations.Channel", null=True, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered = models.PositiveSmallIntegerField(default=0, help_text="How many of the channel's addresses have it.")
    queued_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=300, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "outgoing"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="email", user__isnull=False, channel__isnull=True)
                | Q(kind="apprise", user__isnull=True, channel__isnull=False),
                name="outgoing_has_one_receiver",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sent", "dropped", "dead"]), name="outgoing_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="outgoing_sent_has_instant",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="outgoing_due", condition=Q(state="pending")),
            models.Index(fields=["id"], name="outgoing_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} ({self.state})"
