"""What each tab of the context column shows. Each in a handful of queries, asked for only when the tab is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from cases import macros as macro_rules
from cases.access import locked_files
from cases.models import Case, DiagnosticRun, Evidence, Macro, Resolution, Runbook, Survey
from tenants import console
from tenants.models import AuditEntry

MOST = 50


def macros(case: Case) -> dict[str, Any]:
    """The macros that fit the case, with what they matched, then the others."""
    active = list(Macro.objects.filter(active=True).order_by("topic", "title"))
    first = case.messages.order_by("at", "id").values_list("body", flat=True).first() or ""
    suggested = macro_rules.suggest(case, active, first)
    named = {macro.pk for macro, _ in suggested}
    return {"suggested": suggested, "others": [macro for macro in active if macro.pk not in named]}


def case_tab(request: HttpRequest, case: Case) -> dict[str, Any]:
    return {
        "locked_evidence": locked_files(case, request.actor).evidence,
        "affected": case.affected.select_related("resource", "snapshot").order_by("id"),
        "evidence": Evidence.objects.filter(case=case).order_by("-at")[:MOST],
        "resolution": Resolution.objects.filter(case=case).order_by("-at").first(),
        "surveys": Survey.objects.filter(case=case).order_by("-at")[:5],
    }


def tenant_tab(request: HttpRequest, case: Case) -> dict[str, Any]:
    return {"view": console.overview(case.tenant, timezone.now())}


def incidents_tab(request: HttpRequest, case: Case) -> dict[str, Any]:
    """Nothing of its own: the panel is escalations', put in by its template tag."""
    return {}


def access_tab(request: HttpRequest, case: Case) -> dict[str, Any]:
    """Nothing of its own either."""
    return {}


def runbooks_tab(request: HttpRequest, case: Case) -> dict[str, Any]:
    runs = DiagnosticRun.objects.filter(case=case).select_related("runbook").prefetch_related("evidence")
    affected = set(case.affected.values_list("resource__key", flat=True))
    topics = {macro.topic for macro, _ in macros(case)["suggested"]}
    runbooks = list(Runbook.objects.order_by("title"))
    fitting = [book for book in runbooks if book.resource_key in affected or book.topic in topics]
    return {
        "runs": runs.order_by("-queued_at")[:10],
        "fitting": fitting,
        "others": [book for book in runbooks if book not in fitting],
    }


def related_tab(request: HttpRequest, case: Case) -> dict[str, Any]:
    same = Case.objects.filter(requester_id=case.requester_id).exclude(pk=case.pk)
    return {
        "past": case.enrichment.get("past_cases", []),
        "same_requester": same.order_by("-last_activity_at")[:10],
        "duplicates": case.duplicates.order_by("-opened_at")[:10],
    }


def audit_tab(request: HttpRequest, case: Case) -> dict[str, Any]:
    rows = AuditEntry.objects.filter(case_reference=case.reference).select_related("content_type")
    return {"audit": rows.order_by("-timestamp", "-id")[:MOST]}


TABS: dict[str, Callable[[HttpRequest, Case], dict[str, Any]]] = {
    "case": case_tab,
    "tenant": tenant_tab,
    "incidents": incidents_tab,
    "runbooks": runbooks_tab,
    "related": related_tab,
    "audit": audit_tab,
    "access": access_tab,
}
