"""Who gets in, who doesn't, and which pages may ask at all."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine

from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Requester, User


def code(answer):
    assert answer.status_code == 401, answer.content
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    return answer.json()["errors"][0]["code"]


def test_a_new_person_becomes_a_requester(ada, acme):
    assert ada.get("session").json()["requester"] == {
        "name": "Ada Moreno",
        "email": "u-ada@acme.example",
        "role": "admin",
    }
    ada.get("session")
    with isolation.scope(SYSTEM):
        assert [r.external_id for r in Requester.objects.filter(tenant=acme)] == ["u-ada"]


def test_what_the_host_says_anew_is_taken_over(ada, acme):
    ada.get("session")
    ada.name, ada.role = "Ada Moreno-Diaz", "member"
    assert ada.get("session").json()["requester"]["role"] == "member"
    with isolation.scope(SYSTEM):
        assert Requester.objects.get(tenant=acme).name == "Ada Moreno-Diaz"


def test_no_token(client, db):
    answer = client.get("/api/v1/widget/session", headers={"Origin": "https://app.acme.example"})
    assert code(answer) == "not_authenticated"


def test_a_staff_session_is_no_customer(client, agent, acme):
    client.force_login(
        User.objects.get(pk=agent.user_id), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert client.get("/api/v1/widget/session").status_code == 401


def test_signed_by_another_tenant(ada, birch):
    assert code(ada.get("session", ada.token(secret=birch.widget_secret))) == "token_signature"


def test_a_tenants_own_token_opens_only_its_own_tenant(ada, cleo):
    reference = ada.opens()
    assert cleo.get(f"cases/{reference}").status_code == 404


def test_expired(ada):
    token = ada.token(ttl=timedelta(minutes=1))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        assert code(ada.get("session", token)) == "token_expired"


def test_for_another_origin(ada):
    token = ada.token()
    ada.origin = "https://app.birch.example"
    assert code(ada.get("session", token)) == "token_origin"


def test_an_origin_not_allowed(ada, birch):
    ada.origin = "https://app.birch.example"
    assert code(ada.get("session")) == "origin_not_allowed"


def test_unknown_tenant(ada):
    ada.tenant.slug = "nobody"
    assert code(ada.get("session")) == "token_unknown_tenant"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "Bearer", "\x7f"])
def test_malformed(ada, token):
    assert code(ada.get("session", token)) == "token_malformed"


def test_algorithm_none(ada):
    claims = jwt.decode(ada.token(), options={"verify_signature": False})
    token = jwt.encode(claims, "", algorithm="none", headers={"kid": "acme"})
    assert code(ada.get("session", token)) == "token_algorithm"


# ── Cross-origin ──


def preflight(client, origin, path="/api/v1/widget/cases"):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    return client.options(path, headers=headers)


def test_pages_of_allowed_origins_may_ask(client, acme):
    answer = preflight(client, "https://app.acme.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.acme.example"
    assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_refusals_can_be_read_by_the_page(ada):
    answer = ada.get("cases/ACME-1")
    assert answer.status_code == 404
    assert answer.headers["Access-Control-Allow-Origin"] == ada.origin


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://app.acme.example", "https://app.acme.example.evil"]
)
def test_pages_of_other_origins_may_not(client, acme, origin):
    assert "Access-Control-Allow-Origin" not in preflight(client, origin).headers


@pytest.mark.parametrize("path", ["/api/v1/cases", "/", "/accounts/login/"])
def test_nothing_but_the_widget_is_open_to_other_origins(client, acme, path):
    assert "Access-Control-Allow-Origin" not in preflight(client, "https://app.acme.example", path).headers


def test_no_cookie_is_set(ada):
    assert not ada.get("session").cookies
