"""The portal's entrance, its first page and its way out."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from companyos.web.csv_export import csv_response
from companyos.web.errors import DomainError
from tenants import actors, audit, isolation
from tenants.models import AuditEntry
from tenants.portal import history, visits
from tenants.portal.gate import COOKIE, PATH, portal_view


@require_safe
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """The link from the widget: opens the visit, and is worth nothing afterwards."""
    if request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return HttpResponse(status=204)  # a look ahead by the browser is not the customer's click
    try:
        requester, visit = visits.open_link(key)
    except DomainError as error:
        return render(request, "portal/closed.html", {"error": error}, status=403)
    with isolation.scope(actors.of_requester(requester)):
        audit.noted(AuditEntry.Kind.SIGN_IN, requester)
    response = redirect("portal")
    response.set_cookie(
        COOKIE, visit, max_age=visits.VISIT_LASTS, path="/", secure=settings.SECURE, httponly=True, samesite="Lax"
    )
    response["Referrer-Policy"] = "no-referrer"
    return response


@portal_view(GET="portal.use")
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html", {"place": "home"})


@portal_view(GET="access_history.read")
def access(request: HttpRequest) -> HttpResponse:
    """Who of the support side looked at the tenant's data."""
    asked, zone = history.parse(request.GET), request.requester.time_zone
    looks, one = history.history(asked, request.actor, zone, after=request.GET.get("after"))
    context = {"looks": looks, "page": one, "asked": asked, "kinds": history.KINDS, "place": "access"}
    return render(request, "portal/access.html", context)


@portal_view(GET="access_history.read")
def export(request: HttpRequest) -> HttpResponse:
    """The same rows as a file."""
    asked, requester = history.parse(request.GET), request.requester
    audit.exported("access history", record=requester.tenant)
    rows = history.exported(asked, request.actor, requester.time_zone)
    return csv_response(f"access-history-{requester.tenant.slug}.csv", history.HEADER, rows)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the visit here and everywhere this key is."""
    visits.end(request.COOKIES.get(COOKIE, ""))
    response = render(request, "portal/closed.html", {"left": True})
    response.delete_cookie(COOKIE, path="/")
    response["Content-Location"] = PATH
    return response
