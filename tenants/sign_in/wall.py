"""Where a second factor is required, those without one reach their set-up pages and the way out, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from tenants.keys import MARK
from tenants.keys.bearer import bearer
from tenants.sign_in import factors

OPEN_PATHS = ("/accounts/", "/static/", "/healthz", "/readyz", "/api/v1/widget/")
WORDS = "Your account needs a second factor first. Set one up at {page}; programs use an API key."


class SecondFactorMiddleware:
    """Stands before the scope is opened: nobody behind the wall has an actor. API keys pass, they are no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.second_factor_missing = False  # type: ignore[attr-defined]
        # Only what is an API key or refused as a bad one; any other header leaves the session to speak.
        by_key = request.path.startswith("/api/") and bearer(request).startswith(MARK)
        if by_key or not factors.missing(request):
            return self.get_response(request)
        request.second_factor_missing = True  # type: ignore[attr-defined]
        if request.path.startswith(OPEN_PATHS):
            return self.get_response(request)
        return refusal(request)


def refusal(request: HttpRequest) -> HttpResponse:
    page = reverse("security")
    if request.path.startswith(("/api/", "/live/")):
        error = {"code": "second_factor_required", "detail": WORDS.format(page=page), "attr": None}
        return JsonResponse({"type": "client_error", "errors": [error]}, status=403)
    return HttpResponseClientRedirect(page) if request.headers.get("HX-Request") else HttpResponseRedirect(page)
