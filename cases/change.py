"""Changing a case: lock it, refuse a stale edit, bump the version, keep the queue's columns true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from cases.models import Case
from cases.models.case import OPEN
from companyos.events import log
from companyos.events.models import Event
from companyos.web.errors import Conflict, NotFound
from sla import clocks
from sla.clocks import Effect
from tenants import isolation, restriction
from tenants.access import Actor

_ALWAYS = ("version", "last_activity_at", "next_due_at", "next_due_metric")


@dataclass
class Change:
    """A change under way: the locked row, the fields it touches, and what it did to the clocks."""

    case: Case
    actor: Actor
    now: datetime
    effects: list[Effect] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)

    def set(self, **values: Any) -> None:
        """Assign fields of the case, to be saved when the change ends."""
        for name, value in values.items():
            setattr(self.case, name, value)
        self.fields.update(values)

    def record(self, name: str, payload: dict[str, Any], reason: str = "") -> Event:
        return record(self.case, name, payload, actor=self.actor, now=self.now, reason=reason)

    def sla(self) -> list[dict[str, Any]]:
        """The clock effects so far, as JSON."""
        return [effect.as_dict() for effect in self.effects]


def record(case: Case, name: str, payload: dict[str, Any], *, actor: Actor, now: datetime, reason: str = "") -> Event:
    """Record a fact about a case that changes nothing of it (an alert, a suggestion): nobody's edit becomes stale."""
    return log.record(
        name,
        tenant_id=case.tenant_id,
        subject=("case", case.pk),
        actor=actor,
        payload=payload,
        at=now,
        reason=reason,
    )


@contextmanager
def changing(case: Case, *, actor: Actor, permission: str, seen: int | None, now: datetime) -> Iterator[Change]:
    """Lock `case`, check the right and the version, and save what the block changes.

    `seen` is the version that the person was looking at; None for deeds that hold whatever came in between (a
    customer's answer, an automatic step). Raises Conflict, Forbidden, NotFound.
    """
    actor.require(permission)
    with transaction.atomic():
        # Found with the actor's own eyes; only then may the verb's code see the tenant's internal rows.
        locked = (
            Case.objects.select_for_update(of=("self",)).select_related("tenant", "owner").filter(pk=case.pk).first()
        )
        if locked is None:
            raise NotFound("not_found", f"There is no case {case.reference}.")
        restriction.require_content(actor, locked.tenant, locked.pk)
        with isolation.whole_tenant(locked.tenant_id) if actor.kind == "requester" else nullcontext():
            if seen is not None and seen != locked.version:
                raise Conflict("stale", _stale_message(locked), "version", version=locked.version)
            change = Change(locked, actor, now)
            yield change
            _save(change)


def _stale_message(case: Case) -> str:
    last = Event.objects.filter(subject_kind="case", subject_id=case.pk).order_by("-id").first()
    did = f" Last: {last.actor_name}, {last.name.replace('.', ' ').replace('_', ' ')}." if last else ""
    return f"{case.reference} changed while you were looking at it; nothing was saved.{did} Look again, then repeat."


def _save(change: Change) -> None:
    case = change.case
    due = clocks.next_due(clocks.readings([case.clock_set_id], change.now)[case.clock_set_id])
    case.next_due_at, case.next_due_metric = (due.due_at, due.metric) if due else (None, "")
    if case.status not in OPEN and case.breach_risk is not None:  # what is done has no risk
        change.set(breach_risk=None, breach_risk_at=None, breach_risk_why="")
    case.version += 1
    case.last_activity_at = max(case.last_activity_at, change.now)
    case.save(update_fields=[*_ALWAYS, *change.fields])
