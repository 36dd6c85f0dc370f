"""A case as its customer sees it: plain dictionaries of public facts, built from public tables only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet
from django.utils.crypto import salted_hmac

from cases import intake, posting, uploads
from cases.models import Attachment, Case, Message, Survey
from cases.models.case import ClosedAs, Status
from cases.widget_serializers import STATUS_WORDS
from companyos.web.pagination import Page, Sort, page
from tenants.access import Actor
from tenants.models import Requester, Resource

RECENT = Sort("recent", "opened_at", descending=True)
PAGE_SIZE = 20
AT_ONCE = 5
_UNANSWERABLE = (ClosedAs.SPAM, ClosedAs.DUPLICATE)


def status(case: Case) -> dict[str, str]:
    words, meaning = STATUS_WORDS[Status(case.status)]
    return {"key": case.status, "words": words, "meaning": meaning}


def own_cases() -> QuerySet[Case]:
    """The scope of the request leaves only those that the requester may see."""
    return Case.objects.annotate(spoken_at=Max("messages__at"))


def cases_page(after: str | None) -> Page[Case]:
    return page(own_cases(), RECENT, after=after, size=PAGE_SIZE)


def row(case: Case) -> dict[str, Any]:
    """`case` as own_cases() answers it."""
    spoken_at: datetime | None = getattr(case, "spoken_at", None)
    return {
        "reference": case.reference,
        "subject": case.subject,
        "status": status(case),
        "created_at": case.opened_at,
        "updated_at": spoken_at or case.opened_at,
    }


def session(requester: Requester) -> dict[str, Any]:
    return {
        "requester": {"name": requester.name, "email": requester.email, "role": requester.role},
        "tenant": {"name": requester.tenant.name},
        "draft_scope": salted_hmac("cases.widget.drafts", str(requester.pk)).hexdigest()[:16],
        "resources": list(choosable(requester).values("key", "name", "health")),
        "cases": [row(case) for case in own_cases().order_by(*RECENT.order())[:AT_ONCE]],
        "limits": {
            "subject": intake.LONGEST_SUBJECT,
            "description": posting.LONGEST_BODY,
            "file_bytes": settings.ATTACHMENT_MAX_BYTES,
            "files": settings.ATTACHMENT_MAX_FILES,
            "types": [f".{ending}" for ending in (*uploads.TEXT_ENDINGS, *uploads.BINARY_ENDINGS)],
        },
    }


def choosable(requester: Requester) -> QuerySet[Resource]:
    """The tenant's resources that the requester may name; all of them when no choice is set down."""
    found = Resource.objects.filter(tenant_id=requester.tenant_id).order_by("name")
    return found.filter(key__in=requester.viewable_resources) if requester.viewable_resources else found


def whole(case: Case, actor: Actor) -> dict[str, Any]:
    messages = list(Message.objects.filter(case=case).order_by("at", "id"))
    files: dict[int, list[Attachment]] = {}
    for attachment in Attachment.objects.filter(case=case).order_by("id"):
        files.setdefault(attachment.message_id, []).append(attachment)
    survey = Survey.objects.filter(case=case, cycle=case.cycle).first()
    context = case.context if isinstance(case.context, dict) else {}
    return {
        "reference": case.reference,
        "subject": case.subject,
        "status": status(case),
        "created_at": case.opened_at,
        "updated_at": messages[-1].at if messages else case.opened_at,
        "resource": _resource(case, str(context.get("resource", ""))),
        "error_ids": context.get("error_ids", []),
        "trace_links": context.get("trace_links", []),
        "asked": _asked(case, messages),
        "moves": moves(case, actor, answered=survey is not None),
        "survey": {"score": survey.score, "words": survey.words} if survey else None,
        "messages": [_message(said, actor, case, files.get(said.pk, [])) for said in messages],
    }


def _resource(case: Case, key: str) -> dict[str, str] | None:
    """What the customer chose; what we found out ourselves is ours."""
    found = Resource.objects.filter(tenant_id=case.tenant_id, key=key).first() if key else None
    return {"key": found.key, "name": found.name} if found else None


def _asked(case: Case, messages: list[Message]) -> str | None:
    if case.status != Status.WAITING:
        return None
    return next((said.body for said in reversed(messages) if said.asks), None)


def moves(case: Case, actor: Actor, *, answered: bool) -> list[str]:
    possible = {
        "reply": case.status != Status.CLOSED and actor.can("case.answer"),
        "dispute": case.status == Status.WAITING and actor.can("case.dispute"),
        "confirm": case.status == Status.RESOLVED and actor.can("case.confirm"),
        "reject": case.status == Status.RESOLVED and actor.can("case.confirm"),
        "reopen": case.status == Status.CLOSED and case.closed_as not in _UNANSWERABLE and actor.can("case.reopen"),
        "survey": case.status == Status.CLOSED
        and case.closed_as not in _UNANSWERABLE
        and not answered
        and actor.can("case.confirm"),
    }
    return [move for move, may in possible.items() if may]


def _message(said: Message, actor: Actor, case: Case, files: list[Attachment]) -> dict[str, Any]:
    side = said.author_kind
    if side == Message.REQUESTER:
        side = "you" if said.author_id == actor.requester_id else "colleague"
    return {
        "id": said.pk,
        "side": side,
        "author": said.author_name,
        "body": said.body,
        "at": said.at,
        "attachments": [
            {
                "id": found.uuid,
                "name": found.name,
                "size": found.size,
                "path": f"cases/{case.reference}/attachments/{found.uuid}",
            }
            for found in files
        ],
    }
