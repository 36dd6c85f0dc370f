"""Transitions and properties. Each is the creation of its noun and answers the case as it is then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from cases import inputs, lifecycle, properties, serializers
from cases.endpoint import CaseEndpoint
from cases.models import Case, Evidence
from companyos.web.errors import DomainError
from companyos.web.idempotency import idempotent

TAG = "Lifecycle"


def described(operation: str, form: type[Serializer[Any]], summary: str) -> Any:
    takes: dict[str, type[Serializer[Any]]] = {"application/json": form}
    if issubclass(form, inputs.WithFiles):
        takes["multipart/form-data"] = form
    return extend_schema(
        operation_id=operation, tags=[TAG], summary=summary, request=takes, responses={201: serializers.CaseWhole}
    )


class Deed(CaseEndpoint):
    def about(self, told: dict[str, Any]) -> dict[str, Any]:
        """What every verb asks for: who, when, and the version that they saw."""
        return {"actor": self.actor, "seen": told.pop("version"), "now": timezone.now()}


class AcceptancesEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["accept"].permission}

    @described("accept", inputs.Acceptance, "New → Triage: confirm the priority, name the owner")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Acceptance)
        told["owner"] = self.person(told["owner"], "owner")
        return self.changed(lifecycle.accept(case, **self.about(told), **told))


class StartsEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["start"].permission}

    @described("start", inputs.Reasoned, "Triage → In progress")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Reasoned)
        return self.changed(lifecycle.start(case, **self.about(told), **told))


class WaitsEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["wait"].permission}

    @described("wait", inputs.Wait, "→ Waiting on customer: ask them for something; the resolution clock stands still")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Wait)
        told["macro"] = self.macro(told["macro"])
        return self.changed(lifecycle.wait(case, **self.about(told), **told))


class ResumptionsEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["resume"].permission}

    @described("resume", inputs.Reasoned, "Waiting on customer → In progress")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Reasoned)
        return self.changed(lifecycle.resume(case, **self.about(told), **told))


class ResolutionsEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["resolve"].permission}

    @described("resolve", inputs.NewResolution, "→ Resolved: what was done, with evidence")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.NewResolution)
        told["evidence"] = _evidence(case, told["evidence"])
        about = self.about(told)
        return self.changed(lifecycle.resolve(case, lifecycle.Fix(**told), **about))


def _evidence(case: Case, ids: Sequence[UUID]) -> list[Evidence]:
    found = list(Evidence.objects.filter(case=case, uuid__in=ids))
    missing = set(ids) - {artefact.uuid for artefact in found}
    if missing:
        raise DomainError("unknown_evidence", f"{case.reference} has no evidence {min(missing)}.", "evidence")
    return found


class ClosuresEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["close"].permission}

    @described("close", inputs.Reasoned, "Resolved → Closed")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Reasoned)
        return self.changed(lifecycle.close(case, **self.about(told), **told))


class RejectionsEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["reject"].permission}

    @described("reject", inputs.Demanded, "Resolved → In progress: it is not fixed; the same clocks go on")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Demanded)
        return self.changed(lifecycle.reject(case, **self.about(told), **told))


class ReopeningsEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["reopen"].permission}

    @described("reopen", inputs.Demanded, "Closed → In progress: a new cycle of clocks with full targets")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Demanded)
        return self.changed(lifecycle.reopen(case, **self.about(told), **told))


class DismissalsEndpoint(Deed):
    rights = {"POST": lifecycle.MOVES["dismiss"].permission}

    @described("dismiss", inputs.Dismissal, "New or Triage → Closed, as spam or as a duplicate")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Dismissal)
        told["duplicate_of"] = _repeated(told["duplicate_of"])
        return self.changed(lifecycle.dismiss(case, **self.about(told), **told))


def _repeated(reference: str) -> Case | None:
    if not reference:
        return None
    found = Case.objects.filter(reference=reference.upper()).first()
    if found is None:
        raise DomainError("unknown_case", f"There is no case {reference}.", "duplicate_of")
    return found


class AssignmentsEndpoint(Deed):
    rights = {"POST": "case.assign"}

    @described("assign", inputs.Assignment, "Give the case to somebody")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.Assignment)
        owner = self.person(told["owner"], "owner") if told["owner"] is not None else None
        return self.changed(properties.assign(case, owner=owner, **self.about(told)))


class PrioritiesEndpoint(Deed):
    rights = {"POST": "case.prioritise"}

    @described("prioritise", inputs.NewPriority, "Change the priority, with a reason; the clocks are retargeted")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.NewPriority)
        return self.changed(properties.prioritise(case, **self.about(told), **told))


class TagsEndpoint(Deed):
    rights = {"POST": "case.note"}

    @described("tag", inputs.NewTags, "Replace the tags")
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.NewTags)
        return self.changed(properties.tag(case, **self.about(told), **told))
