"""The conversation's verbs: reply, note, mitigate, publish, attach, survey."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from cases import lifecycle, posting
from cases.change import changing
from cases.models import Case, Draft, Macro, Message, Note, Survey
from cases.models.case import Status
from companyos.web.errors import DomainError, NotAllowedNow
from tenants import restriction
from tenants.access import Actor
from tenants.models import Requester


@transaction.atomic
def reply(
    case: Case,
    *,
    actor: Actor,
    body: str,
    now: datetime,
    files: Sequence[UploadedFile] = (),
    macro: Macro | None = None,
    seen: int | None = None,
    channel: str = "",
) -> Message:
    """A public message by either side. A customer's sign while the case waits for them sets it going again.

    `seen` guards the agent against answering a conversation that has moved on; customers answer whatever they see.
    """
    body = posting.clean_text(body, "body")
    if not body:
        raise DomainError("required", "Write a message.", "body")
    by_customer = actor.kind == "requester"
    with changing(
        case, actor=actor, permission="case.answer" if by_customer else "case.reply", seen=seen, now=now
    ) as change:
        if change.case.status == Status.CLOSED:
            raise NotAllowedNow("closed", f"{case.reference} is closed; reopen it, with a reason, to go on.")
        message = posting.post(change, body=body, files=files, macro=macro, channel=channel)
        if actor.user_id is not None:
            Draft.objects.filter(case=change.case, user_id=actor.user_id, mode="reply").delete()
    if by_customer and change.case.status == Status.WAITING:
        lifecycle.resume(change.case, actor=actor, seen=None, now=now, reason="The customer answered")
    return message


def attach(
    case: Case,
    *,
    actor: Actor,
    files: Sequence[UploadedFile],
    now: datetime,
    seen: int | None = None,
    channel: str = "",
) -> Message:
    """Public files, with a message that says so."""
    if not files:
        raise DomainError("required", "Choose a file.", "files")
    names = ", ".join(file.name or "file" for file in files)
    return reply(case, actor=actor, body=f"Attached: {names[:300]}", files=files, now=now, seen=seen, channel=channel)


def note(
    case: Case, *, actor: Actor, body: str, now: datetime, kind: str = Note.Kind.NOTE, seen: int | None = None
) -> Note:
    """An internal note or a mitigation that was applied. Meets no clock and never reaches a customer."""
    body = posting.clean_text(body, "body")
    if not body:
        raise DomainError("required", "Write the note.", "body")
    if kind not in Note.Kind.values:
        raise DomainError("unknown_kind", f"A note is one of {', '.join(Note.Kind.values)}.", "kind")
    with changing(case, actor=actor, permission="case.note", seen=seen, now=now) as change:
        written = Note.objects.create(
            tenant_id=case.tenant_id,
            case=change.case,
            kind=kind,
            author_id=actor.identifier,
            author_name=actor.name,
            body=body,
            at=now,
        )
        if actor.user_id is not None:
            Draft.objects.filter(case=change.case, user_id=actor.user_id, mode="note").delete()
        change.record("mitigation.applied" if kind == Note.Kind.MITIGATION else "note.added", {"note": written.pk})
    return written


def publish(case: Case, written: Note, *, actor: Actor, now: datetime, seen: int | None = None) -> Message:
    """Make an internal note public, from this instant on: a message with its words is sent now, never back-dated."""
    if written.case_id != case.pk:
        raise DomainError("foreign_note", "The note belongs to another case.", "note")
    with changing(case, actor=actor, permission="case.reply", seen=seen, now=now) as change:
        if change.case.status == Status.CLOSED:
            raise NotAllowedNow("closed", f"{case.reference} is closed; reopen it to write to the customer.")
        fresh = Note.objects.select_for_update().get(pk=written.pk)
        if fresh.published_id is not None:
            raise NotAllowedNow("already_public", "This note is public already.")
        message = posting.post(change, body=fresh.body)
        fresh.published = message
        fresh.save(update_fields=["published"])
        change.record("note.published", {"note": fresh.pk, "message": message.pk, "sla": change.sla()})
    return message


def save_draft(case: Case, *, actor: Actor, mode: str, body: str) -> None:
    """Keep what the person is writing; empty text forgets it. Not audited: it is nobody's record yet."""
    actor.require("case.note")
    if actor.user_id is None:
        raise DomainError("people_only", "Only a person of the support side keeps drafts.")
    body = posting.clean_text(body, "body")
    if mode not in ("reply", "note"):
        raise DomainError("unknown_mode", "A draft is a reply or a note.", "mode")
    restriction.require_content(actor, case.tenant, case.pk)
    if body:
        Draft.objects.update_or_create(
            case=case, user_id=actor.user_id, mode=mode, defaults={"body": body, "tenant_id": case.tenant_id}
        )
    else:
        Draft.objects.filter(case=case, user_id=actor.user_id, mode=mode).delete()


def survey(case: Case, *, actor: Actor, score: int, words: str, now: datetime) -> Survey:
    """The customer's satisfaction, once per cycle, when the case is resolved or closed."""
    words = posting.clean_text(words, "words", 5_000)
    if not 1 <= score <= 5:
        raise DomainError("bad_score", "The score is 1 (very bad) to 5 (very good).", "score")
    if actor.requester_id is None:
        raise DomainError("customers_only", "Only the customer answers the satisfaction question.")
    with changing(case, actor=actor, permission="case.confirm", seen=None, now=now) as change:
        if change.case.status not in (Status.RESOLVED, Status.CLOSED):
            raise NotAllowedNow("not_resolved", "The satisfaction question is asked when the case is resolved.")
        if Survey.objects.filter(case=change.case, cycle=change.case.cycle).exists():
            raise NotAllowedNow("already_answered", "The satisfaction question has been answered; thank you.")
        answer = Survey.objects.create(
            tenant_id=case.tenant_id,
            case=change.case,
            cycle=change.case.cycle,
            requester=Requester.objects.get(pk=actor.requester_id),
            score=score,
            words=words,
            at=now,
        )
        change.record("survey.answered", {"survey": answer.pk, "score": score})
    return answer
