"""Hands that speak to the API as programs do: with a key, in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from cases.models import Case, Evidence, Macro, Runbook
from companyos.widget_host import widget_token
from tenants.models import Requester, User
from tests.cast import Cast
from tests.factories import key_for

ORIGIN = "https://app.acme.example"


@dataclass
class Hand:
    """Somebody at the API. `headers` are sent with everything."""

    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, path: str, raw: Any = None, key: str = "", **values: Any) -> Any:
        """JSON: of the values, or of `raw`, which as a text is sent as it is."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        text = raw if isinstance(raw, str | bytes) else json.dumps(values if raw is None else raw)
        return self.client.post(f"/api/v1/{path}", text, content_type="application/json", headers=headers)

    def upload(self, path: str, key: str = "", **values: Any) -> Any:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return self.client.post(f"/api/v1/{path}", values, headers=headers)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        text = json.dumps(body or {})
        return self.client.generic(
            method, f"/api/v1/{path}", text, content_type="application/json", headers=self.headers
        )


def with_key(user: User) -> Hand:
    return Hand({"Authorization": f"Bearer {key_for(user)}"})


def with_token(requester: Requester) -> Hand:
    requester.tenant.widget_origins = [ORIGIN]
    requester.tenant.save(update_fields=["widget_origins"])
    person = {"id": requester.external_id, "name": requester.name, "email": requester.email, "role": requester.role}
    token = widget_token(requester.tenant.widget_secret, requester.tenant.slug, person, ORIGIN, timedelta(minutes=10))
    return Hand({"Authorization": f"Bearer {token}", "Origin": ORIGIN})


@pytest.fixture(autouse=True)
def _no_counters() -> None:
    cache.clear()


@pytest.fixture
def agent(cast: Cast) -> Hand:
    return with_key(cast.agent)


@pytest.fixture
def lead(cast: Cast) -> Hand:
    return with_key(cast.lead)


@pytest.fixture
def case(cast: Cast) -> Case:
    """A new case of Acme."""
    return cast.open_case(now=timezone.now())


@pytest.fixture
def runbook(cast: Cast) -> Runbook:
    cast.acme.telemetry_url = "http://127.0.0.1:1/telemetry"
    cast.acme.save(update_fields=["telemetry_url"])
    steps = [{"name": "quota", "title": "Read the quota", "path": "/{resource}/quota", "as": "json"}]
    return Runbook.objects.create(
        key="ingestion", title="Ingestion delays", topic="ingestion", body="…", diagnostics=steps
    )


@pytest.fixture
def macro(runbook: Runbook) -> Macro:
    return Macro.objects.create(
        key="delays", title="Delays", topic="ingestion", body="Hello {first_name}, we see it.", runbook=runbook
    )


def errors(answer: Any, status: int = 400) -> set[tuple[str | None, str]]:
    """The (field, code) pairs of a refusal, whose shape is checked."""
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert body["type"] == (
        "validation_error" if status == 400 and body["errors"][0]["code"] != "parse_error" else "client_error"
    )
    assert all(set(error) == {"code", "detail", "attr"} for error in body["errors"])
    return {(error["attr"], error["code"]) for error in body["errors"]}


def move(hand: Hand, case: Case, noun: str, **values: Any) -> dict[str, Any]:
    """Do a deed on the case as it is now; the answer's body."""
    answer = hand.post(f"cases/{case.reference}/{noun}/", version=version_of(case), **values)
    assert answer.status_code == 201, answer.content
    return answer.json()


def version_of(case: Case) -> int:
    return Case.objects.values_list("version", flat=True).get(pk=case.pk)


Deed = tuple[str, dict[str, Any]]
TO: dict[str, list[Deed]] = {
    "new": [],
    "triage": [("acceptances", {"priority": "P1"})],
    "in_progress": [("starts", {})],
    "waiting": [("waits", {"ask": "Please send the log bundle."})],
    "resolved": [
        ("resolutions", {"summary": "Quota raised.", "code": "quota", "evidence_links": ["https://traces.example/1"]})
    ],
    "closed": [("closures", {})],
}


def bring(hand: Hand, case: Case, status: str) -> Case:
    """Bring a new case to a status, by the API."""
    for each, deeds in TO.items():
        if not (each == "waiting" and status != "waiting"):
            for noun, values in deeds:
                move(hand, case, noun, **values)
        if each == status:
            break
    return case


@pytest.fixture
def brought(case: Case, agent: Hand) -> Callable[[str], Case]:
    return lambda status: bring(agent, case, status)


def evidence_of(case: Case) -> Evidence:
    from django.core.files.base import ContentFile  # noqa: PLC0415

    return Evidence.objects.create(
        tenant=case.tenant,
        case=case,
        name="quota.json",
        size=2,
        sha256="0" * 64,
        content_type="application/json",
        at=timezone.now(),
        collected_by="Test",
        file=ContentFile(b"{}", name="quota.json"),
    )
