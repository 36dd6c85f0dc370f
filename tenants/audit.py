"""What the audit log keeps: every change of the records below, and every view that `viewed` is told of."""

from __future__ import annotations

from auditlog.registry import auditlog
from auditlog.signals import accessed
from django.apps import apps
from django.db import models

# model: (fields never written down, fields written down masked)
AUDITED: dict[str, tuple[list[str], list[str]]] = {
    "tenants.Tenant": ([], ["widget_secret", "telemetry_token"]),
    "tenants.User": (["last_login"], ["password"]),
    "tenants.Membership": ([], []),
    "tenants.Requester": ([], []),
    "tenants.Resource": (["signals", "observed_at", "health"], []),
    "tenants.Entitlement": ([], []),
    "tenants.ApiKey": (["last_used_at"], ["digest"]),
    "sla.Calendar": ([], []),
    "sla.Policy": ([], []),
    "sla.Target": ([], []),
    "cases.Case": (["search", "last_activity_at"], []),
    "cases.Macro": ([], []),
    "cases.Runbook": ([], []),
    "escalations.Incident": ([], []),
    "escalations.IncidentLink": ([], []),
    "reporting.FeedbackRule": ([], []),
}


def register() -> None:
    """Register every audited model with django-auditlog; called once, when the apps are ready."""
    for label, (exclude, mask) in AUDITED.items():
        auditlog.register(apps.get_model(label), exclude_fields=exclude, mask_fields=mask)


def viewed(record: models.Model) -> None:
    """Note that the current actor looked at `record` (one audit row)."""
    accessed.send(sender=type(record), instance=record)
