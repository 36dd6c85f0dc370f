"""What escalations put into the pages of cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils import timezone

from cases.models import Case
from escalations import drills, forms, grant_lists, notices
from escalations.alerts import wants_email
from escalations.models import Escalation, Incident, IncidentLink
from tenants.models import Grant, Tenant

register = template.Library()
TESTED_FOR = timedelta(days=31)


@register.inclusion_tag("escalations/_panel.html", takes_context=True)
def incident_panel(context: template.Context, case: Case) -> dict[str, Any]:
    """The incidents of a case: linked, suggested with the reason, and the open ones to choose from."""
    links = list(IncidentLink.objects.filter(case=case).select_related("incident__commander").order_by("at"))
    named = {link.incident_id for link in links if link.state != IncidentLink.DECLINED}
    open_ones = Incident.objects.exclude(status=Incident.Status.RESOLVED).exclude(pk__in=named).order_by("-started_at")
    return {
        "case": case,
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
        "may_link": context["request"].actor.can("incident.link"),
        "linked": [link for link in links if link.state == IncidentLink.LINKED],
        "suggested": [link for link in links if link.state == IncidentLink.SUGGESTED],
        "open_ones": open_ones[:20],
    }


@register.simple_tag(takes_context=True)
def unread_notices(context: template.Context) -> int:
    return notices.unread_count(context["request"].user)


# ── Escalations ──────────────────────────────────────────────────────────────
@register.inclusion_tag("escalations/_called.html", takes_context=True)
def escalation_banner(context: template.Context, case: Case) -> dict[str, Any]:
    """The escalations of the case that are not closed, with the way to take one."""
    found = Escalation.objects.filter(case=case).exclude(state=Escalation.State.CLOSED)
    return _shared(context) | {
        "case": case,
        "called": found.select_related("acknowledged_by").order_by("opened_at")[:5],
    }


@register.inclusion_tag("escalations/_preference.html", takes_context=True)
def alert_preference(context: template.Context) -> dict[str, Any]:
    """One's own wish to be written to."""
    return _shared(context) | {"by_email": wants_email(context["request"].user)}


# ── Elevated access ──────────────────────────────────────────────────────────
@register.inclusion_tag("escalations/_gate.html", takes_context=True)
def access_gate(context: template.Context, case: Case) -> dict[str, Any]:
    """In place of what a restricted case keeps closed: how to ask for it, or what became of having asked."""
    actor = context["request"].actor
    mine = grant_lists.of_case(case).filter(user_id=actor.user_id)
    last = mine.first()
    return _shared(context) | {
        "case": case,
        "pending": mine.filter(state=Grant.State.REQUESTED).first(),
        "last": last if last and last.state == Grant.State.DENIED else None,
        "ask": forms.RequestForm() if actor.can("grant.request") else None,
        "glass": forms.BreakGlassForm(auto_id="glass_%s") if actor.can("grant.break_glass") else None,
    }


@register.inclusion_tag("escalations/_access.html", takes_context=True)
def access_panel(context: template.Context, case: Case) -> dict[str, Any]:
    """Who may see the case's content now, who asked, and what became of it."""
    actor = context["request"].actor
    found: list[Any] = list(grant_lists.of_case(case)[:50]) if actor.can("grant.read") else []
    return _shared(context) | {
        "case": case,
        "waiting": [one for one in found if one.standing == "requested"],
        "open_now": [one for one in found if one.standing == "open"],
        "past": [one for one in found if one.standing not in ("requested", "open")],
        "may_give": actor.can("grant.approve"),
        "may_ask": actor.can("grant.request")
        and actor.reads_content(case.tenant_id, case.pk)  # else the gate asks already
        and not actor.reads_files(case.tenant_id, case.pk),
    }


@register.inclusion_tag("escalations/_access_banner.html", takes_context=True)
def access_banner(context: template.Context, tenant: Tenant, case: Case | None = None) -> dict[str, Any]:
    """That one looks at this under a grant, why, and until when; nothing for whoever needs none."""
    grant_id = context["request"].actor.grant_for(tenant.pk, case.pk if case else None)
    return _shared(context) | {"grant": grant_lists.shown().filter(pk=grant_id).first() if grant_id else None}


@register.inclusion_tag("escalations/_incident_access.html", takes_context=True)
def incident_access(context: template.Context, incident: Incident) -> dict[str, Any]:
    """The access that was asked for because of an incident, and asking for more of it."""
    actor = context["request"].actor
    restricted = Tenant.objects.filter(pk__in=actor.sealed_files).order_by("name")
    return _shared(context) | {
        "incident": incident,
        "grants": grant_lists.of_incident(incident)[:20] if actor.can("grant.read") else [],
        "tenants": restricted if actor.can("grant.request") else [],
    }


def _shared(context: template.Context) -> dict[str, Any]:
    request = context["request"]
    return {"request": request, "actor": request.actor, "csrf_token": context.get("csrf_token")}


# ── Drills ───────────────────────────────────────────────────────────────────
@register.inclusion_tag("escalations/_last_drill.html")
def last_drill() -> dict[str, Any]:
    """Whether the escalation paths are tested, and since when; a test of long ago tells little."""
    found = drills.last()
    return {"drill": found, "stale": found is not None and timezone.now() - found.started_at > TESTED_FOR}
