"""The escalations of a case by the API, and acknowledging one."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.endpoint import CaseEndpoint
from companyos.web.idempotency import idempotent
from escalations import escalate
from escalations.models import Escalation
from tenants.serializers import Person

TAG = "Escalations"
MOST = 200


class EscalationRow(serializers.Serializer[Any]):
    """A call for help on a case: by a rule at a clock's share (100: the breach), or by hand."""

    id = serializers.IntegerField()
    case = serializers.CharField(source="case.reference")
    state = serializers.ChoiceField(choices=Escalation.State.choices)
    text = serializers.CharField()
    metric = serializers.CharField(help_text="The clock's; empty for a call by hand.")
    share = serializers.IntegerField(help_text="Per cent of the clock's target.")
    opened_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = Person(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField(help_text="Empty while it is not closed.")


class EscalationList(serializers.Serializer[Any]):
    results = EscalationRow(many=True)


class Acknowledgement(serializers.Serializer[Any]):
    """Nothing to say."""


class CaseEscalationsEndpoint(CaseEndpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="case_escalations",
        tags=[TAG],
        summary="The escalations of a case, newest first",
        responses=EscalationList,
    )
    def get(self, request: Request, reference: str) -> Response:
        found = Escalation.objects.filter(case=self.case(reference)).select_related("case", "acknowledged_by")
        return Response(EscalationList({"results": found.order_by("-opened_at", "-id")[:MOST]}).data)


class AcknowledgementsEndpoint(CaseEndpoint):
    rights = {"POST": "escalation.acknowledge"}

    @extend_schema(
        operation_id="acknowledge_escalation",
        tags=[TAG],
        summary="Take an escalation; the answer tells who was first",
        request=Acknowledgement,
        responses={201: EscalationRow},
    )
    @idempotent()
    def post(self, request: Request, escalation_id: int) -> Response:
        found = escalate.get_escalation(escalation_id)
        taken = escalate.acknowledge(found, actor=self.actor, now=timezone.now())
        return Response(EscalationRow(taken).data, status=201)

    def replayed(self, body: dict[str, Any], reference: str = "", **about: Any) -> None:
        """A remembered answer names the case, so it goes out only while the case itself would."""
        self.case(str(body["case"]))
