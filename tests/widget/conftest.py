"""Two tenants with their customers, an agent, and a hand that speaks to the widget's API as a host page would."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import encode_multipart

from companyos.widget_host import widget_token
from tenants import actors, isolation
from tenants.access import SYSTEM, Actor
from tenants.models import Resource, Tenant
from tests.factories import UserFactory

ORIGIN = "https://app.acme.example"
BOUNDARY = "widget-test"


@dataclass
class Customer:
    """One person of a tenant, with a token as the host would sign it."""

    tenant: Tenant
    id: str
    name: str
    role: str = "member"
    origin: str = ORIGIN
    client: Client = field(default_factory=Client)

    def token(self, secret: str = "", ttl: timedelta = timedelta(minutes=10), **changes) -> str:
        person = {"id": self.id, "name": self.name, "email": f"{self.id}@acme.example", "role": self.role, **changes}
        return widget_token(secret or self.tenant.widget_secret, self.tenant.slug, person, self.origin, ttl)

    def headers(self, token: str = "") -> dict[str, str]:
        return {"Authorization": f"Bearer {token or self.token()}", "Origin": self.origin}

    def get(self, path: str, token: str = ""):
        return self.client.get(f"/api/v1/widget/{path}", headers=self.headers(token))

    def post(self, path: str, key: str | None = None, **values):
        """Multipart, as the widget sends it; `key` "" sends no Idempotency-Key."""
        headers = self.headers()
        if key != "":
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        body = encode_multipart(BOUNDARY, values)
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.client.post(f"/api/v1/widget/{path}", body, content_type=kind, headers=headers)

    def post_json(self, path: str, body: object):
        headers = {**self.headers(), "Idempotency-Key": uuid.uuid4().hex}
        return self.client.post(
            f"/api/v1/widget/{path}", json.dumps(body), content_type="application/json", headers=headers
        )

    def opens(self, subject: str = "Events are refused", **values) -> str:
        """The reference of a new case."""
        answer = self.post("cases", subject=subject, description="A fifth of our events get 429.", **values)
        assert answer.status_code == 201, answer.content
        return answer.json()["reference"]


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    """Uploads of these tests go where they are thrown away."""
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}


@pytest.fixture
def acme(db) -> Tenant:
    with isolation.scope(SYSTEM):
        tenant = Tenant.objects.create(name="Acme", slug="acme", prefix="ACME", widget_origins=[ORIGIN])
        Resource.objects.create(tenant=tenant, key="ingest", name="Event ingest", health="red")
        Resource.objects.create(tenant=tenant, key="api", name="Query API", health="ok")
        return tenant


@pytest.fixture
def birch(db) -> Tenant:
    with isolation.scope(SYSTEM):
        origins = [ORIGIN, "https://app.birch.example"]
        return Tenant.objects.create(name="Birch", slug="birch", prefix="BIRCH", widget_origins=origins)


@pytest.fixture
def ada(acme) -> Customer:
    return Customer(acme, "u-ada", "Ada Moreno", "admin")


@pytest.fixture
def ben(acme) -> Customer:
    return Customer(acme, "u-ben", "Ben Okafor")


@pytest.fixture
def cleo(birch) -> Customer:
    return Customer(birch, "u-cleo", "Cleo Tanaka", "admin", "https://app.birch.example")


@pytest.fixture
def agent(db) -> Actor:
    user = UserFactory(email="agent@support.example", first_name="Sam", last_name="Agent", role="lead")
    found = actors.of_user(user)
    assert found is not None
    return found


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)
