"""What this app itself knows of a requester: the record, own deeds, and who of the support side looked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from companyos.web.models import IdempotentRequest
from tenants import isolation
from tenants.access import SYSTEM
from tenants.audit import redaction
from tenants.models import AuditEntry, DataJob, Requester
from tenants.portal import visits
from tenants.privacy.archive import Archive

CHANGES = ("change", "redaction", "purge")


def export(requester: Requester, archive: Archive) -> None:
    with isolation.scope(SYSTEM):
        archive.json("requester.json", _record(requester))
        archive.json_list("deeds.json", _deeds(requester))
        archive.json_list("seen-by.json", seen(AuditEntry.objects.filter(
            tenant_id=requester.tenant_id, content_type__app_label="tenants", content_type__model="requester",
            object_id=requester.pk,
        )))  # fmt: skip


def _record(requester: Requester) -> dict[str, Any]:
    names = (
        "external_id", "name", "email", "phone", "role", "channel", "authentication", "viewable_resources", "time_zone",
        "created_at",
    )  # fmt: skip
    jobs = DataJob.objects.filter(requester=requester).order_by("asked_at")
    asked = [
        {"kind": job.kind, "asked_at": job.asked_at, "asked_by": job.asked_by_name, "state": job.state} for job in jobs
    ]
    return {name: getattr(requester, name) for name in names} | {"data_requests": asked}


def _deeds(requester: Requester) -> Iterator[dict[str, Any]]:
    own = AuditEntry.objects.filter(tenant_id=requester.tenant_id, actor_kind="requester", actor_ref=requester.pk)
    for entry in own.select_related("content_type").order_by("id").iterator(chunk_size=500):
        yield {
            "at": entry.timestamp,
            "deed": entry.kind,
            "on": entry.content_type.model if entry.content_type_id else "",
            "case": entry.case_reference,
            "address": entry.remote_addr,
        }


def seen(entries: Any) -> Iterator[dict[str, Any]]:
    """Of these audit rows the views by the support side: who, when, and by which door."""
    looks = entries.filter(actor_kind="agent").exclude(kind__in=CHANGES).order_by("id")
    for entry in looks.iterator(chunk_size=500):
        yield {
            "at": entry.timestamp,
            "who": entry.actor_name,
            "role": entry.actor_role,
            "by": entry.via,
            "what": entry.kind,
        }


def erase_requester(job: DataJob) -> None:
    """The record itself, first of all: from here on the person's next sign-in is somebody new."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT companyos_erase_requester(%s)", [job.pk])
    visits.end_all(job.requester)


def erase_rest(job: DataJob, requester: Requester, references: list[str], now: datetime) -> None:
    """Events, remembered answers, the admin's own log, and last the audit trail, whose chain goes on proving itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT companyos_erase_events(%s)", [job.pk])
    IdempotentRequest.objects.filter(actor=f"requester:{requester.pk}").delete()
    person = ContentType.objects.get_for_model(Requester)
    LogEntry.objects.filter(content_type=person, object_id=str(requester.pk)).update(object_repr="", change_message="")
    redaction.redact(requester, f"Erasure {job.uuid}", references=references)
