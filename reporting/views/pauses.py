"""Pause integrity: the figures, the pauses themselves, and both as a file."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from companyos.web.csv_export import csv_response
from companyos.web.errors import DomainError
from companyos.web.gate import console_view
from reporting import pauses as report
from tenants import audit
from tenants.models import Tenant, but_drills

FILTERS = ("since", "until", "stale", "tenant", "kind", "agent")


@console_view(GET="report.read")
def pauses(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    try:
        asked = report.parse(request.GET, timezone.localdate())
    except DomainError as error:
        return _refused(request, error)
    listed, one = report.listing(asked, now, request.GET.get("after"))
    audit.listed([row.case for row in one.items])
    filled = {
        "since": asked.since.isoformat(),
        "until": asked.until.isoformat(),
        "stale": asked.stale_days,
        "tenant": asked.tenant,
        "kind": asked.kind,
        "agent": asked.agent,
    }
    context = {"summary": report.summary(asked, now), "pauses": listed, "page": one, **_form(filled)}
    return render(request, "reporting/pauses.html", context)


def _form(given: dict[str, Any]) -> dict[str, Any]:
    """The filters with what stands in them."""
    tenants = Tenant.objects.filter(but_drills("")).only("slug", "name").order_by("name")[:500]
    most = {"most_stale": report.MOST_STALE_DAYS}
    return {"given": given, "kinds": report.KINDS, "tenants": tenants, "place": "reports", **most}


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The filters as they were typed, with what is wrong; nothing is counted."""
    given = {name: request.GET.get(name, "") for name in FILTERS}
    return render(request, "reporting/pauses.html", _form(given) | {"error": error}, status=error.status)


@console_view(GET="report.read")
def pauses_export(request: HttpRequest) -> HttpResponse:
    """The list as the filters have it, as CSV."""
    now = timezone.now()
    try:
        asked = report.parse(request.GET, timezone.localdate())
    except DomainError as error:
        return _refused(request, error)
    tenant = Tenant.objects.filter(slug=asked.tenant).first() if asked.tenant else None
    audit.exported(
        "pauses", record=tenant, since=str(asked.since), until=str(asked.until), kind=asked.kind or "unanswered"
    )
    return csv_response(f"pauses-{asked.since}-{asked.until}.csv", report.HEADER, report.exported(asked, now))
