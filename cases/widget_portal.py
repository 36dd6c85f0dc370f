"""The widget's link into the portal."""

from __future__ import annotations

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.widget_api import ORIGIN, TAG, WidgetView
from tenants.portal import visits


class PortalLink(serializers.Serializer):
    url = serializers.URLField(help_text="Opens once.")
    expires_at = serializers.DateTimeField(help_text="A minute from now.")


class PortalLinksView(WidgetView):
    rights = {"POST": "portal.use"}

    @extend_schema(
        operation_id="widget_open_portal",
        tags=[TAG],
        summary="A link that opens the portal once, within a minute",
        description="Not idempotent: each link ends the one before it.",
        parameters=[ORIGIN],
        request=None,
        responses={201: PortalLink},
    )
    def post(self, request: Request) -> Response:
        key, ends = visits.new_link(self.actor())
        url = request.build_absolute_uri(reverse("portal_enter", args=[key]))
        return Response(PortalLink({"url": url, "expires_at": ends}).data, status=201)
