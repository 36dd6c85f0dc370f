"""Schemathesis against the live schema: whatever is sent, no 5xx and no answer that the schema doesn't tell of.

The real application in this process, over the real database, with an agent's API key and with a customer's token.
What is sent is derived from a fixed seed. Half of it goes to a case that is there, with its present version.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.files.storage import InMemoryStorage
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
from tests.api.conftest import Hand, evidence_of, version_of, with_key, with_token

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
    "phases": {"coverage": {"enabled": True}, "fuzzing": {"enabled": True}, "examples": {"enabled": False}},
    "suppress-health-check": ["all"],
    "warnings": False,
}


@dataclass
class Side:
    """Who asks, and the case that is there for them."""

    hand: Hand
    case: Case
    known: dict[str, Any]

    def __post_init__(self) -> None:
        self._turns = cycle((True, True, False))

    def aim(self, sent: schemathesis.Case) -> None:
        """Two of three requests go to what is there, at its present version."""
        if not next(self._turns):
            return
        for name in sent.path_parameters or {}:
            sent.path_parameters[name] = self.known.get(name, sent.path_parameters[name])
        if "evidence" in sent.path:
            sent.path_parameters.update({"uuid": self.known["evidence"]} if "uuid" in sent.path_parameters else {})
        if isinstance(sent.body, dict) and isinstance(sent.body.get("version"), int):
            sent.body["version"] = version_of(self.case)


@pytest.fixture
def _unhindered(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"api": "100000/min", "widget": "100000/min"})
    for model in (Attachment, Evidence):
        monkeypatch.setattr(model._meta.get_field("file"), "storage", InMemoryStorage())


@pytest.fixture
def staff(cast: Any, runbook: Any, macro: Any, _unhindered: None) -> Side:
    Incident.objects.create(reference="INC-204", title="Ingest", severity="SEV2", started_at="2026-03-10T10:00:00Z")
    case, hand = cast.open_case(now=timezone.now()), with_key(cast.lead)
    note = hand.post(f"cases/{case.reference}/notes/", version=version_of(case), body="x").json()
    known = {"reference": case.reference, "slug": "acme", "key": "ingestion", "note_id": note["id"]}
    return Side(hand, case, {**known, "evidence": str(evidence_of(case).uuid)})


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


staff_api = described().include(path_regex=r"^/api/v1/(?!widget/)")
widget_api = described().include(path_regex=r"^/api/v1/widget/")


@staff_api.parametrize()
def test_staff(case: schemathesis.Case, staff: Side) -> None:
    staff.aim(case)
    case.call_and_validate(headers=staff.hand.headers, checks=CHECKS)


@widget_api.parametrize()
def test_widget(case: schemathesis.Case, customer: Side) -> None:
    customer.aim(case)
    case.call_and_validate(headers=customer.hand.headers, checks=CHECKS)
