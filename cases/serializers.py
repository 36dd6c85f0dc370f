"""Cases as the support side sees them. Nothing is shared with the widget's serializers: these show internals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cases.forecast.chip import chip
from cases.models import Case, DiagnosticRun, Note, Resolution
from cases.models.case import Channel, ClosedAs, Priority, Severity, Status
from cases.models.conversation import StoredFile
from cases.models.knowledge import Topic
from cases.timeline import KINDS
from sla import clocks
from sla.choice import METRICS
from tenants.endpoint import PageFields
from tenants.models.tenant import HEALTH
from tenants.serializers import Person, RequesterRow, TenantName

CLOCK_STATES = ["running", "paused", "met", "cancelled"]
RUN_STATES = [DiagnosticRun.QUEUED, DiagnosticRun.RUNNING, DiagnosticRun.DONE, DiagnosticRun.FAILED]
ACTOR_KINDS = ["agent", "requester", "system"]
EFFECTS = ["started", "paused", "resumed", "retargeted", "met", "breached", "cancelled"]
VERSION_NOW = "The case's version after this; send it with the next change."


# ── Clocks ───────────────────────────────────────────────────────────────────
class Seconds(serializers.FloatField):
    """A duration, as seconds."""

    def to_representation(self, value: timedelta) -> float:
        return value.total_seconds()


class ClockReading(serializers.Serializer[Any]):
    """One clock at the instant of asking: consumed + left = target, in the clock's own time."""

    id = serializers.IntegerField(source="clock_id", help_text="Names it in `clocks/<id>/explanation/`.")
    metric = serializers.ChoiceField(choices=METRICS)
    cycle = serializers.IntegerField(help_text="0, and one more at each reopening.")
    round = serializers.IntegerField(help_text="0, and one more each time that a repeated promise is made anew.")
    state = serializers.ChoiceField(choices=CLOCK_STATES)
    breached = serializers.BooleanField()
    basis = serializers.ChoiceField(choices=["elapsed", "business"], help_text="The time that its durations count.")
    target_seconds = Seconds(source="target")
    consumed_seconds = Seconds(source="consumed")
    left_seconds = Seconds(source="left", help_text="Negative on a clock that ran past its target.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="null while it is paused.")
    started_at = serializers.DateTimeField()
    paused_since = serializers.DateTimeField(allow_null=True)
    met_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True)
    late_by_seconds = Seconds(source="late_by", allow_null=True, help_text="Elapsed time since the breach.")
    policy = serializers.CharField(source="policy_name")
    policy_version = serializers.IntegerField()
    calendar = serializers.CharField(source="calendar_name", help_text="Empty for elapsed time.")


class ClockList(serializers.Serializer[Any]):
    results = ClockReading(many=True)


class ClockEffect(serializers.Serializer[Any]):
    """What a deed did to a clock."""

    metric = serializers.CharField()
    cycle = serializers.IntegerField()
    effect = serializers.ChoiceField(choices=EFFECTS)
    due_at = serializers.DateTimeField(allow_null=True)


# ── Files ────────────────────────────────────────────────────────────────────
class FileRow(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    content_type = serializers.CharField()
    at = serializers.DateTimeField()
    url = serializers.SerializerMethodField(help_text="Where it is downloaded.")
    address = ""

    def get_url(self, stored: StoredFile) -> str:
        return reverse(self.address, args=[stored.uuid])


class AttachmentRow(FileRow):
    """A public file of the conversation."""

    address = "api-attachment"


class EvidenceRow(FileRow):
    """An internal artefact."""

    address = "api-evidence"
    collected_by = serializers.CharField()


class EvidenceList(serializers.Serializer[Any]):
    results = EvidenceRow(many=True)


# ── Conversation ─────────────────────────────────────────────────────────────
class MessageRow(serializers.Serializer[Any]):
    """A public message."""

    id = serializers.IntegerField()
    author_kind = serializers.ChoiceField(choices=["requester", "support", "automation"])
    author = serializers.CharField(source="author_name")
    body = serializers.CharField()
    at = serializers.DateTimeField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    asks = serializers.BooleanField(help_text="The customer is asked for something.")
    attachments = AttachmentRow(many=True)


class NoteRow(serializers.Serializer[Any]):
    """An internal note, or a mitigation that was applied."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Note.Kind.choices)
    author = serializers.CharField(source="author_name")
    body = serializers.CharField()
    at = serializers.DateTimeField()
    published_as = serializers.IntegerField(
        source="published_id", allow_null=True, help_text="The public message made of it."
    )


class RunStep(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()


class RunRow(serializers.Serializer[Any]):
    """A run of a runbook's diagnostics."""

    id = serializers.IntegerField()
    runbook = serializers.CharField(source="runbook.key")
    title = serializers.CharField(source="runbook.title")
    state = serializers.ChoiceField(choices=RUN_STATES)
    progress = serializers.CharField(help_text="In words.")
    percent = serializers.IntegerField(min_value=0, max_value=100)
    done_steps = serializers.IntegerField()
    steps = RunStep(many=True)
    error = serializers.CharField()
    started_by = serializers.CharField()
    queued_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    evidence = EvidenceRow(many=True)


class RunList(serializers.Serializer[Any]):
    results = RunRow(many=True)


class SentMessage(MessageRow):
    version = serializers.IntegerField(source="case.version", help_text=VERSION_NOW)


class WrittenNote(NoteRow):
    version = serializers.IntegerField(source="case.version", help_text=VERSION_NOW)


class StartedRun(RunRow):
    version = serializers.IntegerField(source="case.version", help_text=VERSION_NOW)


# ── Case ─────────────────────────────────────────────────────────────────────
class CaseRow(serializers.Serializer[Any]):
    """A line of the list. Needs the context `readings`: clock set id → its readings."""

    reference = serializers.CharField()
    subject = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    priority_confirmed = serializers.BooleanField(help_text="Somebody confirmed it in triage.")
    severity = serializers.ChoiceField(choices=Severity.choices, allow_blank=True, help_text="Empty until judged.")
    tenant = TenantName()
    support_tier = serializers.CharField(help_text="The tenant's when the case was opened.")
    requester = RequesterRow()
    owner = Person(allow_null=True)
    channel = serializers.ChoiceField(choices=Channel.choices)
    tags = serializers.ListField(child=serializers.CharField())
    incident = serializers.CharField(source="incident_reference", help_text="The first linked incident's, or empty.")
    cycle = serializers.IntegerField(help_text="One more at each reopening.")
    version = serializers.IntegerField(help_text="One more at each change; every change asks for it.")
    opened_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    first_response_at = serializers.DateTimeField(allow_null=True)
    waiting_since = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_as = serializers.ChoiceField(choices=ClosedAs.choices, allow_blank=True)
    last_activity_at = serializers.DateTimeField()
    next_due = serializers.SerializerMethodField(help_text="The running clock that is due first.")
    breach_risk = serializers.SerializerMethodField(
        help_text="The chance, 0 to 1, that the promise at stake breaks; null where there is no forecast."
    )

    @extend_schema_field(ClockReading(allow_null=True))
    def get_next_due(self, case: Case) -> dict[str, Any] | None:
        reading = clocks.next_due(self.context["readings"].get(case.clock_set_id, []))
        return ClockReading(reading).data if reading else None

    @extend_schema_field(serializers.FloatField(allow_null=True, min_value=0, max_value=1))
    def get_breach_risk(self, case: Case) -> float | None:
        shown = chip(case.breach_risk, case.breach_risk_at, case.breach_risk_why, timezone.now())
        return case.breach_risk if shown else None


class CasePage(PageFields):
    results = CaseRow(many=True)


class AffectedResource(serializers.Serializer[Any]):
    """A resource, frozen as it was when we found that the case affects it."""

    key = serializers.CharField(source="resource.key")
    name = serializers.CharField(source="resource.name")
    why = serializers.CharField(source="found_by")
    taken_at = serializers.DateTimeField(source="snapshot.taken_at")
    version = serializers.CharField(source="snapshot.version")
    health = serializers.ChoiceField(source="snapshot.health", choices=HEALTH)
    config = serializers.JSONField(source="snapshot.config")
    signals = serializers.JSONField(source="snapshot.signals")


class ResolutionRow(serializers.Serializer[Any]):
    cycle = serializers.IntegerField()
    summary = serializers.CharField(help_text="The customer read it.")
    code = serializers.ChoiceField(choices=Resolution.Code.choices)
    root_cause = serializers.CharField()
    preventive_action = serializers.CharField()
    evidence = EvidenceRow(many=True)
    evidence_links = serializers.ListField(child=serializers.CharField())
    author = serializers.CharField(source="author_name")
    at = serializers.DateTimeField()


class CaseContext(serializers.Serializer[Any]):
    """What the customer's product told us."""

    error_ids = serializers.ListField(child=serializers.CharField(), default=list)
    trace_links = serializers.ListField(child=serializers.CharField(), default=list)
    page_url = serializers.CharField(default="")
    app_version = serializers.CharField(default="")
    resource = serializers.CharField(default="")


class Proposal(serializers.Serializer[Any]):
    priority = serializers.ChoiceField(choices=Priority.choices)
    severity = serializers.ChoiceField(choices=Severity.choices)
    reasons = serializers.ListField(child=serializers.CharField())


class PastCase(serializers.Serializer[Any]):
    reference = serializers.CharField()
    subject = serializers.CharField()
    status = serializers.CharField(help_text="When it was found.")


class Enrichment(serializers.Serializer[Any]):
    """What we found out ourselves; empty until then."""

    proposal = Proposal(default=None, allow_null=True)
    past_cases = PastCase(many=True, default=list)


class CaseLinks(serializers.Serializer[Any]):
    """Where more of the case is."""

    timeline = serializers.CharField()
    clocks = serializers.CharField()
    diagnostics = serializers.CharField()
    evidence = serializers.CharField()
    incidents = serializers.CharField()
    tenant = serializers.CharField()
    console = serializers.CharField(help_text="The page for people.")


class CaseWhole(CaseRow):
    """A case. Needs the contexts `readings` and `moves` (nouns)."""

    waiting_reason = serializers.CharField()
    auto_close_at = serializers.DateTimeField(allow_null=True, help_text="When silence closes a resolved case.")
    duplicate_of = serializers.CharField(allow_null=True)
    context = CaseContext()
    enrichment = Enrichment()
    enriched_at = serializers.DateTimeField(allow_null=True)
    affected_resources = AffectedResource(source="affected.all", many=True)
    resolutions = ResolutionRow(source="resolutions.all", many=True)
    clocks = serializers.SerializerMethodField(help_text="All cycles, oldest first.")
    moves = serializers.SerializerMethodField(help_text="The transitions that you may create now, as nouns.")
    links = serializers.SerializerMethodField()

    @extend_schema_field(ClockReading(many=True))
    def get_clocks(self, case: Case) -> list[dict[str, Any]]:
        return ClockReading(self.context["readings"].get(case.clock_set_id, []), many=True).data

    def get_moves(self, case: Case) -> list[str]:
        return list(self.context["moves"])

    @extend_schema_field(CaseLinks)
    def get_links(self, case: Case) -> dict[str, str]:
        nouns = ("timeline", "clocks", "diagnostics", "evidence", "incidents")
        here = f"/api/v1/cases/{case.reference}/"
        links = {noun: f"{here}{noun}/" for noun in nouns}
        return {**links, "tenant": f"/api/v1/tenants/{case.tenant.slug}/", "console": f"/cases/{case.reference}/"}


# ── Timeline ─────────────────────────────────────────────────────────────────
class Acting(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(source="actor_kind", choices=ACTOR_KINDS)
    id = serializers.IntegerField(source="actor_id", allow_null=True)
    name = serializers.CharField(source="actor_name")


class TimelineEntry(serializers.Serializer[Any]):
    """Something that happened: when, by whom, why, and what it did to the clocks."""

    id = serializers.IntegerField(source="event.pk")
    name = serializers.CharField(source="event.name", help_text="Such as case.accepted.")
    kind = serializers.ChoiceField(choices=KINDS)
    at = serializers.DateTimeField(source="event.at", help_text="When it happened.")
    recorded_at = serializers.DateTimeField(source="event.recorded_at", help_text="When we knew.")
    actor = Acting(source="event")
    reason = serializers.CharField(source="event.reason")
    effects = ClockEffect(many=True)
    payload = serializers.DictField(source="event.payload", help_text="The facts, by name.")
    message = MessageRow(allow_null=True)
    note = NoteRow(allow_null=True)
    run = RunRow(allow_null=True)
    locked_files = serializers.IntegerField(help_text="Files of it that only a grant opens.")


class Timeline(serializers.Serializer[Any]):
    results = TimelineEntry(many=True, help_text="Oldest first.")


# ── Knowledge ────────────────────────────────────────────────────────────────
class MacroRow(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    topic = serializers.ChoiceField(choices=Topic.choices)
    body = serializers.CharField(help_text="With {placeholders}.")
    signals = serializers.ListField(child=serializers.CharField(), help_text="Words and error codes that suggest it.")
    runbook = serializers.CharField(source="runbook.key", default=None, allow_null=True)
    docs_url = serializers.CharField()
    asks = serializers.BooleanField()


class MacroList(serializers.Serializer[Any]):
    results = MacroRow(many=True)


class FilledMacro(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField(help_text="With the case's data filled in.")
    asks = serializers.BooleanField()


class RunbookRow(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    topic = serializers.ChoiceField(choices=Topic.choices)
    resource = serializers.CharField(source="resource_key")
    body = serializers.CharField(help_text="Markdown.")
    steps = RunStep(source="diagnostics", many=True, help_text="Of its diagnostics.")


class RunbookList(serializers.Serializer[Any]):
    results = RunbookRow(many=True)
