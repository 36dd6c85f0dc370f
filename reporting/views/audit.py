"""The auditor's console: the trail, its way out of the house, and its proof."""

from __future__ import annotations

import json
import re
from tempfile import SpooledTemporaryFile

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from companyos.web.csv_export import IN_MEMORY, csv_response
from companyos.web.gate import console_view
from reporting import audit_trail
from tenants import audit
from tenants.audit import proving
from tenants.models import AuditEntry, Tenant
from tenants.reauthentication import reauthenticated

REFERENCE = re.compile(r"[A-Z][A-Z0-9]{1,7}-\d{1,10}")


@console_view(GET="audit.read")
def trail(request: HttpRequest) -> HttpResponse:
    """Search; with a case it is that case's whole history of changes and looks."""
    asked = audit_trail.parse(request.GET)
    entries, one = audit_trail.trail(asked, after=request.GET.get("after"))
    audit.noted(AuditEntry.Kind.LIST, None, {"what": "the audit trail", "rows": len(entries), "asked": asked.given})
    context = {
        "entries": entries,
        "page": one,
        "asked": asked,
        "kinds": AuditEntry.Kind.choices,
        "tenants": audit_trail.tenants(),
        "standing": audit_trail.standing(),
        "most": audit_trail.MOST_EXPORTED,
        "leads_to": _page_of(asked.case),
        "place": "audit",
    }
    return render(request, "reporting/audit.html", context)


def _page_of(reference: str) -> str:
    """Of a case or an incident; '' for what is spelt like neither."""
    if not REFERENCE.fullmatch(reference):
        return ""
    return reverse("incident" if reference.startswith("INC-") else "case", args=[reference])


@console_view(POST="audit.export")
@reauthenticated("export the audit trail")
def exports(request: HttpRequest) -> HttpResponse:
    """The rows asked for as a file: CSV for people, JSON lines for programs."""
    asked, form = audit_trail.parse(request.POST), "jsonl" if request.POST.get("form") == "jsonl" else "csv"
    tenant = Tenant.objects.filter(slug=asked.tenant).first() if asked.tenant else None
    audit.exported("the audit trail", record=tenant, form=form, asked=asked.given)
    rows = audit_trail.exported(asked)
    name = f"audit-{timezone.localtime():%Y%m%d-%H%M}.{form}"
    if form == "csv":
        return csv_response(name, audit_trail.HEADER, (tuple(_cell(value) for value in row.values()) for row in rows))
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with the response
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/x-ndjson")


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) and value else value or ""


@console_view(GET="audit.read", POST="audit.read")
def proofs(request: HttpRequest) -> HttpResponse:
    """How the chain stands; POST has the worker verify it now."""
    if request.method == "POST":
        proving.ask(request.actor, timezone.now())
        if not request.htmx:
            messages.success(request, "The worker verifies the log; the result stands on top of this page.")
            return redirect("audit")
    if request.method == "GET" and not request.htmx:
        return redirect("audit")
    return render(request, "reporting/_standing.html", {"standing": audit_trail.standing()})
