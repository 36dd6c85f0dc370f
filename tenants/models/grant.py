"""Temporary elevated access: who may look where else, why, approved by whom, and until when."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, CharField, F, Min, Q, Value, When
from django.db.models.functions import Now

LONGEST = 480  # minutes
LONGEST_BREAK_GLASS = 60
SHORTEST = 5


_OPENS = Q(state="granted", starts_at__lte=Now(), ends_at__gt=Now())


class GrantQuerySet(models.QuerySet[Any]):
    def in_force(self) -> GrantQuerySet:
        """Those that open something now, by the database's clock and nobody else's."""
        return self.filter(_OPENS)

    def seconds_left(self) -> float | None:
        """How long until the first of them ends; None for none."""
        left = self.aggregate(left=Min(F("ends_at") - Now()))["left"]
        return left.total_seconds() if left is not None else None

    def with_standing(self) -> GrantQuerySet:
        """Adds `standing`: "open" or "ended" for what was granted, by the database's clock, else the state."""
        told = Case(
            When(_OPENS, then=Value("open")),
            When(state="granted", then=Value("ended")),
            default=F("state"),
            output_field=CharField(),
        )
        return self.annotate(standing=told)


class Grant(models.Model):
    """One person's access to one case, or to a whole tenant, that they would not have otherwise; it ends by itself.

    The subject is the case or incident that it is for, named as in the event log. A break-glass grant is in force at
    once and reviewed afterwards. Only escalations.grants writes these rows, and a trigger holds that a grant is for
    what it was asked for, moves only as it may, never grows longer, and is never deleted.
    """

    class Reach(models.TextChoices):
        CASE = "case", "This case"
        TENANT = "tenant", "The whole tenant"

    class State(models.TextChoices):
        REQUESTED = "requested", "Requested"
        GRANTED = "granted", "Granted"
        DENIED = "denied", "Denied"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REVOKED = "revoked", "Revoked"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    reach = models.CharField(max_length=6, choices=Reach.choices, default=Reach.CASE)
    subject_kind = models.CharField(max_length=10, choices=[("case", "Case"), ("incident", "Incident")])
    subject_id = models.BigIntegerField()
    subject_reference = models.CharField(max_length=20)
    reason = models.TextField()
    minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)])
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True, help_text="The approver's words.")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    break_glass = models.BooleanField(default=False)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    justified = models.BooleanField(null=True, help_text="What the review of a break-glass found.")
    review = models.TextField(blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    nagged_at = models.DateTimeField(null=True, help_text="When the missing review was last called for.")

    objects = models.Manager.from_queryset(GrantQuerySet)()

    class Meta:
        indexes = [
            models.Index(fields=["user", "ends_at"], name="grant_in_force", condition=Q(state="granted")),
            models.Index(fields=["subject_kind", "subject_id", "-requested_at"], name="grant_subject"),
            models.Index(fields=["requested_at", "id"], name="grant_to_decide", condition=Q(state="requested")),
            models.Index(
                fields=["starts_at", "id"], name="grant_to_review", condition=Q(break_glass=True, reviewed_at=None)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="grant_has_reason"),
            models.CheckConstraint(condition=Q(minutes__gte=SHORTEST, minutes__lte=LONGEST), name="grant_is_short"),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "granted", "denied", "withdrawn", "revoked"]),
                name="grant_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["granted", "revoked"]) | Q(starts_at__isnull=False, ends_at__gt=F("starts_at")),
                name="grant_granted_has_period",
            ),
            models.CheckConstraint(
                condition=Q(break_glass=True) | Q(decided_by__isnull=True) | ~Q(decided_by=F("user")),
                name="grant_not_approved_by_its_holder",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("user")),
                name="grant_not_reviewed_by_its_holder",
            ),
            models.CheckConstraint(
                condition=Q(break_glass=False) | Q(minutes__lte=LONGEST_BREAK_GLASS), name="grant_break_glass_is_brief"
            ),
            models.UniqueConstraint(
                fields=["user", "tenant", "subject_kind", "subject_id"],
                condition=Q(state="requested"),
                name="grant_one_open_request",
            ),
            models.CheckConstraint(
                condition=Q(reach="tenant") | Q(reach="case", subject_kind="case"), name="grant_case_reach_names_a_case"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.subject_reference}"
