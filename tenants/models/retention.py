"""How long what is kept, what must be kept whatever that says, and the runs that take away the rest."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class RetentionPolicy(models.Model):
    """After how many days a class of a tenant's data goes; `tenant` None is the default for tenants without their own.

    A changed policy is a draft: nothing goes until somebody looked at a preview of just these days and confirmed it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PREVIEWED = "previewed", "Previewed"
        ACTIVE = "active", "In force"

    tenant = models.ForeignKey("tenants.Tenant", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    data_class = models.CharField(max_length=20)
    days = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1, help_text="+1 at each change; a stale one is a conflict.")
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    previewed_at = models.DateTimeField(null=True)
    # {"total": n, "bytes": n, "held": n, "tenants": [{"tenant", "count"}], "examples": ["ACME-1001 closed 2025-01-01"]}
    preview = models.JSONField(default=dict)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "retention policies"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "data_class"], name="retention_policy_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(days__gte=30), name="retention_policy_not_too_short"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(state="previewed", previewed_at__isnull=False)
                | Q(state="active", previewed_at__isnull=False, confirmed_at__gte=F("previewed_at")),
                name="retention_policy_active_was_previewed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_class}: {self.days} days"


class LegalHold(models.Model):
    """What must not be deleted nor erased: a tenant's data, one requester's, or one case's.

    A hold on a case names its requester too, who is then not to be erased; other cases of theirs are not held by it.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    requester = models.ForeignKey(
        "tenants.Requester", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    case_reference = models.CharField(max_length=20, blank=True)
    reason = models.TextField()
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    release_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_reason"),
            models.CheckConstraint(
                condition=Q(case_reference="") | Q(requester__isnull=False), name="hold_on_a_case_names_its_requester"
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | ~Q(release_reason=""), name="hold_release_has_reason"
            ),
            models.UniqueConstraint(
                fields=["tenant", "requester", "case_reference"],
                condition=Q(released_at__isnull=True),
                nulls_distinct=False,
                name="hold_in_force_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Hold on {self.what}"

    @property
    def what(self) -> str:
        if self.case_reference:
            return self.case_reference
        return str(self.requester) if self.requester_id else f"all of {self.tenant}"


class RetentionRun(models.Model):
    """One pass over a tenant's data, batch by batch. A worker that dies loses one batch, which the next one repeats."""

    QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    dry = models.BooleanField(help_text="Counts, and takes nothing away.")
    state = models.CharField(max_length=7, default=QUEUED)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    # class → {"days": n, "found": n, "held": n, "done": n, "over": bool}; the assembly has their order.
    counts = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Failures in a row.")
    next_step_at = models.DateTimeField()
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="retention_run_finished_has_instant",
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(state__in=["queued", "running"], dry=False),
                name="retention_run_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_step_at", "id"], name="retention_run_due", condition=Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["tenant", "-asked_at"], name="retention_run_tenant"),
        ]

    def __str__(self) -> str:
        return f"{'Dry run' if self.dry else 'Run'} for {self.tenant_id} ({self.state})"

    @property
    def is_pending(self) -> bool:
        return self.state in (self.QUEUED, self.RUNNING)

    @property
    def found(self) -> int:
        return sum(one["found"] for one in self.counts.values())

    @property
    def done(self) -> int:
        return sum(one["done"] for one in self.counts.values())

    @property
    def percent(self) -> int:
        return 100 if self.state == self.DONE else min(99, round(100 * self.done / max(self.found, 1)))


class FileRemoval(models.Model):
    """A stored file that must go: written with the deletion of its row, worked off after the commit till it is gone."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300, help_text="Its name in the storage.")
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="file_removal_due")]

    def __str__(self) -> str:
        return self.name
