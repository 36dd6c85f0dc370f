"""The case, the rows that say how it moved, and how it was resolved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, FSMModelMixin, transition


class Status(models.TextChoices):
    NEW = "new", "New"
    TRIAGE = "triage", "Triage"
    IN_PROGRESS = "in_progress", "In progress"
    WAITING = "waiting", "Waiting on customer"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"


class Priority(models.TextChoices):
    P0 = "P0", "P0 Critical"
    P1 = "P1", "P1 High"
    P2 = "P2", "P2 Medium"
    P3 = "P3", "P3 Low"


class Severity(models.TextChoices):
    """How bad it is for the customer, as opposed to how soon we act (priority)."""

    S1 = "S1", "S1 Outage"
    S2 = "S2", "S2 Degraded"
    S3 = "S3", "S3 Impaired"
    S4 = "S4", "S4 Question"


class Channel(models.TextChoices):
    WIDGET = "widget", "Help widget"
    API = "api", "API"
    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    CONSOLE = "console", "Console"


class ClosedAs(models.TextChoices):
    CONFIRMED = "confirmed", "Confirmed by the customer"
    SILENT = "silent", "Closed after silence"
    AGENT = "agent", "Closed by support"
    SPAM = "spam", "Spam"
    DUPLICATE = "duplicate", "Duplicate"


OPEN = (Status.NEW, Status.TRIAGE, Status.IN_PROGRESS, Status.WAITING)


class Case(FSMModelMixin, models.Model):
    """A customer's problem, from the first message to the lesson. Only cases.lifecycle moves its status."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="cases")
    number = models.PositiveIntegerField(editable=False)
    reference = models.CharField(max_length=20, unique=True, editable=False)
    subject = models.CharField(max_length=200)
    status = FSMField(default=Status.NEW, choices=Status.choices, protected=True)
    priority = models.CharField(max_length=2, choices=Priority.choices, default=Priority.P3)
    priority_confirmed = models.BooleanField(default=False)
    severity = models.CharField(max_length=2, choices=Severity.choices, blank=True)
    support_tier = models.CharField(max_length=12, help_text="The tenant's tier when the case was opened.")
    requester = models.ForeignKey("tenants.Requester", on_delete=models.PROTECT, related_name="cases")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="cases"
    )
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.WIDGET)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    clock_set = models.OneToOneField("sla.ClockSet", on_delete=models.PROTECT, related_name="+")
    cycle = models.PositiveSmallIntegerField(default=0, help_text="+1 at each reopening of a closed case.")
    version = models.PositiveIntegerField(default=1, help_text="+1 at each change; a stale one is a conflict.")
    # What the customer's product told us: error_ids, trace_links, page_url, app_version.
    context = models.JSONField(default=dict, blank=True)
    # What enrichment found: {"proposal": {"priority", "severity", "reasons": []}, "past_cases": [], "health": []}.
    enrichment = models.JSONField(default=dict, blank=True)
    enriched_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    waiting_reason = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    auto_close_at = models.DateTimeField(null=True, blank=True, help_text="When silence closes a resolved case.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_as = models.CharField(max_length=10, choices=ClosedAs.choices, blank=True)
    duplicate_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates")
    last_activity_at = models.DateTimeField()
    # The queue's view of the clocks, written by each verb that touches one. Truth is in the ledger.
    next_due_at = models.DateTimeField(null=True, blank=True)
    next_due_metric = models.CharField(max_length=20, blank=True)
    # The forecast's view of the promise at stake, written by cases.forecast alone and beside the version.
    breach_risk = models.FloatField(null=True, editable=False, help_text="The chance that it breaks; 0 to 1.")
    breach_risk_at = models.DateTimeField(null=True, editable=False)
    breach_risk_why = models.CharField(max_length=200, blank=True, db_default="", editable=False)
    incident_reference = models.CharField(max_length=20, blank=True, help_text="Written down by escalations.")
    words_removed_at = models.DateTimeField(null=True, editable=False, help_text="When retention took the messages.")
    erased_at = models.DateTimeField(null=True, editable=False, help_text="When its requester was forgotten.")
    search = models.GeneratedField(
        expression=SearchVector("reference", "subject", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="case_number_once_per_tenant"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="case_status_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="case_priority_known"),
            models.CheckConstraint(condition=Q(severity__in=["", *Severity.values]), name="case_severity_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="case_channel_known"),
            models.CheckConstraint(condition=~Q(subject=""), name="case_has_subject"),
            models.CheckConstraint(
                condition=Q(status="waiting", waiting_since__isnull=False)
                | (~Q(status="waiting") & Q(waiting_since__isnull=True)),
                name="case_waiting_has_since",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False) & ~Q(closed_as="")
                | (~Q(status="closed") & Q(closed_at__isnull=True, closed_as="")),
                name="case_closed_has_instant_and_how",
            ),
            models.CheckConstraint(
                condition=~Q(status="resolved") | Q(resolved_at__isnull=False, auto_close_at__isnull=False),
                name="case_resolved_has_instants",
            ),
            models.CheckConstraint(
                condition=Q(breach_risk__isnull=True)
                | Q(breach_risk__gte=0, breach_risk__lte=1, breach_risk_at__isnull=False),
                name="case_risk_is_a_chance",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["new", "closed"])
                | (Q(accepted_at__isnull=False, owner__isnull=False, priority_confirmed=True)),
                name="case_accepted_has_owner",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of__isnull=True) | ~Q(duplicate_of=F("id")), name="case_not_its_own_duplicate"
            ),
        ]
        indexes = [
            models.Index(
                F("next_due_at").asc(nulls_last=True), F("id"), name="case_open_due", condition=~Q(status="closed")
            ),
            models.Index(
                F("breach_risk").desc(nulls_last=True), F("id").desc(), name="case_risk", condition=Q(status__in=OPEN)
            ),
            models.Index(fields=["id"], name="case_open", condition=Q(status__in=OPEN)),
            models.Index(fields=["-last_activity_at", "-id"], name="case_activity"),
            models.Index(fields=["-opened_at", "-id"], name="case_newest"),
            models.Index(fields=["tenant", "-opened_at"], name="case_tenant"),
            models.Index(fields=["requester", "-last_activity_at"], name="case_requester"),
            models.Index(fields=["owner", "status"], name="case_owner", condition=~Q(status="closed")),
            models.Index(fields=["auto_close_at"], name="case_to_autoclose", condition=Q(status="resolved")),
            GinIndex(fields=["search"], name="case_search"),
            GinIndex(fields=["tags"], name="case_tags"),
        ]
        permissions = [("use_console", "May use the agent console")]

    def __str__(self) -> str:
        return self.reference

    if TYPE_CHECKING:  # made by the FSM field

        def get_available_status_transitions(self) -> Iterable[Any]: ...

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    # The lifecycle's map. Bodies are empty: what a move does besides is in cases.lifecycle, which alone calls these.
    @transition(field=status, source=Status.NEW, target=Status.TRIAGE)
    def to_triage(self) -> None: ...

    @transition(field=status, source=Status.TRIAGE, target=Status.IN_PROGRESS)
    def to_started(self) -> None: ...

    @transition(field=status, source=[Status.TRIAGE, Status.IN_PROGRESS], target=Status.WAITING)
    def to_waiting(self) -> None: ...

    @transition(field=status, source=Status.WAITING, target=Status.IN_PROGRESS)
    def to_resumed(self) -> None: ...

    @transition(field=status, source=[Status.IN_PROGRESS, Status.WAITING], target=Status.RESOLVED)
    def to_resolved(self) -> None: ...

    @transition(field=status, source=Status.RESOLVED, target=Status.IN_PROGRESS)
    def to_rejected(self) -> None: ...

    @transition(field=status, source=Status.RESOLVED, target=Status.CLOSED)
    def to_closed(self) -> None: ...

    @transition(field=status, source=Status.CLOSED, target=Status.IN_PROGRESS)
    def to_reopened(self) -> None: ...

    @transition(field=status, source=[Status.NEW, Status.TRIAGE], target=Status.CLOSED)
    def to_dismissed(self) -> None: ...


class CaseNumber(models.Model):
    """The last number a tenant's cases have taken; its row lock makes the next one unique without a race."""

    tenant = models.OneToOneField("tenants.Tenant", primary_key=True, on_delete=models.CASCADE, related_name="+")
    last = models.PositiveIntegerField(default=1000)

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.last}"


class CaseResource(models.Model):
    """A resource that the case affects, frozen as it was when that was found."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="affected")
    resource = models.ForeignKey("tenants.Resource", on_delete=models.PROTECT, related_name="+")
    snapshot = models.ForeignKey("tenants.Snapshot", on_delete=models.PROTECT, related_name="+")
    found_by = models.CharField(max_length=200, help_text="Why we think so.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "resource"], name="affected_once_per_case")]

    def __str__(self) -> str:
        return f"{self.case_id} affects {self.resource_id}"


class Transition(models.Model):
    """One move of a case: who, why, when, and what it did to the clocks. Append-only."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="transitions")
    cycle = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=20)
    source = models.CharField(max_length=12, blank=True)
    target = models.CharField(max_length=12)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    sla_impact = models.JSONField(default=list, help_text="The clock effects, as sla.clocks answered them.")

    class Meta:
        indexes = [
            models.Index(fields=["case", "at", "id"], name="transition_case"),
            models.Index(fields=["-at", "-id"], name="transition_wait", condition=Q(verb="wait")),
        ]
        constraints = [models.CheckConstraint(condition=~Q(source=F("target")), name="transition_moves")]

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class Resolution(models.Model):
    """What was done, with proof; one per time that a case was resolved."""

    class Code(models.TextChoices):
        CONFIGURATION = "configuration", "Configuration changed"
        QUOTA = "quota", "Quota or limit raised"
        DEFECT = "defect", "Defect fixed"
        WORKAROUND = "workaround", "Workaround given"
        ANSWERED = "answered", "Question answered"
        NO_FAULT = "no_fault", "No fault found"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="resolutions")
    cycle = models.PositiveSmallIntegerField()
    summary = models.TextField()
    code = models.CharField(max_length=20, choices=Code.choices)
    root_cause = models.TextField(blank=True)
    preventive_action = models.TextField(blank=True)
    evidence = models.ManyToManyField("cases.Evidence", through="cases.ResolutionEvidence", related_name="resolutions")
    evidence_links = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    author_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["case", "-at"], name="resolution_case")]
        constraints = [models.CheckConstraint(condition=~Q(summary=""), name="resolution_has_summary")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.get_code_display()}"


class ResolutionEvidence(models.Model):
    """An artefact that proves a resolution."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    resolution = models.ForeignKey(Resolution, on_delete=models.CASCADE, related_name="+")
    evidence = models.ForeignKey("cases.Evidence", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resolution", "evidence"], name="evidence_once_per_resolution")]

    def __str__(self) -> str:
        return f"{self.resolution_id}: {self.evidence_id}"
