"""Pause integrity: the figures, the pauses themselves, and both as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from companyos.web.csv_export import csv_response
from companyos.web.gate import console_view
from reporting import pauses as report
from tenants import audit
from tenants.models import Tenant, but_drills


@console_view(GET="report.read")
def pauses(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    asked = report.parse(request.GET, timezone.localdate())
    listed, one = report.listing(asked, now, request.GET.get("after"))
    audit.listed([row.case for row in one.items])
    context = {
        "asked": asked,
        "summary": report.summary(asked, now),
        "pauses": listed,
        "page": one,
        "kinds": report.KINDS,
        "tenants": Tenant.objects.filter(but_drills("")).only("slug", "name").order_by("name")[:500],
        "place": "reports",
    }
    return render(request, "reporting/pauses.html", context)


@console_view(GET="report.read")
def pauses_export(request: HttpRequest) -> HttpResponse:
    """The list as the filters have it, as CSV."""
    now = timezone.now()
    asked = report.parse(request.GET, timezone.localdate())
    tenant = Tenant.objects.filter(slug=asked.tenant).first() if asked.tenant else None
    audit.exported(
        "pauses", record=tenant, since=str(asked.since), until=str(asked.until), kind=asked.kind or "unanswered"
    )
    return csv_response(f"pauses-{asked.since}-{asked.until}.csv", report.HEADER, report.exported(asked, now))
