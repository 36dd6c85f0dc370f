"""What browsers are told of every answer: what may run in it, what it may use, who may keep or frame it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

ADMIN = "/admin/"
# The widget's files and answers are for pages of other origins; all else is for our own.
FOR_OTHERS = ("/static/", "/api/v1/widget/", "/d/", "/live/")
ALWAYS = {
    "Permissions-Policy": ", ".join(
        f"{name}=()"
        for name in (
            "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid",
            "magnetometer", "microphone", "midi", "payment", "serial", "usb",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}  # fmt: skip


class HeadersMiddleware:
    """The outermost: also the answers of other middleware, refusals and redirects bear them.

    Nothing is kept by browser or proxy unless it says so itself (static files do). An API that is called without TLS
    is refused and not redirected, so that a client that sends its key in the clear is noticed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        in_the_clear = settings.SECURE_SSL_REDIRECT and request.path.startswith("/api/") and not request.is_secure()
        response = _refused() if in_the_clear else self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if not request.path.startswith(FOR_OTHERS):
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def _refused() -> HttpResponse:
    error = {"code": "tls_required", "detail": "Call the API by https:// and replace the key: it went in the clear."}
    return JsonResponse({"type": "client_error", "errors": [{**error, "attr": None}]}, status=403)


class ContentPolicyMiddleware(CSPMiddleware):
    """One strict policy for everything; the admin's libraries need two words more, and have them there alone."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts: Any = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN) and not report_only:
            parts.update = settings.ADMIN_CONTENT_SECURITY
        return parts
