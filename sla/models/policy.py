"""Calendars, policies and targets, in versions."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from sla import ledger
from sla.calendars import CalendarError, CalendarSpec
from sla.choice import METRICS, PRIORITIES
from sla.models.words import BASES, choices, default_shares, validate_shares


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
