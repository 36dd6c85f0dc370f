"""Who is told what about clocks, and by which way: rules as rows, the channels they send to, and what they call."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedTextField

from sla.choice import METRICS, PRIORITIES
from sla.models.words import choices
from tenants.models.people import validate_time_zone

BREACH = 100


class Channel(models.Model):
    """A chat room or webhook: Apprise addresses, one a line, encrypted at rest and never shown again.

    `shown` is what pages and logs may show of them. Within quiet hours (of its time zone) messages wait for their end;
    only the breach of a P0 does not.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: shared."
    )
    name = models.CharField(max_length=80)
    addresses = EncryptedTextField()
    shown = models.TextField(help_text="The addresses without what is secret in them.")
    enabled = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="channel_name_once", nulls_distinct=False),
            models.CheckConstraint(condition=~Q(name=""), name="channel_has_name"),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=models.F("quiet_until"))),
                name="channel_quiet_hours_have_two_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AlertRule(models.Model):
    """When a clock passes a share of its target (100: its breach): whom to tell, by which way, and what else to do.

    An empty condition fits anything. `share` empty is every share below the breach that the policy warns at. All rules
    that fit are followed, in the order of `position`; each of them once for a clock's round and share.
    """

    class Reassign(models.TextChoices):
        NOBODY = "", "Leave the owner"
        LEAD = "lead", "Give it to the lead"
        PERSON = "person", "Give it to a person"

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: every."
    )
    name = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=100)
    version = models.PositiveIntegerField(default=1)
    # When.
    policy_key = models.SlugField(max_length=60, blank=True)
    metric = models.CharField(max_length=20, blank=True, choices=choices(METRICS))
    share = models.PositiveSmallIntegerField(null=True, blank=True)
    priorities = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    segment = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=12, blank=True)
    # Whom to tell, and how.
    owner = models.BooleanField(default=False)
    lead = models.BooleanField(default=False)
    watchers = models.BooleanField(default=False)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    in_console = models.BooleanField(default=True)
    by_email = models.BooleanField(default=False)
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="rules")
    # What else to do.
    reassign = models.CharField(max_length=6, blank=True, default="", choices=Reassign.choices)
    reassign_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    raise_priority = models.BooleanField(default=False)
    escalate = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="alert_rule_name_once", nulls_distinct=False),
            models.CheckConstraint(condition=~Q(name=""), name="alert_rule_has_name"),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gte=1, share__lte=BREACH), name="alert_rule_share"
            ),
            models.CheckConstraint(condition=Q(metric__in=["", *METRICS]), name="alert_rule_metric"),
            models.CheckConstraint(
                condition=Q(priorities__contained_by=list(PRIORITIES)), name="alert_rule_priorities"
            ),
            models.CheckConstraint(
                condition=Q(tier__in=["", "standard", "premium", "enterprise"]), name="alert_rule_tier"
            ),
            models.CheckConstraint(
                condition=Q(reassign="person", reassign_to__isnull=False)
                | Q(reassign__in=["", "lead"], reassign_to__isnull=True),
                name="alert_rule_reassigns_to_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Escalation(models.Model):
    """A call for help on a case, open until somebody acknowledges it, then theirs until it is closed.

    `called_by` names the rule or the person; each calls once for a clock's round and share. Only
    `escalations.escalate` writes here.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        CLOSED = "closed", "Closed"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="escalations")
    rule = models.ForeignKey(AlertRule, null=True, on_delete=models.SET_NULL, related_name="+")
    called_by = models.CharField(max_length=60)
    cause = models.ForeignKey("events.Event", null=True, on_delete=models.PROTECT, related_name="+")
    metric = models.CharField(max_length=20, blank=True)
    cycle = models.PositiveIntegerField(default=0)
    round = models.PositiveIntegerField(default=0)
    share = models.PositiveSmallIntegerField(default=BREACH)
    text = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "called_by", "metric", "cycle", "round", "share"], name="escalation_called_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", acknowledged_at__isnull=True, closed_at__isnull=True)
                | Q(state="acknowledged", acknowledged_at__isnull=False, closed_at__isnull=True)
                | Q(state="closed", closed_at__isnull=False),
                name="escalation_state_has_instant",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="escalation_acknowledged_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["case", "-opened_at"], name="escalation_of_case")]

    def __str__(self) -> str:
        return self.text

    def waited(self, now: datetime) -> float:
        """Seconds from the call to its acknowledgement (or to `now`, while there is none)."""
        return ((self.acknowledged_at or self.closed_at or now) - self.opened_at).total_seconds()


class AlertPreference(models.Model):
    """What a person wants of alerts. No row: by e-mail, too."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_preference")
    by_email = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.user}: {'by e-mail too' if self.by_email else 'no e-mail'}"
