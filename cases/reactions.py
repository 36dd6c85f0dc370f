"""What cases do when something happened. Database only; each is called exactly once per event."""

from __future__ import annotations

from datetime import datetime

from cases import change, intake
from cases.models import Case
from companyos.events.models import Event
from sla import clocks
from tenants.access import system_named


def enrich_case(event: Event, now: datetime) -> None:
    """case.opened → health, affected resources, past cases, a proposed priority."""
    case = Case.objects.select_related("tenant").get(pk=event.subject_id)
    intake.enrich(case, now)


def follow_clocks(event: Event, now: datetime) -> None:
    """clock.retargeted → the case's place in the queue, and a line that tells old and new due times.

    Nobody's edit becomes stale by it: the version of the case stays.
    """
    case = Case.objects.select_for_update(of=("self",)).filter(clock_set_id=event.subject_id).first()
    if case is None:
        return
    due = clocks.next_due(clocks.readings([case.clock_set_id], now)[case.clock_set_id])
    case.next_due_at, case.next_due_metric = (due.due_at, due.metric) if due else (None, "")
    case.save(update_fields=["next_due_at", "next_due_metric"])
    actor = system_named(event.actor_name)
    change.record(case, "case.retargeted", event.payload, actor=actor, now=event.at, reason=event.reason)
