"""Drills: the list with its button, and one drill's way through the escalation path."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from cases.dials import METRIC_NAMES
from cases.models.case import Priority
from companyos.web.errors import DomainError
from companyos.web.gate import console_view, named
from companyos.web.pagination import Sort, page
from escalations import drills as verbs
from escalations.drill_hops import METRIC
from escalations.models import Drill
from tenants import audit

NEWEST = Sort("started", "started_at", descending=True)
PAGE_SIZE = 30


@console_view(GET="policy.read", POST="drill.run")
def drills(request: HttpRequest) -> HttpResponse:
    """POST starts one, once the person has confirmed that people and channels will really hear of it."""
    if request.method == "POST":
        try:
            return redirect("drill", _start(request).pk)
        except DomainError as error:
            return render(request, "escalations/drills.html", _context(request, error), status=error.status)
    return render(request, "escalations/drills.html", _context(request))


def _start(request: HttpRequest) -> Drill:
    if not request.POST.get("confirmed"):
        raise DomainError("required", "Confirm that people and channels will really be told.", "confirmed")
    asked = {
        "policy_key": named(request, "policy"),
        "metric": named(request, "metric") or METRIC,
        "priority": named(request, "priority") or "P0",
    }
    return verbs.start(request.actor, timezone.now(), **asked)


def _context(request: HttpRequest, error: DomainError | None = None) -> dict[str, Any]:
    one = page(Drill.objects.select_related("asked_by"), NEWEST, after=request.GET.get("after"), size=PAGE_SIZE)
    audit.listed(one.items)
    return {
        "page": one,
        "running": Drill.objects.filter(state=Drill.State.RUNNING).first(),
        "policies": verbs.testable(timezone.now()) if request.actor.can("drill.run") else [],
        "metrics": METRIC_NAMES,
        "priorities": Priority.choices,
        "chosen": {
            "policy": named(request, "policy"),
            "metric": named(request, "metric") or METRIC,
            "priority": named(request, "priority"),
        },
        "limit": int(verbs.LIMIT.total_seconds()),
        "error": error,
        "place": "service-levels",
        "tab": "drills",
    }


@console_view(GET="policy.read")
def drill(request: HttpRequest, drill_id: int) -> HttpResponse:
    """The page; asked for by its own script while the drill runs, only what changes."""
    found = verbs.get_drill(drill_id)
    context = {"drill": found, "hops": [_shown(hop) for hop in found.hops], "place": "service-levels", "tab": "drills"}
    if request.htmx:
        return render(request, "escalations/_drill.html", context)
    audit.viewed(found)
    return render(request, "escalations/drill.html", context)


def _shown(hop: dict[str, Any]) -> dict[str, Any]:
    took = hop.get("took_ms")
    return hop | {
        "moment": parse_datetime(hop["at"]) if hop.get("at") else None,
        "took": None if took is None else timedelta(milliseconds=took).total_seconds(),
    }
