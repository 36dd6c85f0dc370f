"""Downloads and diagnostic runs."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from cases import diagnostics as verbs
from cases import downloads
from cases.access import get_case
from cases.models import Attachment, DiagnosticRun, Evidence, Runbook
from cases.views.deeds import changed
from companyos.web.errors import DomainError
from companyos.web.gate import console_view, named


@console_view(POST="case.diagnose")
def diagnostics(request: HttpRequest, reference: str) -> HttpResponse:
    """Run a runbook's diagnostics: a worker takes it from here."""
    case = get_case(reference, request.actor, viewed=False)
    runbook = Runbook.objects.filter(key=named(request, "runbook")).first()
    if runbook is None:
        raise DomainError("unknown_runbook", "Choose a runbook.", "runbook")
    verbs.start(case, runbook, actor=request.actor, now=timezone.now())
    return changed(request, case, f"{runbook.title}: diagnostics are running.")


@console_view(GET="case.read")
def diagnostic(request: HttpRequest, reference: str, run_id: int) -> HttpResponse:
    """One run with its progress; without JavaScript, back to its row on the case."""
    case = get_case(reference, request.actor, viewed=False)
    runs = DiagnosticRun.objects.select_related("runbook").prefetch_related("evidence")
    run = get_object_or_404(runs, pk=run_id, case=case)
    return (
        render(request, "cases/_run.html", {"run": run, "case": case})
        if request.htmx
        else redirect("case", case.reference)
    )


@console_view(GET="case.read")
def attachment(request: HttpRequest, uuid: UUID) -> HttpResponse:
    stored = Attachment.objects.select_related("case").filter(uuid=uuid).first()
    return downloads.redirect(stored, request.actor)


@console_view(GET="case.read")
def evidence(request: HttpRequest, uuid: UUID) -> HttpResponse:
    stored = Evidence.objects.select_related("case").filter(uuid=uuid).first()
    return downloads.redirect(stored, request.actor)
