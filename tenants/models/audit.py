"""The audit trail: what was changed and what was seen, by whom, and the seals that prove it. Append-only."""

from __future__ import annotations

from typing import Any

from auditlog.models import AbstractLogEntry, LogEntryManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q

from tenants.isolation import current_actor
from tenants.models.tenant import Tenant
from tenants.origin import current_origin

LONGEST_NAME = 200


class CurrentTransaction(Func):
    """The number of the transaction that inserts: rows become visible by it, not by their id."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class AuditEntryManager(LogEntryManager):
    """Adds what the library does not know: the tenant, actors who are no users, and where the request came from."""

    def log_create(self, instance: models.Model, force_log: bool = False, **kwargs: Any) -> Any:
        return super().log_create(instance, force_log, **{**circumstances(instance), **kwargs})

    def log_m2m_changes(self, changed: Any, instance: models.Model, operation: str, field: str, **kwargs: Any) -> Any:
        """Tenants among the changed are told each in a row of its own tenant, for the sight of those who reach it."""
        whose, changed = circumstances(instance) | kwargs, list(changed)
        if not any(isinstance(one, Tenant) for one in changed):
            return super().log_m2m_changes(changed, instance, operation, field, **whose)
        rows = [
            super(AuditEntryManager, self).log_m2m_changes(
                [one], instance, operation, field, **{**whose, "tenant_id": one.pk}
            )
            for one in changed
        ]
        return rows[-1]


def tenant_of(record: models.Model | None) -> int | None:
    found: int | None = record.pk if isinstance(record, Tenant) else getattr(record, "tenant_id", None)
    return found


def circumstances(record: models.Model | None, tenant_id: int | None = None) -> dict[str, Any]:
    """The columns that say who acts, by which door, and whose record it is (or whose records, without one)."""
    actor, origin = current_actor(), current_origin()
    found: dict[str, Any] = {
        "tenant_id": tenant_of(record) if record is not None else tenant_id,
        "case_reference": reference_of(record),
        "via": origin.via,
        "route": origin.route[:100],
        "api_key_ref": origin.api_key_id,
        "remote_addr": origin.address,
    }
    if actor is not None:
        case_id = record.pk if record is not None and record._meta.label == "cases.Case" else None
        found |= {
            "actor_kind": actor.kind,
            "actor_ref": actor.identifier,
            "actor_name": actor.name[:LONGEST_NAME],
            "actor_role": actor.role,
            "actor_id": actor.user_id,
            "grant_id": actor.grant_for(found["tenant_id"], case_id or getattr(record, "case_id", None)),
        }
    return found


def reference_of(record: models.Model | None) -> str:
    """The reference that the record goes by, or that of its case; '' for what has none."""
    named = getattr(record, "reference", None) or getattr(getattr(record, "case", None), "reference", None)
    return str(named or "")[:20]


class AuditEntry(AbstractLogEntry):
    """One change to, or one view of, a record: django-auditlog's entry with who, whence, whose and under which grant.

    A row has a part that names people (`PERSONAL` in tenants.audit.digests), which an erasure takes out without
    breaking the chain, and a part that stays. `xact`, `salt` and `personal_digest` are set by a trigger.
    """

    class Kind(models.TextChoices):
        CHANGE = "change", "Change"
        VIEW = "view", "View"
        LIST = "list", "List"
        FILE = "file", "File"
        EXPORT = "export", "Export"
        SIGN_IN = "sign-in", "Sign-in"
        REDACTION = "redaction", "Redaction"
        PURGE = "purge", "Purge"

    tenant = models.ForeignKey(Tenant, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices, default=Kind.CHANGE)
    actor_kind = models.CharField(max_length=9, blank=True)
    actor_ref = models.BigIntegerField(null=True, help_text="The user's or the requester's id, by actor_kind.")
    actor_name = models.CharField(max_length=LONGEST_NAME, blank=True)
    actor_role = models.CharField(max_length=20, blank=True)
    api_key_ref = models.BigIntegerField(null=True)
    via = models.CharField(
        max_length=10, blank=True, help_text="console, api, admin, widget, portal; '' in the background."
    )
    route = models.CharField(max_length=100, blank=True)
    case_reference = models.CharField(max_length=20, blank=True)
    shown = ArrayField(models.CharField(max_length=20), default=list, help_text="References that a list showed.")
    grant = models.ForeignKey("tenants.Grant", null=True, on_delete=models.PROTECT, related_name="+")
    named = ArrayField(models.BigIntegerField(), null=True, help_text="Rows that this redaction or purge explains.")
    xact = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    salt = models.UUIDField(null=True, db_default=RandomUUID(), editable=False)
    personal_digest = models.BinaryField(null=True, help_text="Stands for the personal part once it is taken out.")

    objects = AuditEntryManager()

    @property
    def by(self) -> str:
        """Who acted, as the console's search takes it."""
        return f"{self.actor_kind}:{self.actor_ref}" if self.actor_ref else self.actor_kind

    class Meta(AbstractLogEntry.Meta):
        abstract = False
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["tenant", "-timestamp"], name="audit_tenant_time"),
            models.Index(fields=["actor_kind", "actor_ref", "-timestamp"], name="audit_actor_time"),
            models.Index(fields=["kind", "-timestamp"], name="audit_kind_time"),
            models.Index(
                fields=["case_reference", "-timestamp"], name="audit_case_time", condition=~Q(case_reference="")
            ),
            models.Index(fields=["grant", "-timestamp"], name="audit_grant_time", condition=Q(grant__isnull=False)),
            models.Index(fields=["remote_addr", "-timestamp"], name="audit_address_time"),
            models.Index(fields=["xact", "id"], name="audit_xact"),
            GinIndex(fields=["shown"], name="audit_shown", condition=Q(kind="list")),
            GinIndex(fields=["named"], name="audit_named", condition=Q(kind__in=["redaction", "purge"])),
        ]


class AuditProof(models.Model):
    """One verification of the whole log by the worker: how far it is, and what it found."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        WHOLE = "whole", "Whole"
        BROKEN = "broken", "Broken"

    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    asked_by = models.CharField(max_length=LONGEST_NAME)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    number = models.PositiveIntegerField(default=0, help_text="The last seal that was walked.")
    seals = models.PositiveIntegerField(default=0, help_text="How many there were when it began.")
    rows = models.PositiveBigIntegerField(default=0)
    waiting = models.PositiveBigIntegerField(default=0, help_text="Rows that were not sealed yet.")
    head = models.CharField(max_length=64, blank=True)
    findings = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="audit_proof_due", condition=Q(state__in=["queued", "running"])),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["whole", "broken"], finished_at__isnull=False),
                name="audit_proof_ended_has_instant",
            )
        ]

    def __str__(self) -> str:
        return f"Proof {self.pk} ({self.state})"

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.number / self.seals)) if self.seals else 0


class AuditSeal(models.Model):
    """A link of the chain: the digests of every row of the transactions from `xact_from` to before `xact_to`.

    `leaves`: per row, in the order of xact and id, the id (8 bytes) and the digest (32 bytes). `digest` is an HMAC, so
    that power over the database alone cannot make a seal. `shift` is added to the numbers of later transactions: it
    changes only when the database was restored into a server that counts from a lower number.
    """

    number = models.PositiveIntegerField(primary_key=True)
    format = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()
    xact_from = models.BigIntegerField()
    xact_to = models.BigIntegerField()
    shift = models.BigIntegerField(default=0)
    rows = models.PositiveIntegerField()
    leaves = models.BinaryField()
    root = models.BinaryField()
    previous = models.BinaryField()
    key_name = models.CharField(max_length=16)
    digest = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="seal_time")]
        constraints = [
            models.CheckConstraint(condition=Q(xact_to__gte=models.F("xact_from")), name="seal_range_forward")
        ]

    def __str__(self) -> str:
        return f"Seal {self.number}"
