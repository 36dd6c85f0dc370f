"""Schemathesis against the live schema: whatever is sent, no 5xx and no answer that the schema doesn't tell of.

The real application in this process, over the real database, with an agent's API key and with a customer's token.
What is sent is derived from a fixed seed. Half of it goes to a case that is there, with its present version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.files.storage import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import close_old_connections
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.throttling import ScopedRateThrottle
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from cases.models import Attachment, Case, Evidence
from companyos.wsgi import application
from escalations.models import Incident
from tests.api.conftest import Hand, bring, evidence_of, version_of, with_key, with_token

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    missing_required_header,
    unsupported_method,
    ignored_auth,
]
SETTINGS = {
    "seed": 20260310,
    "generation": {"max-examples": 6, "deterministic": True, "no-shrink": True, "database": "none"},
    "phases": {
        "coverage": {"enabled": True, "unexpected-methods": ["PUT", "TRACE"]},
        "fuzzing": {"enabled": True},
        "examples": {"enabled": False},
    },
    "suppress-health-check": ["all"],
    "warnings": False,
}

# Of an operation with more requests than this only every eighth is sent on: the whole stays within a minute.
MANY = 20
# What a body names that is there.
NAMED = {
    "tenant": "acme",
    "requester": "u-ada",
    "resource": "ingest",
    "owner": "me",
    "macro": "delays",
    "runbook": "ingestion",
    "incident": "INC-204",
    "evidence": [],
    "evidence_links": ["https://traces.example/1"],
}
# The status from which a deed can be done.
FROM = {
    "starts": "triage",
    "waits": "in_progress",
    "resumptions": "waiting",
    "resolutions": "in_progress",
    "rejections": "resolved",
    "closures": "resolved",
    "reopenings": "closed",
}


@dataclass
class Side:
    """Who asks, and what is there: by the end of an address ("evidence/{uuid}/") or anywhere ("reference")."""

    hand: Hand
    case: Case
    known: dict[str, Any]
    sent: int = 0

    def sends(self, request: schemathesis.Case) -> bool:
        """Whether it is this request's turn. Two of three are turned towards what is there, at its present version."""
        self.sent += 1
        if self.sent > MANY and self.sent % 8:
            return False
        if self.sent % 3:
            self._aim(request)
        return True

    def _aim(self, request: schemathesis.Case) -> None:
        for name in request.path_parameters or {}:
            ends = [value for end, value in self.known.items() if request.path.endswith(end) and f"{{{name}}}" in end]
            request.path_parameters[name] = next(iter(ends), self.known.get(name, request.path_parameters[name]))
        if "Idempotency-Key" in (request.headers or {}):
            request.headers["Idempotency-Key"] = f"request-{self.sent}"
        if isinstance(request.body, dict):
            named = {name: value for name, value in NAMED.items() if isinstance(request.body.get(name), type(value))}
            request.body.update(named)
            if isinstance(request.body.get("version"), int):
                request.body["version"] = version_of(self.case)


@pytest.fixture
def _unhindered(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"api": "100000/min", "widget": "100000/min"})
    for model in (Attachment, Evidence):
        monkeypatch.setattr(model._meta.get_field("file"), "storage", InMemoryStorage())


@pytest.fixture
def staff(cast: Any, runbook: Any, macro: Any, request: pytest.FixtureRequest, _unhindered: None) -> Side:
    Incident.objects.create(reference="INC-204", title="Ingest", severity="SEV2", started_at="2026-03-10T10:00:00Z")
    case, hand = cast.open_case(now=timezone.now()), with_key(cast.lead)
    note = hand.post(f"cases/{case.reference}/notes/", version=version_of(case), body="x").json()
    run = hand.post(f"cases/{case.reference}/diagnostics/", version=version_of(case), runbook="ingestion").json()
    file = SimpleUploadedFile("a.txt", b"a")
    sent = hand.upload(f"cases/{case.reference}/attachments/", version=version_of(case), files=[file]).json()
    known = {
        "reference": case.reference,
        "slug": "acme",
        "note_id": note["id"],
        "run_id": run["id"],
        "incidents/{reference}/": "INC-204",
        "runbooks/{key}/": "ingestion",
        "macros/{key}/": "delays",
        "evidence/{uuid}/": str(evidence_of(case).uuid),
        "attachments/{uuid}/": sent["attachments"][0]["id"],
    }
    noun = request.node.name.strip("/]").rpartition("/")[2]
    bring(hand, case, FROM.get(noun, "new"))
    return Side(hand, case, known)


@pytest.fixture
def customer(cast: Any, _unhindered: None) -> Side:
    case = cast.open_case(now=timezone.now())
    return Side(with_token(cast.ada), case, {"reference": case.reference})


def in_the_tests_transaction(environ: dict[str, Any], start_response: Any) -> Any:
    """The application, with the test's connection left open by a request's ends; Django's client connects them anew."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    return application(environ, start_response)


def described() -> Any:
    """The schema that /api/schema/ serves, generated here because no test database is there yet to ask through."""
    config = SchemathesisConfig.from_dict(SETTINGS)
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True), config=config)
    schema.app = in_the_tests_transaction
    return schema


whole_api = described()
staff_api = whole_api.include(path_regex=r"^/api/v1/(?!widget/)")
widget_api = whole_api.include(path_regex=r"^/api/v1/widget/")


@staff_api.parametrize()
def test_staff(case: schemathesis.Case, staff: Side) -> None:
    if staff.sends(case):
        case.call_and_validate(headers=staff.hand.headers, checks=CHECKS)


@widget_api.parametrize()
def test_widget(case: schemathesis.Case, customer: Side) -> None:
    if customer.sends(case):
        case.call_and_validate(headers=customer.hand.headers, checks=CHECKS)
