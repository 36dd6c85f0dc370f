"""What the audit log keeps: every change of the records below, and every look that these verbs are told of.

Looks are collected and written by one INSERT as the last deed of the scope, so that a page costs one more statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from auditlog.registry import auditlog
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from companyos.events.log import request_id
from tenants import isolation
from tenants.models import AuditEntry, Grant
from tenants.models.audit import circumstances, tenant_of

# model: (fields never written down, fields written down masked)
AUDITED: dict[str, tuple[list[str], list[str]]] = {
    "tenants.Tenant": ([], ["widget_secret", "telemetry_token"]),
    "tenants.User": (["last_login"], ["password"]),
    "tenants.Membership": ([], []),
    "tenants.Requester": ([], []),
    "tenants.Resource": (["signals", "observed_at", "health"], []),
    "tenants.Entitlement": ([], []),
    "tenants.ApiKey": (["last_used_at"], ["digest"]),
    "tenants.Grant": ([], []),
    "tenants.RetentionPolicy": (["preview"], []),
    "tenants.LegalHold": (["requester"], []),
    "tenants.DataJob": (["requester", "asked_by_name", "reason", "leased_until", "done", "total", "file"], []),
    "sla.Calendar": ([], []),
    "sla.Policy": ([], []),
    "sla.Target": ([], []),
    "sla.Draft": (["edits", "updated_at", "preview_hash"], []),
    "sla.Scenario": ([], []),
    # What enrichment found stands in its event; it quotes other cases, whose requesters may have to be forgotten.
    "cases.Case": (
        ["search", "last_activity_at", "enrichment", "breach_risk", "breach_risk_at", "breach_risk_why"],
        [],
    ),
    "cases.Macro": ([], []),
    "cases.Runbook": ([], []),
    "escalations.Incident": ([], []),
    "escalations.IncidentLink": ([], []),
    "escalations.AlertRule": ([], []),
    "escalations.Channel": (["addresses"], []),
    "escalations.Escalation": ([], []),
    "reporting.FeedbackRule": ([], []),
}
# Who may what is a matter of these relations, which are no columns of the record.
RELATIONS = {"tenants.User": {"groups"}, "tenants.Membership": {"tenants"}, "escalations.AlertRule": {"people"}}
# A widget or portal asks again and again: what the same customer saw of the same record within this is one row.
SAME_LOOK = timedelta(minutes=10)
MOST_SHOWN = 200
Kind = AuditEntry.Kind
_LOOKS = (Kind.VIEW, Kind.LIST)


def register() -> None:
    """Register every audited model with django-auditlog; called once, when the apps are ready."""
    for label, (exclude, mask) in AUDITED.items():
        related = RELATIONS.get(label, set())
        auditlog.register(apps.get_model(label), exclude_fields=exclude, mask_fields=mask, m2m_fields=related)


def viewed(record: models.Model, kind: AuditEntry.Kind = Kind.VIEW) -> None:
    """Note that the current actor looked at `record`."""
    noted(kind, record)


def listed(records: Iterable[models.Model]) -> None:
    """Note that a list showed these records: one row for each tenant among them, with the references shown.

    Rows of no tenant are noted together. An empty list showed nothing and leaves nothing.
    """
    shown: dict[int | None, list[models.Model]] = {}
    for record in records:
        shown.setdefault(tenant_of(record), []).append(record)
    for tenant_id, found in shown.items():
        names = [str(getattr(record, "reference", "")) for record in found]
        entry = _entry(Kind.LIST, type(found[0]), circumstances(None, tenant_id))
        entry.shown = [name for name in names if name][:MOST_SHOWN]
        entry.additional_data = {"rows": len(found)}
        _keep(entry)


def exported(what: str, *, record: models.Model | None = None, **asked: Any) -> None:
    """Note that something left the system in bulk: what, of whose (the record's tenant), and what was asked for."""
    noted(Kind.EXPORT, record, {"what": what, **asked})


def noted(kind: AuditEntry.Kind, record: models.Model | None, details: Mapping[str, Any] | None = None) -> None:
    """Note one deed of the current actor that is no change of a row. `details` must be JSON and hold no secret."""
    entry = _entry(kind, type(record) if record is not None else AuditEntry, circumstances(record))
    if record is not None:
        entry.object_pk, entry.object_repr = str(record.pk), str(record)[:500]
        entry.object_id = record.pk if isinstance(record.pk, int) else None
    entry.additional_data = dict(details) if details else None
    _keep(entry)


def _entry(kind: AuditEntry.Kind, model: type[models.Model], circumstances: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        **circumstances,
        kind=kind,
        action=AuditEntry.Action.ACCESS,
        content_type=ContentType.objects.get_for_model(model),
        cid=request_id(),
    )


def _keep(entry: AuditEntry) -> None:
    batch = _Batch([entry])
    waiting = isolation.at_end(batch)
    if waiting is not batch:
        waiting.entries.append(entry)


@dataclass
class _Batch:
    """The looks of one scope. All batches are equal, so that a scope has one."""

    entries: list[AuditEntry] = field(default_factory=list, compare=False)

    def __call__(self) -> None:
        fresh = _without_repeats(self.entries)
        _add_reasons(fresh)
        AuditEntry.objects.bulk_create(fresh)


def _key(entry: AuditEntry) -> tuple[object, ...]:
    return (entry.kind, entry.content_type_id, entry.object_pk, entry.actor_kind, entry.actor_ref)


def _without_repeats(entries: list[AuditEntry]) -> list[AuditEntry]:
    """Each look once; of a customer's looks those that are not written down yet."""
    seen = {(*_key(one), *one.shown): one for one in entries if one.kind in _LOOKS}
    once = [one for one in entries if one.kind not in _LOOKS] + list(seen.values())
    looks = [one for one in seen.values() if one.actor_kind == "requester"]
    if not looks:
        return once
    same = Q()
    for one in looks:
        same |= Q(kind=one.kind, content_type_id=one.content_type_id, object_pk=one.object_pk)
    recent = AuditEntry.objects.filter(
        same,
        actor_kind="requester",
        actor_ref__in={one.actor_ref for one in looks},
        timestamp__gt=Now() - SAME_LOOK,
    )
    known = {_key(entry) for entry in recent}
    return [one for one in once if one not in looks or _key(one) not in known]


def _add_reasons(entries: list[AuditEntry]) -> None:
    """The grant's own words beside the look: why somebody was let in."""
    under = {entry.grant_id for entry in entries if entry.grant_id}
    reasons = dict(Grant.objects.filter(pk__in=under).values_list("pk", "reason")) if under else {}
    for entry in entries:
        if entry.grant_id in reasons:
            entry.additional_data = {**(entry.additional_data or {}), "reason": reasons[entry.grant_id]}
