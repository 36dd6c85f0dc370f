"""HTTP helpers that know no domain."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from companyos.web.errors import DomainError


class DomainErrorMiddleware:
    """Renders a DomainError that no form caught: a page, or for htmx a message that the toast shows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        template = "components/domain_error.html" if getattr(request, "htmx", False) else "domain_error.html"
        return render(request, template, {"error": exception}, status=exception.status)
