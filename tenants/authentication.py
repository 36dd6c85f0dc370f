"""DRF's view of who asks: the scope middleware settled it, these classes report it and refuse bad credentials."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer cos_…`"""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http = request._request
        error = getattr(http, "identity_error", None)
        if error is not None:
            raise exceptions.AuthenticationFailed(detail=error.message, code=error.code)
        user = getattr(http, "api_user", None)
        return (user, "api-key") if user is not None else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class WidgetTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token signed by the host product>`; request.user is the Actor."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http = request._request
        error = getattr(http, "identity_error", None)
        if error is not None:
            raise exceptions.AuthenticationFailed(detail=error.message, code=error.code)
        actor = getattr(http, "actor", None)
        return (actor, "widget-token") if actor is not None and actor.kind == "requester" else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="widget"'


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        words = "An API key: one's own, made in the profile, or a service account's. Its scopes narrow what it may."
        return {"type": "http", "scheme": "bearer", "description": words}


class WidgetTokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.authentication.WidgetTokenAuthentication"
    name = "widgetToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A short-lived HS256 token signed by the host product with the tenant's secret.",
        }
