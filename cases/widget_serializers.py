"""What a customer sees and sends through the widget. Every field is named here; no model is serialised as a whole, so
an internal column or row has no way out."""

from __future__ import annotations

from typing import Any

from django.core.validators import URLValidator
from rest_framework import serializers

from cases import intake, posting
from cases.models.case import Status

WEB = URLValidator(schemes=["http", "https"])
LONGEST_LINK = 500

STATUS_WORDS = {
    Status.NEW: ("Received", "We have it. Somebody will read it soon."),
    Status.TRIAGE: ("Being looked at", "Somebody is finding out what is wrong."),
    Status.IN_PROGRESS: ("In progress", "Somebody works on it."),
    Status.WAITING: ("Waiting for you", "We need something from you to go on. Any answer sets it going again."),
    Status.RESOLVED: ("Solved?", "We think that it is solved. Please tell us whether it is."),
    Status.CLOSED: ("Closed", "It is done. It can be reopened."),
}
MOVES = ("reply", "dispute", "confirm", "reject", "reopen", "survey")


# ── What goes out ────────────────────────────────────────────────────────────
class WidgetRequester(serializers.Serializer[Any]):
    name = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=["member", "admin"])


class WidgetTenant(serializers.Serializer[Any]):
    name = serializers.CharField()


class WidgetResource(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    health = serializers.ChoiceField(choices=["ok", "degraded", "red", "unknown"])


class WidgetResourceName(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()


class WidgetLimits(serializers.Serializer[Any]):
    subject = serializers.IntegerField(help_text="Characters.")
    description = serializers.IntegerField(help_text="Characters; of a message too.")
    file_bytes = serializers.IntegerField(help_text="Bytes of one file.")
    files = serializers.IntegerField(help_text="Files at once.")
    types = serializers.ListField(child=serializers.CharField(), help_text="File name endings that are taken.")


class WidgetStatus(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=Status.choices)
    words = serializers.CharField(help_text="In the customer's words.")
    meaning = serializers.CharField()


class WidgetCaseRow(serializers.Serializer[Any]):
    reference = serializers.CharField()
    subject = serializers.CharField()
    status = WidgetStatus()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="When the last public message was written.")


class WidgetCasePage(serializers.Serializer[Any]):
    results = WidgetCaseRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="The value of `after` for the next page; null on the last.")


class WidgetSession(serializers.Serializer[Any]):
    requester = WidgetRequester()
    tenant = WidgetTenant()
    draft_scope = serializers.CharField(help_text="An opaque name per person, under which the widget keeps drafts.")
    resources = WidgetResource(many=True)
    cases = WidgetCaseRow(many=True, help_text="The most recent ones.")
    limits = WidgetLimits()


class WidgetAttachment(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    path = serializers.CharField(help_text="Where a link to it is asked for, below /api/v1/widget/.")


class WidgetFileLink(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="The bytes, for the origin that asked; good for a minute.")


class WidgetMessage(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    side = serializers.ChoiceField(choices=["you", "colleague", "support", "automation"])
    author = serializers.CharField()
    body = serializers.CharField(help_text="Plain text; markup in it is text.")
    at = serializers.DateTimeField()
    attachments = WidgetAttachment(many=True)


class WidgetSurvey(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=1, max_value=5)
    words = serializers.CharField(allow_blank=True)


class WidgetCase(WidgetCaseRow):
    resource = WidgetResourceName(allow_null=True)
    error_ids = serializers.ListField(child=serializers.CharField())
    trace_links = serializers.ListField(child=serializers.CharField())
    asked = serializers.CharField(allow_null=True, help_text="What support waits for; null when for nothing.")
    moves = serializers.ListField(child=serializers.ChoiceField(choices=MOVES), help_text="What may be done now.")
    survey = WidgetSurvey(allow_null=True)
    messages = WidgetMessage(many=True)


# ── What comes in ────────────────────────────────────────────────────────────
class _WithFiles(serializers.Serializer[Any]):
    files = serializers.ListField(
        child=serializers.FileField(max_length=255), default=list, max_length=10, help_text="As multipart/form-data."
    )


class WidgetReport(_WithFiles):
    subject = serializers.CharField(max_length=intake.LONGEST_SUBJECT)
    description = serializers.CharField(max_length=posting.LONGEST_BODY)
    error_ids = serializers.ListField(
        child=serializers.CharField(max_length=120), default=list, max_length=intake.MOST_SIGNALS
    )
    trace_links = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_LINK, validators=[WEB]),
        default=list,
        max_length=intake.MOST_SIGNALS,
    )
    page_url = serializers.CharField(max_length=LONGEST_LINK, default="", allow_blank=True)
    app_version = serializers.CharField(max_length=60, default="", allow_blank=True)
    resource = serializers.CharField(
        max_length=80, default="", allow_blank=True, help_text="The key of one of the session's resources."
    )

    def validate_page_url(self, value: str) -> str:
        if value:
            WEB(value)
        return value


class WidgetReply(_WithFiles):
    body = serializers.CharField(max_length=posting.LONGEST_BODY)


class WidgetFiles(serializers.Serializer[Any]):
    files = serializers.ListField(child=serializers.FileField(max_length=255), min_length=1, max_length=10)


class WidgetReason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=posting.LONGEST_BODY)


class WidgetDispute(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=posting.LONGEST_BODY, default="", allow_blank=True)


class WidgetConfirmation(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=posting.LONGEST_BODY, default="", allow_blank=True)


class WidgetSurveyAnswer(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=1, max_value=5)
    words = serializers.CharField(max_length=5_000, default="", allow_blank=True)
