"""Sending a stored file: always as a download, never as a page of ours, and audited on its case."""

from __future__ import annotations

from django.http import FileResponse

from cases.models import Attachment, Evidence
from companyos.web.errors import NotFound
from tenants import audit


def download(stored: Attachment | Evidence | None) -> FileResponse:
    """The file as an attachment, its type unsniffed; raises NotFound for None. Needs the row's case loaded."""
    if stored is None:
        raise NotFound("not_found", "There is no such file.")
    audit.viewed(stored.case)
    response = FileResponse(stored.file.open("rb"), as_attachment=True, filename=stored.name)
    response["Content-Type"] = "application/octet-stream"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
