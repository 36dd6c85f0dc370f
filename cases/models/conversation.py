"""What people say. Public and internal are different tables, so an internal word has no way towards a customer."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases.models.case import Case


class Message(models.Model):
    """A public message: the requester reads it. Append-only once sent."""

    REQUESTER, SUPPORT, AUTOMATION = "requester", "support", "automation"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    author_kind = models.CharField(max_length=10)
    author_id = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField()
    channel = models.CharField(max_length=10, default="console")
    macro = models.ForeignKey("cases.Macro", null=True, on_delete=models.PROTECT, related_name="+")
    asks = models.BooleanField(default=False, help_text="The customer is asked for something.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(author_kind__in=["requester", "support", "automation"]), name="message_author_known"
            ),
            models.CheckConstraint(condition=~Q(body=""), name="message_has_body"),
        ]
        indexes = [
            models.Index(fields=["case", "at", "id"], name="message_case"),
            GinIndex(SearchVector("body", config="english"), name="message_search"),
        ]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body[:60]}"


class Note(models.Model):
    """An internal note or a mitigation: the support side's own. `published` names the public message made of it."""

    class Kind(models.TextChoices):
        NOTE = "note", "Internal note"
        MITIGATION = "mitigation", "Mitigation"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.NOTE)
    author_id = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=200)
    body = models.TextField()
    at = models.DateTimeField()
    published = models.OneToOneField(Message, null=True, on_delete=models.PROTECT, related_name="published_note")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="note_has_body")]
        indexes = [models.Index(fields=["case", "at", "id"], name="note_case")]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body[:60]}"


def _path(kind: str, tenant_id: int, name: str) -> str:
    """Never the uploader's file name: that lives in the row and is only ever sent as a header."""
    return f"{kind}/{tenant_id}/{timezone.now():%Y/%m}/{uuid.uuid4().hex}"


def attachment_path(attachment: Attachment, name: str) -> str:
    return _path("attachments", attachment.tenant_id, name)


def evidence_path(evidence: Evidence, name: str) -> str:
    return _path("evidence", evidence.tenant_id, name)


class StoredFile(models.Model):
    """A file with its proof: size in bytes, SHA-256 in hex, and the type that its content shows."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Attachment(StoredFile):
    """A public file on a public message."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attachments")
    file = models.FileField(upload_to=attachment_path, max_length=200)


class Evidence(StoredFile):
    """An internal artefact: what a diagnostic collected or an agent kept."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    run = models.ForeignKey("cases.DiagnosticRun", null=True, on_delete=models.PROTECT, related_name="evidence")
    collected_by = models.CharField(max_length=200)
    file = models.FileField(upload_to=evidence_path, max_length=200)

    class Meta:
        verbose_name_plural = "evidence"


class Draft(models.Model):
    """What a person has written and not sent: one per person, case and mode."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=6, choices=[("reply", "Reply"), ("note", "Note")])
    body = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "user", "mode"], name="draft_once_per_person_and_mode"),
            models.CheckConstraint(condition=Q(mode__in=["reply", "note"]), name="draft_mode_known"),
        ]

    def __str__(self) -> str:
        return f"{self.mode} by {self.user_id} on {self.case_id}"
