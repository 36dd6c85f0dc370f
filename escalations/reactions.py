"""What escalations do when something happened. Database only; each is called exactly once per event."""

from __future__ import annotations

from datetime import datetime

from cases.change import record
from cases.models import Case
from companyos.events.models import Event
from escalations import incidents, notices
from tenants.access import system_named
from tenants.models import User

ALERTS = system_named("SLA alerts")
METRIC_WORDS = {"accept": "Acceptance", "first_response": "First response", "resolution": "Resolution"}


def _case(event: Event) -> Case:
    return Case.objects.select_related("tenant__escalation_lead", "owner").get(pk=event.subject_id)


def suggest_incidents(event: Event, now: datetime) -> None:
    """case.enriched → the open incidents on the same resources are proposed."""
    incidents.suggest(_case(event), now)


def alert_about_clock(event: Event, now: datetime) -> None:
    """clock.warned and clock.breached → an alert on the case, told to the owner and the lead.

    A clock belongs to a set, a set to a case; a set without one (something else runs it) alerts nobody here.
    """
    case = Case.objects.select_related("tenant__escalation_lead", "owner").filter(clock_set_id=event.subject_id).first()
    if case is None:
        return
    metric = METRIC_WORDS.get(event.payload["metric"], event.payload["metric"])
    breached = event.name == "clock.breached"
    happened = "breached its target" if breached else f"has used {event.payload['share']} % of its target"
    text = f"{case.reference}: {metric} {happened}"
    told = notices.tell(
        [case.owner, *notices.leads_of(case)],
        case=case,
        event=event,
        kind="sla.breached" if breached else "sla.warned",
        text=text,
    )
    payload = {key: event.payload.get(key) for key in ("metric", "cycle", "share", "due_at")}
    payload |= {"breached": breached, "text": text, "told": [str(user) for user in told]}
    record(case, "case.alerted", payload, actor=ALERTS, now=event.at)


def tell_owner(event: Event, now: datetime) -> None:
    """Customer's message, rejection or reopening → the owner is told."""
    case = _case(event)
    words = {
        "message.received": f"{event.actor_name} answered",
        "case.rejected": f"{event.actor_name} says it is not fixed",
        "case.reopened": f"{event.actor_name} reopened it",
    }[event.name]
    notices.tell([case.owner], case=case, event=event, kind=event.name, text=f"{case.reference}: {words}")


def tell_new_owner(event: Event, now: datetime) -> None:
    """case.assigned → the new owner is told."""
    case, owner_id = _case(event), event.payload.get("owner_id")
    owner = User.objects.filter(pk=owner_id).first() if owner_id else None
    text = f"{case.reference}: {event.actor_name} gave it to you"
    notices.tell([owner], case=case, event=event, kind="case.assigned", text=text)
