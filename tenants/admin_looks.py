"""Whoever looks at records in the admin leaves a row in the audit log, whatever the model."""

from __future__ import annotations

from collections.abc import Callable

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from tenants import audit


class AdminLooksMiddleware:
    """Behind the scope's middleware: the look is written in the same transaction as everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        if request.path.startswith("/admin/") and request.method in ("GET", "HEAD"):
            shown = response.context_data or {}
            one = shown.get("original") or shown.get("object")
            if isinstance(one, models.Model):
                audit.viewed(one)
            elif "cl" in shown:
                audit.listed(shown["cl"].result_list)
        return response
