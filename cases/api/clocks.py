"""Why a clock is due when it is."""

from __future__ import annotations

from datetime import UTC

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases.api.explanations import ClockExplanation, ExplanationQuery
from cases.endpoint import CaseEndpoint
from cases.explaining import words as why
from cases.explaining.reading import explained, find_clock


class ExplanationEndpoint(CaseEndpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="clock_explanation",
        tags=["Cases"],
        summary="Why a clock is due then: what used up its target, and what did not count",
        description="As it stood at `at`. Sentences are in UTC. The view is audited.",
        parameters=[ExplanationQuery],
        responses=ClockExplanation,
    )
    def get(self, request: Request, reference: str, clock_id: int) -> Response:
        asked = self.asked(ExplanationQuery)
        case = self.case(reference, content=False)
        told = explained(case, find_clock(case, clock_id), self.actor, asked.get("at"), timezone.now())
        return Response(ClockExplanation(told, context={"because": why.because(told, UTC)}).data)
