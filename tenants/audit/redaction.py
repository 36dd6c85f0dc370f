"""Taking personal words out of the audit log, or old rows away, so that the chain still proves the rest.

Only two functions of the database can do either. Each leaves a row behind that names the rows and says why, and
`manage.py verify_audit` takes nothing else for an explanation. Both run in a scope of the system's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from companyos.events.log import request_id
from companyos.web.errors import DomainError
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.audit import digests
from tenants.models import AuditEntry, Requester, Tenant

# The database refuses to purge what is younger: nobody who breaks into the app can wipe their own traces.
YOUNGEST = timedelta(days=30)
BATCH = 500
_EXPLANATIONS = (AuditEntry.Kind.REDACTION, AuditEntry.Kind.PURGE)


def redact(
    requester: Requester, reason: str, *, actor: Actor = SYSTEM, references: Iterable[str] = (), batch: int = BATCH
) -> int:
    """Take the personal part out of every row by or about the requester and the cases with these references.

    Who saw what, when and under which grant stays. Returns how many rows were redacted; again, it finds none.
    """
    _told(reason)
    redacted = 0
    with isolation.scope(SYSTEM):
        while ids := list(_of_requester(requester, references).order_by("id").values_list("id", flat=True)[:batch]):
            rows = {row["id"]: row for row in AuditEntry.objects.filter(pk__in=ids).values(*digests.COLUMNS)}
            inner = [digests.personal_digest(rows[pk]) for pk in ids]
            redacted += _call("redact", requester.tenant_id, ids, inner, reason, _acting(actor))
    return redacted


def _of_requester(requester: Requester, references: Iterable[str]) -> QuerySet[AuditEntry]:
    named = [reference for reference in references if reference]
    own = Q(actor_kind="requester", actor_ref=requester.pk)
    about = Q(content_type__app_label="tenants", content_type__model="requester", object_id=requester.pk)
    found = AuditEntry.objects.filter(own | about | Q(case_reference__in=named), tenant_id=requester.tenant_id)
    return found.filter(personal_digest__isnull=True).exclude(kind__in=_EXPLANATIONS)


def purgeable(tenant: Tenant | None, before: datetime) -> QuerySet[AuditEntry]:
    """The rows that `purge` would take: of the tenant (None: of no tenant), older than `before`."""
    found = AuditEntry.objects.filter(timestamp__lt=before)
    found = found.filter(tenant__isnull=True) if tenant is None else found.filter(tenant=tenant)
    return found.exclude(kind__in=_EXPLANATIONS)


def purge(tenant: Tenant | None, before: datetime, limit: int = 1000, *, reason: str, actor: Actor = SYSTEM) -> int:
    """Delete at most `limit` rows that are older than `before`, oldest first; returns how many went. Call until 0.

    The seals keep the digests of the deleted rows. Raises DomainError for an instant less than 30 days ago.
    """
    _told(reason)
    with isolation.scope(SYSTEM):
        ids = list(purgeable(tenant, before).order_by("timestamp", "id").values_list("id", flat=True)[:limit])
        return _call("purge", tenant and tenant.pk, ids, before, reason, _acting(actor)) if ids else 0


def _told(reason: str) -> None:
    if not reason.strip():
        raise DomainError("reason_missing", "Say why: the log keeps the reason for ever.", "reason")


def _acting(actor: Actor) -> str:
    words = {"kind": actor.kind, "ref": actor.identifier, "role": actor.role, "name": actor.name}
    return json.dumps({**words, "user": actor.user_id, "cid": request_id()})


def _call(deed: str, *values: Any) -> int:
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT companyos_audit_{deed}({marks})", values)
        return int(cursor.fetchone()[0])
