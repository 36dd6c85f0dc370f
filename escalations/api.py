"""Incidents, and which cases belong to them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.endpoint import CaseEndpoint
from cases.inputs import LONGEST_REASON, Change
from cases.models import Case
from cases.serializers import VERSION_NOW
from companyos.web.errors import DomainError, NotFound
from companyos.web.idempotency import idempotent
from companyos.web.pagination import Sort, page
from escalations import incidents
from escalations.models import Incident, IncidentLink
from tenants import audit
from tenants.endpoint import Endpoint, PageFields, PageQuery
from tenants.serializers import Person

TAG = "Incidents"
NEWEST = Sort("started", "started_at", descending=True)
LINK_STATES = [IncidentLink.SUGGESTED, IncidentLink.LINKED, IncidentLink.DECLINED]


class IncidentRow(serializers.Serializer[Any]):
    reference = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=Incident.Severity.choices)
    status = serializers.ChoiceField(choices=Incident.Status.choices)
    commander = Person(allow_null=True)
    channel = serializers.CharField(help_text="Where it is worked on.")
    resources = serializers.ListField(source="resource_keys", child=serializers.CharField())
    started_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)


class IncidentPage(PageFields):
    results = IncidentRow(many=True)


class IncidentUpdateRow(serializers.Serializer[Any]):
    author = serializers.CharField()
    body = serializers.CharField()
    at = serializers.DateTimeField()


class CorrectiveActionRow(serializers.Serializer[Any]):
    title = serializers.CharField()
    owner = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)


class IncidentWhole(IncidentRow):
    summary = serializers.CharField()
    mitigation = serializers.CharField()
    updates = IncidentUpdateRow(many=True, source="updates.all")
    corrective_actions = CorrectiveActionRow(many=True, source="actions.all")


class IncidentQuery(PageQuery):
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Incident.Status.choices),
        required=False,
        max_length=10,
        help_text="Its status.",
    )


class LinkRow(serializers.Serializer[Any]):
    """A case and an incident: proposed by us with a reason, decided by a person."""

    incident = IncidentRow()
    state = serializers.ChoiceField(choices=LINK_STATES)
    reason = serializers.CharField()
    decided_by = serializers.CharField(help_text="Empty while it is a suggestion.")
    at = serializers.DateTimeField()


class LinkList(serializers.Serializer[Any]):
    results = LinkRow(many=True)


class DecidedLink(LinkRow):
    version = serializers.IntegerField(source="case.version", help_text=VERSION_NOW)


class Decision(Change):
    incident = serializers.CharField(max_length=20, help_text="The incident's reference.")
    state = serializers.ChoiceField(
        choices=[IncidentLink.LINKED, IncidentLink.DECLINED],
        default=IncidentLink.LINKED,
        help_text="Do they belong together?",
    )
    reason = serializers.CharField(max_length=LONGEST_REASON, default="", allow_blank=True)


class IncidentsEndpoint(Endpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="incidents",
        tags=[TAG],
        summary="Incidents, newest first",
        parameters=[IncidentQuery],
        responses=IncidentPage,
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(IncidentQuery)
        found, status = Incident.objects.select_related("commander"), asked.pop("status", None)
        if status:
            found = found.filter(status__in=status)
        one = page(found, NEWEST, **asked)
        audit.listed(one.items)
        rows = IncidentRow(one.items, many=True).data
        return Response({"results": rows, "next": one.next_cursor, "previous": one.previous_cursor})


class IncidentEndpoint(Endpoint):
    rights = {"GET": "case.read"}

    @extend_schema(operation_id="incident", tags=[TAG], summary="One incident", responses=IncidentWhole)
    def get(self, request: Request, reference: str) -> Response:
        found = incidents.get_incident(reference)
        audit.viewed(found)
        return Response(IncidentWhole(found).data)


class CaseIncidentsEndpoint(CaseEndpoint):
    rights = {"GET": "case.read", "POST": "incident.link"}

    @extend_schema(
        operation_id="case_incidents",
        tags=[TAG],
        summary="The incidents of a case, with suggestions",
        responses=LinkList,
    )
    def get(self, request: Request, reference: str) -> Response:
        links = IncidentLink.objects.filter(case=self.case(reference)).select_related("incident__commander")
        return Response(LinkList({"results": links.order_by("-at", "-id")}).data)

    @extend_schema(
        operation_id="link_incident",
        tags=[TAG],
        summary="Say that a case belongs to an incident, or that it doesn't",
        request=Decision,
        responses={201: DecidedLink},
    )
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(Decision)
        decide = incidents.link if told["state"] == IncidentLink.LINKED else incidents.decline
        about = {"actor": self.actor, "seen": told["version"], "reason": told["reason"], "now": timezone.now()}
        link = decide(case, _incident(told["incident"]), **about)
        link.case = Case.objects.only("version").get(pk=case.pk)
        return Response(DecidedLink(link).data, status=201)


def _incident(reference: str) -> Incident:
    try:
        return incidents.get_incident(reference)
    except NotFound as error:
        raise DomainError("unknown_incident", error.message, "incident") from error
