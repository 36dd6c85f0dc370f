"""What helps to solve a case: macros, runbooks, and the runs of a runbook's diagnostics."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from cases.models.case import Case

STEP = ("name", "title", "path", "as")


class Topic(models.TextChoices):
    AUTHENTICATION = "authentication", "Authentication"
    INGESTION = "ingestion", "Ingestion delays"
    BILLING = "billing", "Billing limits"
    INTERFACE = "interface", "UI glitches"


class Runbook(models.Model):
    """How to handle a topic, and the diagnostics that one click runs.

    `diagnostics` is a list of steps: {"name", "title", "path" (on the tenant's telemetry, with {resource} and
    {error_id} filled in), "as" ("json" or "text")}.
    """

    key = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    topic = models.CharField(max_length=20, choices=Topic.choices)
    resource_key = models.SlugField(max_length=80, blank=True, help_text="The resource it is about.")
    body = models.TextField(help_text="Markdown.")
    diagnostics = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(topic__in=Topic.values), name="runbook_topic_known")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """A step that lacks something would only fail when somebody needs it."""
        steps = self.diagnostics if isinstance(self.diagnostics, list) else [None]
        for number, step in enumerate(steps, start=1):
            if not isinstance(step, dict) or not all(isinstance(step.get(key), str) for key in STEP):
                raise ValidationError({"diagnostics": f"Step {number} must have the texts {', '.join(STEP)}."})
            if step["as"] not in ("json", "text") or not step["path"].startswith("/"):
                raise ValidationError({"diagnostics": f"Step {number}: as is json or text, path begins with /."})


class Macro(models.Model):
    """A canned response. `body` has {placeholders}; `signals` are the words and error codes that suggest it."""

    key = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    topic = models.CharField(max_length=20, choices=Topic.choices)
    body = models.TextField()
    signals = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    runbook = models.ForeignKey(Runbook, null=True, blank=True, on_delete=models.SET_NULL, related_name="macros")
    docs_url = models.URLField(blank=True)
    asks = models.BooleanField(default=False, help_text="It asks the customer for something.")
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(topic__in=Topic.values), name="macro_topic_known")]

    def __str__(self) -> str:
        return self.title


class DiagnosticRun(models.Model):
    """One run of a runbook's diagnostics. A worker holds it by lease: one that dies is taken over, step by step."""

    QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="runs")
    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="runs")
    # The runbook's steps as they were when the run began, each with its filled path.
    steps = models.JSONField()
    state = models.CharField(max_length=8, default=QUEUED)
    done_steps = models.PositiveSmallIntegerField(default=0)
    progress = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_by_id = models.BigIntegerField(null=True)
    started_by = models.CharField(max_length=200)
    queued_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed"]), name="run_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="run_finished_has_instant",
            ),
        ]
        indexes = [
            models.Index(fields=["queued_at"], name="run_pending", condition=Q(state__in=["queued", "running"])),
            models.Index(fields=["case", "-queued_at"], name="run_case"),
        ]

    def __str__(self) -> str:
        return f"{self.runbook} on {self.case_id} ({self.state})"

    @property
    def percent(self) -> int:
        return 100 if self.state == self.DONE else round(100 * self.done_steps / max(len(self.steps), 1))
