"""Clocks, each the projection of its own append-only ledger."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from sla import ledger
from sla.choice import METRICS, PRIORITIES, REPEATED
from sla.models.policy import Calendar, Policy
from sla.models.words import BASES, KINDS, STATES, choices


class ClockSet(models.Model):
    """The clocks of one thing (a case, say); this app does not know of what."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Clocks {self.pk}"


class Clock(models.Model):
    """One metric in one round of one cycle. Every column but the first five is rebuilt from the ledger
    (`manage.py verify_clocks`).

    Only `sla.clocks` and `sla.sweep` write here. The columns' meaning is that of `sla.ledger.Projection`.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    clock_set = models.ForeignKey(ClockSet, on_delete=models.PROTECT, related_name="clocks")
    metric = models.CharField(max_length=20, choices=choices(METRICS))
    cycle = models.PositiveIntegerField(default=0)
    round = models.PositiveIntegerField(default=0, help_text="0, and one more each time a repeated promise is made.")
    state = models.CharField(max_length=9, choices=choices(STATES))
    priority = models.CharField(max_length=2)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, null=True, related_name="+")
    target = models.DurationField()
    basis = models.CharField(max_length=8, choices=choices(BASES))
    started_at = models.DateTimeField()
    running_since = models.DateTimeField(null=True)
    paused_since = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    breached_at_retarget = models.BooleanField(default=False)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.TextField(blank=True)
    consumed = models.DurationField(default=timedelta(0))
    overrun = models.DurationField(default=timedelta(0))
    due_at = models.DateTimeField(null=True)
    next_alert_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock_set", "metric", "cycle", "round"], name="sla_clock_once_a_round"),
            models.CheckConstraint(condition=Q(round=0) | Q(metric__in=sorted(REPEATED)), name="sla_clock_rounds"),
            models.CheckConstraint(condition=Q(metric__in=METRICS), name="sla_clock_metric"),
            models.CheckConstraint(condition=Q(priority__in=PRIORITIES), name="sla_clock_priority"),
            models.CheckConstraint(
                condition=Q(basis=ledger.ELAPSED) | Q(basis=ledger.BUSINESS, calendar__isnull=False),
                name="sla_clock_basis",
            ),
            models.CheckConstraint(
                condition=Q(target__gt=timedelta(0), consumed__gte=timedelta(0), overrun__gte=timedelta(0)),
                name="sla_clock_amounts",
            ),
            # The state and its instant hold together: exactly the one that the state needs is there.
            models.CheckConstraint(
                condition=Q(
                    state=ledger.RUNNING,
                    running_since__isnull=False,
                    due_at__isnull=False,
                    paused_since__isnull=True,
                    met_at__isnull=True,
                    cancelled_at__isnull=True,
                )
                | Q(
                    state=ledger.PAUSED,
                    running_since__isnull=True,
                    paused_since__isnull=False,
                    met_at__isnull=True,
                    cancelled_at__isnull=True,
                )
                | Q(
                    state=ledger.MET,
                    running_since__isnull=True,
                    paused_since__isnull=True,
                    met_at__isnull=False,
                    cancelled_at__isnull=True,
                )
                | Q(
                    state=ledger.CANCELLED,
                    running_since__isnull=True,
                    paused_since__isnull=True,
                    met_at__isnull=True,
                    cancelled_at__isnull=False,
                ),
                name="sla_clock_state_has_instant",
            ),
            models.CheckConstraint(
                condition=Q(next_alert_at__isnull=True) | Q(state=ledger.RUNNING, breached_at__isnull=True),
                name="sla_clock_alert_only_running",
            ),
            models.CheckConstraint(
                condition=Q(next_alert_at__isnull=False) | ~Q(state=ledger.RUNNING) | Q(breached_at__isnull=False),
                name="sla_clock_running_has_alert",
            ),
            models.CheckConstraint(
                condition=Q(breached_at_retarget=False) | Q(breached_at__isnull=False), name="sla_clock_retarget_breach"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_alert_at", "id"], name="sla_clock_alert", condition=Q(next_alert_at__isnull=False)
            ),
            models.Index(fields=["due_at"], name="sla_clock_due", condition=Q(state=ledger.RUNNING)),
            models.Index(
                fields=["tenant", "clock_set"],
                name="sla_clock_open",
                condition=Q(state__in=[ledger.RUNNING, ledger.PAUSED]),
            ),
            models.Index(fields=["started_at", "id"], name="sla_clock_started"),
        ]

    def __str__(self) -> str:
        which = f"cycle {self.cycle}, round {self.round}" if self.round else f"cycle {self.cycle}"
        return f"{self.metric} of clocks {self.clock_set_id}, {which}"


class ClockEntry(models.Model):
    """One line of a clock's ledger: append-only, held so by a trigger. `at` never falls along `seq`."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=choices(KINDS))
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    cause = models.CharField(max_length=120)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    priority = models.CharField(max_length=2)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, null=True, related_name="+")
    target = models.DurationField()
    basis = models.CharField(max_length=8, choices=choices(BASES))
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "clock entries"
        ordering = ["clock_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["clock", "seq"], name="sla_entry_seq"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="sla_entry_kind"),
            models.CheckConstraint(condition=Q(priority__in=PRIORITIES), name="sla_entry_priority"),
            models.CheckConstraint(
                condition=Q(seq=1, kind="started") | Q(seq__gt=1) & ~Q(kind="started"), name="sla_entry_start"
            ),
            models.CheckConstraint(condition=~Q(cause=""), name="sla_entry_cause"),
            models.UniqueConstraint(fields=["clock"], condition=Q(kind="breached"), name="sla_entry_one_breach"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}. {self.kind} at {self.at:%Y-%m-%d %H:%M:%S}"


class ClockAlert(models.Model):
    """A share's alert that went out: the constraint makes it once. `at` is the instant the share was passed."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="alerts")
    share = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock", "share"], name="sla_alert_once"),
            models.CheckConstraint(condition=Q(share__gte=1, share__lte=99), name="sla_alert_share"),
        ]

    def __str__(self) -> str:
        return f"{self.share} % at {self.at:%Y-%m-%d %H:%M:%S}"
