"""The list, a new case, one case, and what can be read of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import access, inputs, intake, queue, serializers, timeline
from cases.endpoint import CaseEndpoint
from cases.models import Case, Evidence
from companyos.web.errors import DomainError
from companyos.web.idempotency import idempotent
from companyos.web.pagination import page
from sla import clocks
from tenants import audit, restriction
from tenants.models import Requester, Resource, Tenant

TAG = "Cases"


class CasesEndpoint(CaseEndpoint):
    rights = {"GET": "case.read", "POST": "case.open"}

    @extend_schema(
        operation_id="cases",
        tags=[TAG],
        summary="The cases within your reach",
        description="Repeat a parameter to allow several values. An unknown value or parameter is refused.",
        parameters=[inputs.CaseQuery],
        responses=serializers.CasePage,
    )
    def get(self, request: Request) -> Response:
        asked, now = self.asked(inputs.CaseQuery), timezone.now()
        found = self._rows(asked).select_related("tenant", "owner", "requester")
        found = found.defer("context", "enrichment", "search", "waiting_reason")
        where = {name: asked.get(name) for name in ("after", "before", "size")}
        one = page(found, queue.order(inputs.SORTS[asked["sort"]]), **where)
        readings = clocks.readings([case.clock_set_id for case in one.items], now) if one.items else {}
        audit.listed(one.items)
        rows = serializers.CaseRow(one.items, many=True, context={"readings": readings}).data
        return Response({"results": rows, "next": one.next_cursor, "previous": one.previous_cursor})

    @extend_schema(
        operation_id="open_case",
        tags=[TAG],
        summary="A new case, on behalf of a requester",
        request={"application/json": inputs.NewCase, "multipart/form-data": inputs.NewCase},
        responses={201: serializers.CaseWhole},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        told = self.read(inputs.NewCase)
        requester = _requester(told.pop("tenant"), told.pop("requester"))
        restriction.require_content(self.actor, requester.tenant)
        if told["resource"] and not Resource.objects.filter(tenant=requester.tenant, key=told["resource"]).exists():
            raise DomainError("unknown_resource", f"{requester.tenant} has no resource {told['resource']}.", "resource")
        channel, files = told.pop("channel"), told.pop("files")
        case = intake.open_case(
            intake.Report(**told),
            requester=requester,
            actor=self.actor,
            now=timezone.now(),
            channel=channel,
            files=files,
        )
        return self.changed(case)

    def _rows(self, asked: dict[str, Any]) -> QuerySet[Case]:
        tenants, owners = tuple(asked.get("tenant", ())), asked.get("owner", ())
        _refuse_unknown_tenants(tenants)
        query = queue.Query(
            view=asked.get("view"),
            statuses=tuple(asked.get("status", ())),
            priorities=tuple(asked.get("priority", ())),
            tenants=tenants,
            owners=tuple(who if who == "none" else str(self.person(who, "owner").pk) for who in owners),
            text=asked.get("q", ""),
        )
        conditions = {
            "severity__in": asked.get("severity"),
            "channel__in": asked.get("channel"),
            "requester__external_id__in": asked.get("requester"),
            "tags__overlap": asked.get("tag"),
            "incident_reference__in": asked.get("incident"),
            "opened_at__gte": asked.get("opened_after"),
            "opened_at__lt": asked.get("opened_before"),
            "next_due_at__lt": asked.get("due_before"),
        }
        given = {name: value for name, value in conditions.items() if value}
        return queue.rows(query, self.actor, timezone.now()).filter(**given)


def _refuse_unknown_tenants(slugs: tuple[str, ...]) -> None:
    """A tenant out of reach is as unknown as none."""
    known = set(Tenant.objects.filter(slug__in=slugs).values_list("slug", flat=True)) if slugs else set()
    for slug in slugs:
        if slug not in known:
            raise DomainError("unknown_tenant", f"There is no tenant {slug}.", "tenant")


def _requester(tenant: str, external_id: str) -> Requester:
    _refuse_unknown_tenants((tenant,))
    found = Requester.objects.select_related("tenant").filter(tenant__slug=tenant, external_id=external_id).first()
    if found is None:
        raise DomainError("unknown_requester", f"{tenant} has no requester {external_id}.", "requester")
    return found


class WholeCaseEndpoint(CaseEndpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="case",
        tags=[TAG],
        summary="One case",
        description="The view is audited.",
        responses=serializers.CaseWhole,
    )
    def get(self, request: Request, reference: str) -> Response:
        return Response(self.whole(self.case(reference)))


class ClocksEndpoint(CaseEndpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="case_clocks",
        tags=[TAG],
        summary="Its SLA clocks, oldest cycle first",
        responses=serializers.ClockList,
    )
    def get(self, request: Request, reference: str) -> Response:
        case = self.case(reference, content=False)
        readings = clocks.readings([case.clock_set_id], timezone.now())[case.clock_set_id]
        return Response(serializers.ClockList({"results": readings}).data)


class TimelineEndpoint(CaseEndpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="case_timeline",
        tags=[TAG],
        summary="What happened: messages, notes, transitions, automation",
        parameters=[inputs.TimelineQuery],
        responses=serializers.Timeline,
    )
    def get(self, request: Request, reference: str) -> Response:
        asked = self.asked(inputs.TimelineQuery)
        case = self.case(reference)
        found = timeline.entries(case, asked.get("kind", ""), asked["limit"])
        timeline.mark_locked(found, access.locked_files(case, self.actor))
        return Response(serializers.Timeline({"results": found}).data)


class EvidenceEndpoint(CaseEndpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="case_evidence",
        tags=[TAG],
        summary="Its evidence, newest first",
        responses=serializers.EvidenceList,
    )
    def get(self, request: Request, reference: str) -> Response:
        found = Evidence.objects.filter(case=self.case(reference)).order_by("-at", "-id")
        return Response(serializers.EvidenceList({"results": found}).data)
