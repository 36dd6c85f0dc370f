"""Single sign-on against a real OpenID provider: the whole code flow, and whom it lets in."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse

from companyos.local.state import free_port
from tenants.models import User
from tests.cast import Cast
from tests.sign_in.hands import noted, set_up_app

LOGIN = "/accounts/oidc/sso/login/"
PEOPLE = [
    {"sub": "amy", "email": "agent@support.example", "email_verified": True, "amr": ["pwd", "mfa"], "groups": ["sup"]},
    {"sub": "mallory", "email": "agent@support.example", "email_verified": False},
    {"sub": "reused", "email": "agent@support.example", "email_verified": True},
    {"sub": "new", "email": "new@support.example", "email_verified": True, "groups": ["sup", "leads"]},
    {"sub": "robot", "email": "robot@support.example", "email_verified": True},
]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    told = [word for person in PEOPLE for word in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *told]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for _ in range(200):
            try:
                direct.open(f"{address}/.well-known/openid-configuration", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(autouse=True)
def switched_on(provider: str, settings, monkeypatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    app = {"provider_id": "sso", "name": "Acme ID", "client_id": "console", "secret": "s", "settings": {}}
    app["settings"] = {"server_url": provider}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def come_in(client: Client, subject: str):
    """Press the button, say who one is at the provider, and follow the way back."""
    sent = client.post(LOGIN)
    assert sent.status_code == 302, sent.content.decode()
    asked = parse_qs(urlsplit(sent["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    back = requests.post(sent["Location"], data={"sub": subject}, allow_redirects=False, timeout=10)
    return client.get(back.headers["Location"].removeprefix("http://testserver"))


def test_a_known_person_comes_in_and_is_known_from_then_on(cast: Cast, client: Client) -> None:
    assert b"Sign in with Acme ID" in client.get(reverse("account_login")).content
    assert come_in(client, "amy")["Location"] == "/"
    assert client.get("/").status_code == 200
    assert SocialAccount.objects.get(uid="amy").user == cast.agent
    User.objects.filter(pk=cast.agent.pk).update(email="amy.married@support.example")
    again = Client()
    assert come_in(again, "amy")["Location"] == "/", "by the provider's subject now, whatever the address"
    assert noted() == ["sign_in", "sign_in"]
    cast.agent.refresh_from_db()
    cast.agent.is_active = False
    cast.agent.save()
    come_in(third := Client(), "amy")
    assert third.get("/").status_code == 302


@pytest.mark.parametrize("subject", ["mallory", "new", "robot"])
def test_nobody_else_comes_in_and_no_account_is_made(cast: Cast, client: Client, subject: str) -> None:
    robot = User(email="robot@support.example", username="robot", is_service=True)
    robot.set_unusable_password()
    robot.save()
    before = User.objects.count()
    answer = come_in(client, subject)
    assert answer.status_code == 403
    assert b"Ask an operator" in answer.content
    assert client.get("/").status_code == 302
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_a_second_subject_with_the_same_address_does_not_inherit_the_account(cast: Cast, client: Client) -> None:
    come_in(client, "amy")
    assert come_in(Client(), "reused").status_code == 403


def test_identities_are_joined_by_nobody_by_hand(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    sent = client.post(f"{LOGIN}?process=connect")
    back = requests.post(sent["Location"], data={"sub": "amy"}, allow_redirects=False, timeout=10)
    assert client.get(back.headers["Location"].removeprefix("http://testserver")).status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(("trusted", "answer"), [(True, 200), (False, 302)])
def test_the_providers_second_factor_counts_where_it_is_trusted(
    cast: Cast, client: Client, settings, trusted: bool, answer: int
) -> None:
    settings.MFA_REQUIRED, settings.SSO_TRUST_MFA = True, trusted
    come_in(client, "amy")
    assert client.get("/").status_code == answer


def test_a_second_factor_set_up_here_is_asked_for_here(cast: Cast, client: Client) -> None:
    come_in(client, "amy")
    set_up_app(client)
    assert come_in(Client(), "amy")["Location"] == reverse("mfa_authenticate")


def test_the_providers_groups_give_the_role(cast: Cast, client: Client, settings) -> None:
    settings.SSO_ROLES = {"sup": "agent", "leads": "lead"}
    User.objects.create_user("new@support.example", "new@support.example")
    come_in(client, "new")
    assert [group.name for group in User.objects.get(email="new@support.example").groups.all()] == ["lead"]
    settings.SSO_ROLES = {"others": "operator"}
    come_in(Client(), "new")
    assert not User.objects.get(email="new@support.example").groups.exists()


@pytest.mark.urls("tests.sign_in.test_reauthentication")
def test_who_has_only_single_sign_on_proves_it_there_and_loses_nothing(cast: Cast, client: Client) -> None:
    cast.agent.set_unusable_password()
    cast.agent.save()
    come_in(client, "amy")
    session = client.session
    session["account_authentication_methods"] = [{"method": "socialaccount", "at": time.time() - 400}]
    session.save()
    assert client.get(reverse("mfa_activate_totp"))["Location"].startswith(reverse("sign_in_again"))
    asked = client.post("/deed/", {"reason": "It cannot wait"})
    page = client.get(asked["Location"])
    address = page.context["address"]
    assert "prompt%3Dlogin" in address
    sent = client.post(address)
    assert "prompt=login" in sent["Location"]
    back = requests.post(sent["Location"], data={"sub": "amy"}, allow_redirects=False, timeout=10)
    returned = client.get(back.headers["Location"].removeprefix("http://testserver"))
    assert returned["Location"] == reverse("continuation")
    assert 'value="It cannot wait"' in client.get(returned["Location"]).content.decode()


def test_it_is_off_until_a_provider_is_set() -> None:
    assert configured.SSO_SERVER_URL == "" and configured.SSO_ORIGINS == []
