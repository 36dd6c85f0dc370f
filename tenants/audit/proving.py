"""The worker's verification of the audit log: asked for in the auditor's console and once a day, in bounded steps."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from companyos.events.log import wake
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.audit import proof
from tenants.models import AuditProof, AuditSeal

STEP = 25  # seals
EVERY = timedelta(days=1)
_DUE = (AuditProof.State.QUEUED, AuditProof.State.RUNNING)
log = structlog.get_logger(__name__)


def ask(actor: Actor, now: datetime) -> AuditProof:
    """Have the whole log verified; one verification at a time, and who asks meanwhile gets that one."""
    if actor is not SYSTEM:
        actor.require("audit.read")
    running = AuditProof.objects.filter(state__in=_DUE).first()
    if running is not None:
        return running
    found = AuditProof.objects.create(asked_by=actor.name, asked_at=now, seals=AuditSeal.objects.count())
    wake("tenants.tasks.prove_audit")
    return found


def ask_daily(now: datetime) -> None:
    with isolation.scope(SYSTEM):
        if not AuditProof.objects.filter(asked_at__gt=now - EVERY).exists():
            ask(SYSTEM, now)


def prove_some(now: datetime) -> bool:
    """One step of the verification that waits or runs; False when there is none."""
    with isolation.scope(SYSTEM):
        one = AuditProof.objects.filter(state__in=_DUE).select_for_update(skip_locked=True).order_by("id").first()
        if one is None:
            return False
        stretch = proof.walk(one.number, STEP)
        one.findings = [*one.findings, *map(str, stretch.findings)][: proof.MOST_FINDINGS]
        one.number, one.rows = stretch.number, one.rows + stretch.rows
        one.head = stretch.head.hex() if stretch.number else ""
        one.state = AuditProof.State.RUNNING
        if stretch.seals < STEP:
            one.waiting, findings = proof.unsealed(one.number)
            one.findings = [*one.findings, *map(str, findings)][: proof.MOST_FINDINGS]
            one.state = AuditProof.State.BROKEN if one.findings else AuditProof.State.WHOLE
            one.finished_at = now
            _tell(one)
        one.save()
        return True


def _tell(one: AuditProof) -> None:
    if one.findings:
        log.error("audit.broken", proof=one.pk, findings=one.findings[:10], head=one.head)
    else:
        log.info("audit.whole", proof=one.pk, rows=one.rows, head=one.head)
