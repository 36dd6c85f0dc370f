"""Writing a public message and its files inside a change that is under way: what reply, wait and resolve share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.core.files.uploadedfile import UploadedFile

from cases import updates, uploads
from cases.change import Change
from cases.models import Attachment, Macro, Message
from companyos.web.errors import DomainError
from sla import clocks
from tenants import restriction

LONGEST_BODY = 50_000


def clean_text(text: str, field: str, longest: int = LONGEST_BODY) -> str:
    """The text without outer white space; refuses null bytes (PostgreSQL cannot hold them) and what is too long."""
    if "\x00" in text:
        raise DomainError("null_characters", "The text has null characters, which cannot be kept; remove them.", field)
    cleaned = text.strip()
    if len(cleaned) > longest:
        raise DomainError("too_long", f"At most {longest:,} characters; this has {len(cleaned):,}.", field)
    return cleaned


def author_kind(change: Change) -> str:
    return {"requester": Message.REQUESTER, "agent": Message.SUPPORT}.get(change.actor.kind, Message.AUTOMATION)


def post(
    change: Change,
    *,
    body: str,
    files: Sequence[UploadedFile] = (),
    macro: Macro | None = None,
    asks: bool = False,
    channel: str = "",
) -> Message:
    """Write a public message. The first one by a person of the support side meets the first-response clock."""
    case, author = change.case, author_kind(change)
    if files:
        restriction.require_files(change.actor, case.tenant, case.pk)
    checked = [uploads.check(file) for file in uploads.within_limits(files)]
    message = Message.objects.create(
        tenant_id=case.tenant_id,
        case=case,
        author_kind=author,
        author_id=change.actor.identifier,
        author_name=change.actor.name,
        body=body,
        at=change.now,
        channel=channel or ("console" if author == Message.SUPPORT else case.channel),
        macro=macro,
        asks=asks,
    )
    for upload in checked:
        Attachment.objects.create(
            tenant_id=case.tenant_id, case=case, message=message, at=change.now, **upload.columns()
        )
    effects: list[clocks.Effect] = []
    if author == Message.SUPPORT:
        effects = answered(change, cause=f"message:{message.pk}")
    elif author == Message.REQUESTER and case.auto_close_at is not None:
        # A customer who speaks is not silent: the days before auto-close begin anew.
        change.set(auto_close_at=change.now + timedelta(days=case.tenant.auto_close_days))
    name = "message.received" if author == Message.REQUESTER else "message.sent"
    change.record(
        name,
        {
            "message": message.pk,
            "asks": asks,
            "macro": macro.key if macro else "",
            "files": [upload.name for upload in checked],
            "sla": [effect.as_dict() for effect in effects],
        },
    )
    return message


def answered(change: Change, cause: str) -> list[clocks.Effect]:
    """A public word by a person of the support side, now: meets what was owed, and begins the next update."""
    case = change.case
    effects = clocks.meet(
        case.clock_set, "first_response", cycle=case.cycle, at=change.now, cause=cause, actor=change.actor
    )
    change.effects += effects
    effects = [*effects, *updates.posted(change, cause)]
    if case.first_response_at is None:
        change.set(first_response_at=change.now)
    return effects
