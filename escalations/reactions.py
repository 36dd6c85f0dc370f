"""What escalations do when something happened. Database only; each is called exactly once per event."""

from __future__ import annotations

from datetime import datetime

from cases.change import record
from cases.dials import METRIC_NAMES
from cases.forecast import scores
from cases.models import Case
from companyos.events.models import Event
from escalations import alerts, escalate, grants, incidents, notices
from escalations.alerts import Followed
from sla import ledger
from sla.models import Clock
from tenants.models import Grant, User
from tenants.reach import people_of


def _case(event: Event) -> Case:
    return Case.objects.select_related("tenant__escalation_lead", "owner").get(pk=event.subject_id)


def suggest_incidents(event: Event, now: datetime) -> None:
    """case.enriched → the open incidents on the same resources are proposed."""
    incidents.suggest(_case(event), now)


def alert_about_clock(event: Event, now: datetime) -> None:
    """clock.warned and clock.breached → an alert on the case, and what the alert rules say.

    A clock belongs to a set, a set to a case; a set without one (something else runs it) alerts nobody here. A clock
    that runs no more by now alerts nobody either: the case's timeline says so. The case is held meanwhile, so that no
    move of it comes between this look and what the rules do.
    """
    found = Case.objects.select_related("tenant__escalation_lead", "owner").filter(clock_set_id=event.subject_id)
    case = found.select_for_update(of=("self",)).first()
    if case is None:
        return
    metric = METRIC_NAMES.get(event.payload["metric"], event.payload["metric"])
    breached = event.name == "clock.breached"
    if breached:
        scores.forget(case, event.payload["metric"])
    happened = "breached its target" if breached else f"has used {event.payload['share']} % of its target"
    text = f"{case.reference}: {metric} {happened}"
    clock = Clock.objects.select_related("policy").get(pk=event.payload["clock"])
    followed = Followed()
    if clock.state == ledger.RUNNING:
        followed = alerts.follow(case, clock, event, text, "sla.breached" if breached else "sla.warned", now)
    payload = {key: event.payload.get(key) for key in ("clock", "metric", "cycle", "round", "share", "due_at")}
    payload |= {"breached": breached, "priority": clock.priority, "text": text, "runs": clock.state == ledger.RUNNING}
    record(case, "case.alerted", payload | followed.payload(), actor=alerts.ALERTS, now=event.at)


def tell_of_escalation(event: Event, now: datetime) -> None:
    """escalation.opened → the lead and the owner, whoever else the rule told."""
    case = _case(event)
    text = f"{case.reference} is escalated: {event.payload['text'].partition(': ')[2] or event.payload['text']}"
    people = [user for user in (case.owner, *notices.leads_of(case)) if user is not None]
    reach = people_of(case.tenant).filter(pk__in=[user.pk for user in people])
    notices.tell(reach, case=case, event=event, kind=event.name, text=text)


def end_escalations(event: Event, now: datetime) -> None:
    """case.resolved, case.closed and case.dismissed → nothing is left to escalate."""
    case = _case(event)
    ended = f"The case is {case.get_status_display().lower()}"
    escalate.close_all(case, actor=alerts.ALERTS, now=event.at, reason=ended)


def tell_owner(event: Event, now: datetime) -> None:
    """Customer's message, rejection, reopening or disputed wait → the owner is told."""
    case = _case(event)
    words = {
        "message.received": f"{event.actor_name} answered",
        "case.rejected": f"{event.actor_name} says it is not fixed",
        "case.reopened": f"{event.actor_name} reopened it",
        "case.wait_disputed": f"{event.actor_name} says that you are not waiting for them",
    }[event.name]
    notices.tell([case.owner], case=case, event=event, kind=event.name, text=f"{case.reference}: {words}")


def tell_new_owner(event: Event, now: datetime) -> None:
    """case.assigned → the new owner is told."""
    case, owner_id = _case(event), event.payload.get("owner_id")
    owner = User.objects.filter(pk=owner_id).first() if owner_id else None
    text = f"{case.reference}: {event.actor_name} gave it to you"
    notices.tell([owner], case=case, event=event, kind="case.assigned", text=text)


# ── Elevated access ──────────────────────────────────────────────────────────
def _grant(event: Event) -> Grant:
    return Grant.objects.select_related("tenant", "user").get(pk=event.payload["grant"])


def tell_deciders(event: Event, now: datetime) -> None:
    """grant.requested, grant.broken_glass and grant.unreviewed → whoever may decide about it, but its holder."""
    grant = _grant(event)
    words = {
        "grant.requested": f"{grant.user} asks for access to {grant.tenant.name}",
        "grant.broken_glass": f"{grant.user} broke the glass to {grant.tenant.name}; review it",
        "grant.unreviewed": f"{grant.user}'s breaking the glass to {grant.tenant.name} still waits for its review",
    }[event.name]
    people = grants.deciders(grant.tenant).exclude(pk=grant.user_id)
    text = f"{grant.subject_reference}: {words}"
    notices.tell(people, grant=grant, event=event, kind=event.name, text=text)


def tell_holder(event: Event, now: datetime) -> None:
    """A decision, a revocation or a review → the person whose access it is."""
    grant, by = _grant(event), event.actor_name
    words = {
        "grant.granted": f"{by} gave you access to {grant.tenant.name} for {grant.minutes} minutes",
        "grant.denied": f"{by} denied you access to {grant.tenant.name}",
        "grant.revoked": f"{by} revoked your access to {grant.tenant.name}",
        "grant.reviewed": f"{by} reviewed your breaking the glass to {grant.tenant.name}",
    }[event.name]
    text = f"{grant.subject_reference}: {words}"
    notices.tell([grant.user], grant=grant, event=event, kind=event.name, text=text)
