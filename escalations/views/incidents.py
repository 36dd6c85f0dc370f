"""Incidents, their links to cases, and one's own notices."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from cases.access import get_case
from cases.views.deeds import changed
from companyos.web.gate import console_view, named
from companyos.web.pagination import Sort, page
from escalations import incidents as verbs
from escalations import notices as inbox
from escalations.models import Incident, IncidentLink, Notice
from tenants import audit

NEWEST = Sort("started", "started_at", descending=True)
NEWEST_NOTICE = Sort("at", "at", descending=True)


@console_view(GET="case.read")
def incidents(request: HttpRequest) -> HttpResponse:
    linked = Count("links", filter=Q(links__state=IncidentLink.LINKED))
    rows = Incident.objects.select_related("commander").annotate(case_count=linked)
    context = {"page": page(rows, NEWEST, after=request.GET.get("after")), "place": "incidents"}
    return render(request, "escalations/incidents.html", context)


@console_view(GET="case.read")
def incident(request: HttpRequest, reference: str) -> HttpResponse:
    """One incident: its timeline, corrective actions, and the linked cases within the viewer's reach."""
    found = verbs.get_incident(reference)
    links = found.links.select_related("case__tenant", "case__owner").exclude(state=IncidentLink.DECLINED)
    links = list(links.order_by("state", "-at")[:100])
    audit.viewed(found)
    audit.listed([link.case for link in links])
    context = {"incident": found, "links": links, "place": "incidents"}
    return render(request, "escalations/incident.html", context)


@console_view(POST="incident.link")
def links(request: HttpRequest, reference: str) -> HttpResponse:
    """Link a case to an incident, or decline the suggestion."""
    case = get_case(reference, request.actor, viewed=False)
    found = verbs.get_incident(named(request, "incident"))
    decided = verbs.decline if request.POST.get("decision") == "decline" else verbs.link
    decided(case, found, actor=request.actor, now=timezone.now(), reason=named(request, "reason"))
    words = f"{found.reference} declined." if decided is verbs.decline else f"Linked to {found.reference}."
    return changed(request, case, words)


@console_view(GET="console.use", POST="console.use")
def notices(request: HttpRequest) -> HttpResponse:
    """One's own notices; POST marks one (`id`) or all of them read."""
    if request.method == "POST":
        ids = [int(value) for value in request.POST.getlist("id") if value.isdecimal() and len(value) < 18] or None
        inbox.mark_read(request.user, timezone.now(), ids)
        messages.success(request, "Marked as read.")
        return redirect("notices")
    rows = Notice.objects.filter(user=request.user).select_related("case__tenant", "grant__tenant")
    context = {"page": page(rows, NEWEST_NOTICE, after=request.GET.get("after")), "place": "notices"}
    return render(request, "escalations/notices.html", context)
