"""The queue: its page, its rows alone, the views with their counts, the palette's answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from cases import queue
from cases.models import Case
from companyos.web.gate import console_view
from tenants.models import Tenant, User, but_drills


@console_view(GET="case.read")
def inbox(request: HttpRequest) -> HttpResponse:
    """The queue; a search for one whole reference goes straight to that case."""
    query = queue.parse(request.GET)
    if query.text and Case.objects.filter(reference=query.text.upper()).exists():
        return redirect("case", query.text.upper())
    listing = queue.listing(query, request.actor, timezone.now())
    template = "cases/_queue.html" if request.htmx else "cases/queue.html"
    return render(request, template, {"listing": listing, "query": query, "place": "cases", **_choices(request)})


def _choices(request: HttpRequest) -> dict[str, object]:
    if request.htmx:
        return {}
    owners = User.objects.filter(is_active=True, groups__isnull=False).distinct().order_by("first_name", "email")
    tenants = Tenant.objects.filter(but_drills("")).order_by("name")
    return {"tenant_choices": tenants[:100], "owner_choices": owners[:200]}


@console_view(GET="case.read")
def views(request: HttpRequest) -> HttpResponse:
    """The views with their counts, asked for again when a case changed."""
    return render(request, "cases/_views.html")


@console_view(GET="case.read")
def palette(request: HttpRequest) -> HttpResponse:
    """Cases for the palette: eight at most."""
    query = queue.Query(view=None, text=request.GET.get("q", "").replace("\x00", "").strip()[:200], sort="activity")
    found = (
        queue.rows(query, request.actor, timezone.now()).select_related("tenant") if query.text else Case.objects.none()
    )
    return render(request, "cases/_palette.html", {"cases": found.order_by("-last_activity_at")[:8]})
