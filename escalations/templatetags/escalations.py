"""What escalations put into the pages of cases."""

from __future__ import annotations

from typing import Any

from django import template

from cases.models import Case
from escalations import notices
from escalations.models import Incident, IncidentLink

register = template.Library()


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
