"""Calendars, policies and targets in versions; clocks, each the projection of its own append-only ledger."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from sla import ledger
from sla.calendars import CalendarError, CalendarSpec
from sla.choice import DEFAULT_SHARES, METRICS, PRIORITIES, check_shares

BASES = (ledger.ELAPSED, ledger.BUSINESS)
STATES = (ledger.RUNNING, ledger.PAUSED, ledger.MET, ledger.CANCELLED)
KINDS = ("started", "paused", "resumed", "retargeted", "met", "breached", "cancelled")


def choices(words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(word, word.replace("_", " ").capitalize()) for word in words]


def default_shares() -> list[int]:
    return list(DEFAULT_SHARES)


def validate_shares(shares: list[int]) -> None:
    try:
        check_shares(shares)
    except ValueError as error:
        raise ValidationError(str(error), code="shares") from error


class Calendar(models.Model):
    """One version of a business calendar; a change is a new version. Minutes are as in `sla.calendars.CalendarSpec`.

    `holidays` are the public ones, expanded when the version was made: a list of [ISO date, name].
    """

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: shared."
    )
    key = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    weekly = models.JSONField(help_text="[weekday (Monday 0), opening minute, closing minute]; past midnight add 1440.")
    country = models.CharField(max_length=2, blank=True)
    subdivision = models.CharField(max_length=8, blank=True)
    holidays = models.JSONField(default=list, blank=True)
    own_days = models.JSONField(default=list, blank=True, help_text="Own closed days: [ISO date, name].")
    openings = models.JSONField(default=list, blank=True, help_text="[ISO date, opening minute, closing minute].")
    day_length = models.DurationField(default=timedelta(hours=8))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="sla_calendar_version"),
            models.CheckConstraint(
                condition=Q(day_length__gt=timedelta(0), day_length__lte=timedelta(hours=24)), name="sla_calendar_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    def spec(self) -> CalendarSpec:
        """Raises CalendarError when the week cannot be counted in."""
        try:
            return CalendarSpec(
                name=self.name,
                version=self.version,
                time_zone=self.time_zone,
                weekly=tuple((int(day), int(opens), int(closes)) for day, opens, closes in self.weekly),
                holidays=frozenset(date.fromisoformat(day) for day, _ in [*self.holidays, *self.own_days]),
                openings=tuple((date.fromisoformat(d), int(o), int(c)) for d, o, c in self.openings),
                day_length=self.day_length,
            )
        except (TypeError, ValueError) as error:
            if isinstance(error, CalendarError):
                raise
            raise CalendarError(f"The calendar is not written as described: {error}.") from error

    def clean(self) -> None:
        try:
            self.spec()
        except CalendarError as error:
            raise ValidationError(str(error), code="calendar") from error


class Policy(models.Model):
    """One version of a policy, in force from `active_from`. The most specific wins: tenant, segment, tier, default.

    A retired version ends its key from `active_from` on.
    """

    key = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=120)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    segment = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=12, blank=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="policies")
    active_from = models.DateTimeField()
    retired = models.BooleanField(default=False)
    shares = ArrayField(models.PositiveSmallIntegerField(), default=default_shares, validators=[validate_shares])
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="sla_policy_version"),
            models.CheckConstraint(
                condition=Q(tier__in=["", "standard", "premium", "enterprise"]), name="sla_policy_tier"
            ),
            models.CheckConstraint(
                condition=Q(tenant__isnull=True) | Q(segment="", tier=""), name="sla_policy_one_scope_tenant"
            ),
            models.CheckConstraint(condition=Q(segment="") | Q(tier=""), name="sla_policy_one_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    def clean(self) -> None:
        if sum(map(bool, (self.tenant_id, self.segment, self.tier))) > 1:
            raise ValidationError("A policy is for one tenant, or one segment, or one tier, or for all.", code="scope")


class Target(models.Model):
    """What a policy promises for a priority and metric: `amount`, or `business_days` of the calendar's day length."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="targets")
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    priority = models.CharField(max_length=2, choices=[(p, p) for p in PRIORITIES])
    metric = models.CharField(max_length=20, choices=choices(METRICS))
    amount = models.DurationField(null=True, blank=True)
    business_days = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    basis = models.CharField(max_length=8, choices=choices(BASES), default=ledger.ELAPSED)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "priority", "metric"], name="sla_target_once"),
            models.CheckConstraint(condition=Q(metric__in=METRICS), name="sla_target_metric"),
            models.CheckConstraint(condition=Q(priority__in=PRIORITIES), name="sla_target_priority"),
            models.CheckConstraint(
                condition=Q(amount__gt=timedelta(0), business_days__isnull=True, basis__in=BASES)
                | Q(amount__isnull=True, business_days__gt=0, basis=ledger.BUSINESS),
                name="sla_target_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.priority}"

    def clean(self) -> None:
        if (self.amount is None) == (self.business_days is None):
            raise ValidationError("Write either a duration or business days.", code="amount")
        if self.business_days is not None:
            self.basis = ledger.BUSINESS


class ClockSet(models.Model):
    """The clocks of one thing (a case, say); this app does not know of what."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Clocks {self.pk}"


class Clock(models.Model):
    """One metric in one cycle. Every column but the first four is rebuilt from the ledger (`manage.py verify_clocks`).

    Only `sla.clocks` and `sla.sweep` write here. The columns' meaning is that of `sla.ledger.Projection`.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    clock_set = models.ForeignKey(ClockSet, on_delete=models.PROTECT, related_name="clocks")
    metric = models.CharField(max_length=20, choices=choices(METRICS))
    cycle = models.PositiveIntegerField(default=0)
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
            models.UniqueConstraint(fields=["clock_set", "metric", "cycle"], name="sla_clock_once_a_cycle"),
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
        ]

    def __str__(self) -> str:
        return f"{self.metric} of clocks {self.clock_set_id}, cycle {self.cycle}"


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
