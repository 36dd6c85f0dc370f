"""Reports: where the work stands now, and the backlogs that closures feed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from companyos.web.gate import console_view
from companyos.web.pagination import Sort, page
from reporting import overview
from reporting.models import Backlog, FeedbackItem
from tenants import audit

NEWEST = Sort("at", "at", descending=True)


@console_view(GET="report.read")
def reports(request: HttpRequest) -> HttpResponse:
    return render(request, "reporting/reports.html", {"overview": overview.read(timezone.now()), "place": "reports"})


@console_view(GET="report.read")
def backlog(request: HttpRequest, backlog: str) -> HttpResponse:
    """The items of one backlog, newest first."""
    if backlog not in Backlog.values:
        raise Http404
    rows = FeedbackItem.objects.filter(backlog=backlog).select_related("case", "tenant")
    one = page(rows, NEWEST, after=request.GET.get("after"))
    audit.listed(one.items)
    context = {
        "page": one,
        "backlog": Backlog(backlog),
        "backlogs": Backlog,
    }
    return render(request, "reporting/backlog.html", context | {"place": "reports"})
