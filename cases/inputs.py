"""What the support side's API takes. Shapes and bounds; what is allowed is the verbs' to say."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cases import intake, posting, queue
from cases.models import Note, Resolution
from cases.models.case import Channel, ClosedAs, Priority, Severity, Status
from cases.properties import MOST_TAGS
from cases.timeline import KINDS, LATEST
from tenants.endpoint import PageQuery

LONGEST_REASON = 5_000
HIGHEST_VERSION = 2**31 - 1
SORTS = {"next_due": "due", "last_activity": "activity", "newest": "newest", "risk": "risk"}
OWNER_HELP = "An e-mail address, or `me`."


def many(child: serializers.Field[Any, Any, Any, Any], help_text: str) -> serializers.ListField:
    return serializers.ListField(child=child, required=False, max_length=50, help_text=help_text)


class CaseQuery(PageQuery):
    """The filters of the list; several values of one name are alternatives, several names must all hold."""

    view = serializers.ChoiceField(choices=list(queue.VIEWS), required=False, help_text="A named view of the console.")
    status = many(serializers.ChoiceField(choices=Status.choices), "Its status.")
    priority = many(serializers.ChoiceField(choices=Priority.choices), "Its priority.")
    severity = many(serializers.ChoiceField(choices=Severity.choices), "Its severity.")
    channel = many(serializers.ChoiceField(choices=Channel.choices), "How it came in.")
    tenant = many(serializers.CharField(max_length=50), "Slugs of tenants.")
    owner = many(serializers.CharField(max_length=254), "E-mail addresses of owners, `me`, or `none`.")
    requester = many(serializers.CharField(max_length=120), "The customers' ids of requesters.")
    tag = many(serializers.CharField(max_length=40), "Tags; one of them is enough.")
    incident = many(serializers.CharField(max_length=20), "References of linked incidents.")
    q = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="Words of the subject or of a public message, a tag, or how a reference begins.",
    )
    opened_after = serializers.DateTimeField(required=False, help_text="At or after this instant.")
    opened_before = serializers.DateTimeField(required=False, help_text="Before this instant.")
    due_before = serializers.DateTimeField(required=False, help_text="The next due clock is due before this instant.")
    sort = serializers.ChoiceField(choices=list(SORTS), default="last_activity")


class TimelineQuery(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=KINDS, required=False, help_text="Of the entries asked for, only these.")
    limit = serializers.IntegerField(default=LATEST, min_value=1, max_value=LATEST, help_text="The newest ones.")


class WithFiles(serializers.Serializer[Any]):
    files = serializers.ListField(
        child=serializers.FileField(max_length=255), default=list, max_length=10, help_text="As multipart/form-data."
    )


class NewCase(WithFiles):
    """A case on behalf of a requester, who becomes the author of its first message."""

    tenant = serializers.CharField(max_length=50, help_text="The slug of the requester's tenant.")
    requester = serializers.CharField(max_length=120, help_text="The customer's own id of the requester.")
    subject = serializers.CharField(max_length=intake.LONGEST_SUBJECT)
    description = serializers.CharField(max_length=posting.LONGEST_BODY)
    channel = serializers.ChoiceField(choices=Channel.choices, default=Channel.API, help_text="How it came in.")
    error_ids = serializers.ListField(
        child=serializers.CharField(max_length=120), default=list, max_length=intake.MOST_SIGNALS
    )
    trace_links = serializers.ListField(
        child=serializers.CharField(max_length=500), default=list, max_length=intake.MOST_SIGNALS
    )
    page_url = serializers.CharField(max_length=500, default="", allow_blank=True)
    app_version = serializers.CharField(max_length=60, default="", allow_blank=True)
    resource = serializers.CharField(
        max_length=80, default="", allow_blank=True, help_text="The key of one of the tenant's resources."
    )


class Change(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        min_value=1,
        max_value=HIGHEST_VERSION,
        help_text="The version that you were looking at; a case changed since then is left alone (409, `stale`).",
    )


class Reasoned(Change):
    reason = serializers.CharField(max_length=LONGEST_REASON, default="", allow_blank=True)


class Demanded(Change):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class Sending(WithFiles, Change):
    """What goes to the customer as a public message."""

    macro = serializers.CharField(
        max_length=50, default="", allow_blank=True, help_text="The key of the macro that the text began with."
    )


class NewReply(Sending):
    body = serializers.CharField(max_length=posting.LONGEST_BODY, help_text="The customer reads it.")


class NewNote(Change):
    body = serializers.CharField(max_length=posting.LONGEST_BODY)
    kind = serializers.ChoiceField(choices=Note.Kind.choices, default=Note.Kind.NOTE)


class NewAttachments(Change):
    files = serializers.ListField(child=serializers.FileField(max_length=255), min_length=1, max_length=10)


class Acceptance(Reasoned):
    priority = serializers.ChoiceField(choices=Priority.choices)
    severity = serializers.ChoiceField(choices=Severity.choices, default="", allow_blank=True)
    owner = serializers.CharField(max_length=254, default="me", help_text=OWNER_HELP)


class Wait(Sending, Reasoned):
    ask = serializers.CharField(max_length=posting.LONGEST_BODY, help_text="Sent to the customer as a public message.")


class NewResolution(Change):
    summary = serializers.CharField(max_length=posting.LONGEST_BODY, help_text="Sent to the customer.")
    code = serializers.ChoiceField(choices=Resolution.Code.choices)
    root_cause = serializers.CharField(max_length=20_000, default="", allow_blank=True)
    preventive_action = serializers.CharField(max_length=20_000, default="", allow_blank=True)
    evidence = serializers.ListField(
        child=serializers.UUIDField(), default=list, max_length=100, help_text="Ids of the case's evidence."
    )
    evidence_links = serializers.ListField(
        child=serializers.URLField(max_length=500),
        default=list,
        max_length=20,
        help_text="Traces, changes, graphs. Evidence or a link is required.",
    )


class Dismissal(Reasoned):
    kind = serializers.ChoiceField(choices=[ClosedAs.SPAM.value, ClosedAs.DUPLICATE.value])
    duplicate_of = serializers.CharField(
        max_length=20, default="", allow_blank=True, help_text="The reference of the case that this one repeats."
    )


class Assignment(Change):
    owner = serializers.CharField(
        max_length=254, allow_null=True, help_text=f"{OWNER_HELP} null gives it back, before it is accepted."
    )


class NewPriority(Demanded):
    priority = serializers.ChoiceField(choices=Priority.choices)


class NewTags(Change):
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=MOST_TAGS,
        help_text="All of them: they replace the old ones.",
    )


class NewRun(Change):
    runbook = serializers.CharField(max_length=50, help_text="A runbook's key.")
