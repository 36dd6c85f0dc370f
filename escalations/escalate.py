"""Calling an escalation on a case, acknowledging it, closing it. Each verb is idempotent and tells the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cases.change import record
from cases.models import Case
from companyos.events.models import Event
from companyos.web.errors import Forbidden, NotAllowedNow, NotFound
from escalations.models import AlertRule, Escalation
from tenants import restriction
from tenants.access import Actor

State = Escalation.State


@dataclass(frozen=True)
class About:
    """The clock's round and share that it is about; a call by hand is about none."""

    metric: str = ""
    cycle: int = 0
    round: int = 0
    share: int = 100


@transaction.atomic
def open_escalation(
    case: Case,
    *,
    text: str,
    actor: Actor,
    now: datetime,
    about: About | None = None,
    rule: AlertRule | None = None,
    cause: Event | None = None,
) -> Escalation:
    """Call for help on the case; the same rule for the same clock's round and share calls once, whoever asks again.

    Without a rule and a cause it is somebody's call by hand, and each instant is a call of its own.
    """
    actor.require("escalation.acknowledge")
    clock = about or About()
    key = {
        "case": case,
        "called_by": _caller(actor, rule, None if cause else now),
        "metric": clock.metric,
        "cycle": clock.cycle,
        "round": clock.round,
        "share": clock.share,
    }
    told = {"tenant_id": case.tenant_id, "rule": rule, "cause": cause, "text": text[:300], "opened_at": now}
    escalation, made = Escalation.objects.get_or_create(**key, defaults=told)
    if made:
        _record(escalation, "escalation.opened", actor, now, rule=rule.name if rule else "")
    return escalation


def _caller(actor: Actor, rule: AlertRule | None, at: datetime | None) -> str:
    if rule is not None:
        return f"rule:{rule.pk}"
    return f"{actor.kind}:{actor.identifier or actor.name[:20]}" + (f":{at.timestamp()}" if at else "")


def get_escalation(escalation_id: int) -> Escalation:
    """Within the asker's scope. Raises NotFound."""
    found = Escalation.objects.select_related("case__tenant", "acknowledged_by").filter(pk=escalation_id).first()
    if found is None:
        raise NotFound("not_found", f"There is no escalation {escalation_id}.")
    return found


@transaction.atomic
def acknowledge(escalation: Escalation, *, actor: Actor, now: datetime) -> Escalation:
    """The actor takes it. Whoever comes second, or again, changes nothing: the answer tells who was first."""
    actor.require("escalation.acknowledge")
    if actor.user_id is None:
        raise Forbidden("nobody", "Only a person can acknowledge an escalation.")
    locked = _locked(escalation, actor)
    if locked.state == State.CLOSED:
        raise NotAllowedNow("closed", f"This escalation is closed already, by {locked.closed_by}.")
    if locked.state == State.OPEN:
        locked.state, locked.acknowledged_at = State.ACKNOWLEDGED, now
        locked.acknowledged_by_id = actor.user_id
        locked.save(update_fields=["state", "acknowledged_at", "acknowledged_by"])
        _record(locked, "escalation.acknowledged", actor, now, seconds=round(locked.waited(now)))
    return get_escalation(locked.pk)


@transaction.atomic
def close(escalation: Escalation, *, actor: Actor, now: datetime, reason: str = "") -> Escalation:
    """It is over, acknowledged or not."""
    actor.require("escalation.acknowledge")
    locked = _locked(escalation, actor)
    if locked.state != State.CLOSED:
        locked.state, locked.closed_at, locked.closed_by = State.CLOSED, now, actor.name[:200]
        locked.save(update_fields=["state", "closed_at", "closed_by"])
        _record(locked, "escalation.closed", actor, now, reason=reason)
    return get_escalation(locked.pk)


def close_all(case: Case, *, actor: Actor, now: datetime, reason: str) -> None:
    """Every one of the case that is not closed."""
    for escalation in Escalation.objects.filter(case=case).exclude(state=State.CLOSED).order_by("pk"):
        close(escalation, actor=actor, now=now, reason=reason)


def _locked(escalation: Escalation, actor: Actor) -> Escalation:
    """The row, under the case's lock, which comes first everywhere; found with the actor's own eyes."""
    case = Case.objects.select_for_update(of=("self",)).select_related("tenant").filter(pk=escalation.case_id).first()
    locked = Escalation.objects.select_for_update().filter(pk=escalation.pk).first()
    if case is None or locked is None:
        raise NotFound("not_found", f"There is no escalation {escalation.pk}.")
    restriction.require_content(actor, case.tenant, case.pk)
    locked.case = case
    return locked


def _record(escalation: Escalation, name: str, actor: Actor, now: datetime, reason: str = "", **more: object) -> Event:
    payload = {
        "escalation": escalation.pk,
        "text": escalation.text,
        "metric": escalation.metric,
        "cycle": escalation.cycle,
        "round": escalation.round,
        "share": escalation.share,
        **more,
    }
    return record(escalation.case, name, payload, actor=actor, now=now, reason=reason)
