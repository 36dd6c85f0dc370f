"""A requester's cases in their export, and without their words after their erasure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Q, TextField
from django.db.models.functions import Cast

from cases.models import Attachment, Case, Message, Survey
from companyos.web.models import IdempotentRequest
from tenants import isolation
from tenants.access import SYSTEM
from tenants.actors import of_requester
from tenants.models import AuditEntry, DataJob, Requester
from tenants.privacy.archive import Archive
from tenants.privacy.own import seen
from tenants.retention.classes import functions


def count(requester: Requester) -> int:
    return Case.objects.filter(requester=requester).count()


# ── Export: read in the requester's own scope, so that the database itself keeps back what is internal ──
def export(requester: Requester, archive: Archive) -> None:
    reader = of_requester(requester)
    with isolation.scope(reader):
        own = list(Case.objects.filter(requester_id=requester.pk).order_by("id").values_list("pk", flat=True))
    for number, case_id in enumerate(own, start=1):
        with isolation.scope(reader):
            reference = _export_case(case_id, archive)
        with isolation.scope(SYSTEM):
            looks = AuditEntry.objects.filter(tenant_id=requester.tenant_id, case_reference=reference)
            archive.json_list(f"cases/{reference}/seen-by.json", seen(looks))
        archive.progress(number)
    with isolation.scope(reader):
        elsewhere = Message.objects.filter(author_kind=Message.REQUESTER, author_id=requester.pk)
        archive.json_list("messages-elsewhere.json", _messages(elsewhere.exclude(case_id__in=own)))


def _export_case(case_id: int, archive: Archive) -> str:
    case = Case.objects.select_related("tenant").get(pk=case_id)
    folder = f"cases/{case.reference}"
    surveys = Survey.objects.filter(case=case).order_by("at").values("cycle", "score", "words", "at")
    archive.json(
        f"{folder}/case.json",
        {
            "reference": case.reference,
            "subject": case.subject,
            "status": case.status,
            "channel": case.channel,
            "context": case.context,
            "opened_at": case.opened_at,
            "resolved_at": case.resolved_at,
            "closed_at": case.closed_at,
            "closed_as": case.closed_as,
            "surveys": list(surveys),
        },
    )
    archive.json_list(f"{folder}/messages.json", _messages(Message.objects.filter(case=case)))
    lost = [
        stored.name
        for stored in Attachment.objects.filter(case=case).select_related("case")
        if not _file(stored, archive)
    ]
    if lost:
        archive.json(f"{folder}/lost-files.json", lost)
    return case.reference


def _file(stored: Attachment, archive: Archive) -> bool:
    """False when the storage has it no more: that is told in the export, and the rest of it goes on."""
    try:
        source = stored.file.open("rb")
    except FileNotFoundError:
        return False
    with source:
        archive.file(f"cases/{stored.case.reference}/{_file_path(stored)}", source)
    return True


def _file_path(stored: Attachment) -> str:
    return f"files/{stored.uuid}-{stored.name}"


def _messages(messages: Any) -> Iterator[dict[str, Any]]:
    for message in messages.select_related("case").order_by("at", "id").prefetch_related("attachments").iterator(500):
        yield {
            "case": message.case.reference,
            "at": message.at,
            "from": message.author_name,
            "side": message.author_kind,
            "channel": message.channel,
            "body": message.body,
            "files": [
                {"path": _file_path(one), "name": one.name, "size": one.size, "sha256": one.sha256}
                for one in message.attachments.all()
            ],
        }


# ── Erasure ──────────────────────────────────────────────────────────────────
def erase_batch(job: DataJob, requester: Requester, most: int) -> int:
    """Take the words out of at most `most` of the requester's cases; 0 when none has any left."""
    left = Case.objects.filter(requester=requester, erased_at__isnull=True).order_by("id")
    found = list(left.select_for_update(of=("self",)).values_list("pk", "reference")[:most])
    if not found:
        return 0
    ids, references = [pk for pk, _ in found], [reference for _, reference in found]
    for part in functions("WITH_ERASED_CASES"):
        part(ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT companyos_erase_cases(%s, %s)", [job.pk, ids])
    _forget_answers(references)
    return len(ids)


def _forget_answers(references: list[str]) -> None:
    """Remembered answers of the API that show one of the cases; who retries creates anew."""
    shows = Q()
    for reference in references:
        shows |= Q(text__contains=f'"{reference}"')
    IdempotentRequest.objects.annotate(text=Cast(F("body"), TextField())).filter(shows).delete()


def erase_rest(job: DataJob, requester: Requester, references: list[str], now: datetime) -> None:
    """What they did in other people's cases; and tells the parts after it which cases were theirs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT companyos_erase_elsewhere(%s)", [job.pk])
    references += Case.objects.filter(requester=requester).values_list("reference", flat=True)
