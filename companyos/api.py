"""The API's addresses, its schema and its documentation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.views import APIView


class Schema(SpectacularAPIView):
    """Public, and dear to make: throttled by address."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_scope = "api"


class Docs(SpectacularSwaggerSplitView):
    """Its script is a file of its own, as the content policy asks."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_scope = "api"
    url_name = "schema"


@extend_schema(exclude=True)
class Nowhere(APIView):
    """An address that is none answers in the API's one shape, not with a page."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        raise NotFound("There is no such address.")


urlpatterns = [
    path("v1/widget/", include("cases.widget_urls")),
    path("v1/", include("cases.api.urls")),
    path("v1/", include("escalations.api_urls")),
    path("v1/", include("tenants.api_urls")),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    re_path(r"", Nowhere.as_view()),
]
