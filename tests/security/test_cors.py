"""Pages of other origins call the widget's endpoints, from origins that a tenant allows, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from companyos.widget_host import widget_token
from tenants.models import Requester, Tenant
from tests.cast import Cast

OURS, THEIRS = "https://app.acme.example", "https://app.birch.example"
PERSON = {"id": "u-x", "name": "X", "email": "x@acme.example", "role": "member"}
OTHER_PATHS = ["/api/v1/cases/", "/cases/", "/accounts/login/", "/admin/", "/live/", "/api/v1/widgets/", "/d/x/y"]
TRICKS = [
    "null", "https://app.acme.example.evil.example", "https://evil-app.acme.example", "https://app.acme.example:8443",
    "http://app.acme.example", "https://APP.ACME.EXAMPLE", "https://app.acme.example/", "https://app.acme.exampl",
    "https://sub.app.acme.example", "https://app.acme.example@evil.example", "https://app-acme.example", "*", "",
    "https://app.acme.example\x00", "file://", "https://app.acme.example, https://evil.example", "x" * 5000,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _origins(cast: Cast) -> Iterator[None]:
    cache.clear()
    for tenant, origin in ((cast.acme, OURS), (cast.birch, THEIRS)):
        Tenant.objects.filter(pk=tenant.pk).update(widget_origins=[origin])
    yield
    cache.clear()


def preflight(path: str, origin: str):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return Client().options(path, headers={"Origin": origin, **asked})


def allowed(answer) -> str | None:
    return answer.headers.get("Access-Control-Allow-Origin")


def test_an_allowed_origin_may_call_the_widget_without_cookies() -> None:
    answer = preflight("/api/v1/widget/session", OURS)
    assert (answer.status_code, allowed(answer)) == (200, OURS)
    assert "Access-Control-Allow-Credentials" not in answer
    assert "origin" in answer["Vary"].lower()
    assert allowed(Client().get("/api/v1/widget/session", headers={"Origin": OURS})) == OURS


@pytest.mark.parametrize("origin", TRICKS, ids=range(len(TRICKS)))
def test_no_other_origin_is_answered(origin: str) -> None:
    for answer in (
        preflight("/api/v1/widget/session", origin),
        Client().get("/api/v1/widget/session", headers={"Origin": origin}),
    ):
        assert allowed(answer) is None
        assert answer.status_code < 500


@pytest.mark.parametrize("path", OTHER_PATHS)
def test_nothing_but_the_widget_s_endpoints_is_shared(path: str) -> None:
    assert allowed(preflight(path, OURS)) is None
    assert allowed(Client().get(path, headers={"Origin": OURS})) is None


@pytest.mark.parametrize(("told", "sent"), [(OURS, THEIRS), (THEIRS, THEIRS), (OURS, "null"), (OURS, "")])
def test_one_tenant_s_token_is_refused_from_another_tenant_s_page(cast: Cast, told: str, sent: str) -> None:
    """The browser lets Birch's page call, but a token of Acme's works on Acme's pages alone, whatever it says."""
    token = widget_token(cast.acme.widget_secret, "acme", PERSON, told)
    answer = Client().get("/api/v1/widget/session", headers={"Authorization": f"Bearer {token}", "Origin": sent})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] in ("token_origin", "origin_not_allowed")
    assert not Requester.objects.filter(external_id="u-x").exists()


def test_it_works_on_its_own_page(cast: Cast) -> None:
    token = widget_token(cast.acme.widget_secret, "acme", PERSON, OURS)
    answer = Client().get("/api/v1/widget/session", headers={"Authorization": f"Bearer {token}", "Origin": OURS})
    assert answer.status_code == 200 and answer.json()["tenant"]["name"] == "Acme Analytics"
