"""Macros, runbooks, and the runs of their diagnostics."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import diagnostics, inputs, macros, serializers
from cases.endpoint import CaseEndpoint
from cases.models import DiagnosticRun, Macro, Runbook
from companyos.web.errors import DomainError, NotFound
from companyos.web.idempotency import idempotent
from tenants.endpoint import Endpoint

TAG = "Knowledge"


class MacrosEndpoint(Endpoint):
    rights = {"GET": "case.read"}

    @extend_schema(operation_id="macros", tags=[TAG], summary="The canned responses", responses=serializers.MacroList)
    def get(self, request: Request) -> Response:
        found = Macro.objects.filter(active=True).select_related("runbook").order_by("title", "id")
        return Response(serializers.MacroList({"results": found}).data)


class FilledMacroEndpoint(CaseEndpoint):
    rights = {"GET": "case.reply"}

    @extend_schema(
        operation_id="case_macro",
        tags=[TAG],
        summary="A macro's text, filled with the case's data",
        responses=serializers.FilledMacro,
    )
    def get(self, request: Request, reference: str, key: str) -> Response:
        macro, text = macros.filled(self.case(reference), key, self.actor)
        shown = {"key": macro.key, "title": macro.title, "text": text, "asks": macro.asks}
        return Response(serializers.FilledMacro(shown).data)


class RunbooksEndpoint(Endpoint):
    rights = {"GET": "case.read"}

    @extend_schema(operation_id="runbooks", tags=[TAG], summary="The runbooks", responses=serializers.RunbookList)
    def get(self, request: Request) -> Response:
        return Response(serializers.RunbookList({"results": Runbook.objects.order_by("title", "id")}).data)


class RunbookEndpoint(Endpoint):
    rights = {"GET": "case.read"}

    @extend_schema(operation_id="runbook", tags=[TAG], summary="One runbook", responses=serializers.RunbookRow)
    def get(self, request: Request, key: str) -> Response:
        found = Runbook.objects.filter(key=key).first()
        if found is None:
            raise NotFound("not_found", f"There is no runbook {key[:50]}.")
        return Response(serializers.RunbookRow(found).data)


class DiagnosticsEndpoint(CaseEndpoint):
    rights = {"GET": "case.read", "POST": "case.diagnose"}

    @extend_schema(
        operation_id="case_diagnostics",
        tags=[TAG],
        summary="The runs of diagnostics, newest first, with progress and evidence",
        responses=serializers.RunList,
    )
    def get(self, request: Request, reference: str) -> Response:
        found = _runs().filter(case=self.case(reference)).order_by("-queued_at", "-id")
        return Response(serializers.RunList({"results": found}).data)

    @extend_schema(
        operation_id="diagnose",
        tags=[TAG],
        summary="Run a runbook's diagnostics; a worker takes it from here",
        request=inputs.NewRun,
        responses={201: serializers.StartedRun},
    )
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.NewRun)
        runbook = Runbook.objects.filter(key=told["runbook"]).first()
        if runbook is None:
            raise DomainError("unknown_runbook", f"There is no runbook {told['runbook']}.", "runbook")
        run = diagnostics.start(case, runbook, actor=self.actor, seen=told["version"], now=timezone.now())
        return Response(serializers.StartedRun(run).data, status=201)


class DiagnosticEndpoint(CaseEndpoint):
    rights = {"GET": "case.read"}

    @extend_schema(operation_id="case_diagnostic", tags=[TAG], summary="One run", responses=serializers.RunRow)
    def get(self, request: Request, reference: str, run_id: int) -> Response:
        case = self.case(reference)
        found = _runs().filter(case=case, pk=run_id).first()
        if found is None:
            raise NotFound("not_found", f"{case.reference} has no run {run_id}.")
        return Response(serializers.RunRow(found).data)


def _runs() -> QuerySet[DiagnosticRun]:
    return DiagnosticRun.objects.select_related("runbook").prefetch_related("evidence")
