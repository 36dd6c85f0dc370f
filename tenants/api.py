"""Tenants, their requesters, and who asks."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from companyos.web.pagination import Sort, page
from tenants import audit, console
from tenants.endpoint import Endpoint, PageQuery
from tenants.models import Membership, Requester, Tenant
from tenants.serializers import (
    Me,
    RequesterPage,
    RequesterRow,
    TenantMaster,
    TenantPage,
    TenantRow,
    TenantState,
    TenantWhole,
)

NEWEST = Sort("newest", "created_at", descending=True)


class TenantQuery(PageQuery):
    q = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Part of the name or the slug."
    )


class RequesterQuery(PageQuery):
    q = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Part of the name, the e-mail address or the id."
    )


class TenantsEndpoint(Endpoint):
    rights = {"GET": "tenant.read"}

    @extend_schema(
        operation_id="tenants",
        tags=["Tenants"],
        summary="The tenants within your reach",
        parameters=[TenantQuery],
        responses=TenantPage,
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(TenantQuery)
        found, words = Tenant.objects.all(), asked.pop("q", "")
        if words:
            found = found.filter(Q(name__icontains=words) | Q(slug__icontains=words))
        one = page(found, NEWEST, **asked)
        audit.listed(one.items)
        rows = TenantRow(one.items, many=True).data
        return Response({"results": rows, "next": one.next_cursor, "previous": one.previous_cursor})


class TenantEndpoint(Endpoint):
    rights = {"GET": "tenant.read"}

    @extend_schema(
        operation_id="tenant",
        tags=["Tenants"],
        summary="One tenant: health, configuration, entitlements",
        description="The view is audited.",
        responses=TenantWhole,
    )
    def get(self, request: Request, slug: str) -> Response:
        tenant = console.get_tenant(slug, self.actor)
        seen = console.overview(tenant, timezone.now())
        return Response({**TenantMaster(tenant).data, **TenantState(seen).data})


class RequestersEndpoint(Endpoint):
    rights = {"GET": "tenant.read"}

    @extend_schema(
        operation_id="requesters",
        tags=["Tenants"],
        summary="A tenant's people who may open cases",
        parameters=[RequesterQuery],
        responses=RequesterPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = self.asked(RequesterQuery)
        tenant = console.get_tenant(slug, self.actor)
        found, words = Requester.objects.filter(tenant=tenant), asked.pop("q", "")
        if words:
            found = found.filter(Q(name__icontains=words) | Q(email__icontains=words) | Q(external_id__icontains=words))
        one = page(found, NEWEST, **asked)
        rows = RequesterRow(one.items, many=True).data
        return Response({"results": rows, "next": one.next_cursor, "previous": one.previous_cursor})


class MeEndpoint(Endpoint):
    rights = {"GET": "api.use"}

    @extend_schema(operation_id="me", tags=["Me"], summary="Who you are, and what your role may do", responses=Me)
    def get(self, request: Request) -> Response:
        actor, user = self.actor, request.user
        within = None
        if actor.tenant_ids is not None:
            within = list(Tenant.objects.order_by("slug").values_list("slug", flat=True))
        membership = Membership.objects.filter(user_id=actor.user_id).first()
        shown = {
            "id": user.pk,
            "name": actor.name,
            "email": user.email,
            "time_zone": user.time_zone,
            "role": actor.role,
            "permissions": sorted(actor.permissions),
            "tenants": within,
            "regions": membership.regions if membership else [],
            "segments": membership.segments if membership else [],
            "key": getattr(request._request, "api_key", None),
        }
        return Response(Me(shown).data)
