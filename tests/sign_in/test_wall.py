"""Where a second factor is required, a session without one is led to its set-up from everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from tenants import keys
from tenants.models import User
from tests.cast import Cast
from tests.sign_in.hands import set_up_app, sign_in

# The doors themselves, what probes ask, and what serves the customers' side or is no session's.
OTHER_DOORS = ("accounts/", "admin/", "healthz", "readyz", "api/v1/widget/", "portal/")


def walk(patterns: list, so_far: str = "") -> Iterator[str]:
    for entry in patterns:
        route = so_far + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, route)
        elif not route.startswith(OTHER_DOORS):
            # Any word will do: the wall stands before the address is looked up.
            yield "/" + re.sub(r"<[^>]+>", "x-1", route).replace("^", "").replace("$", "")


PATHS = list(walk(get_resolver().url_patterns))


@pytest.fixture(autouse=True)
def required(settings) -> None:
    settings.MFA_REQUIRED = True


def test_every_route_is_behind_the_wall_by_every_method(agent: User, client: Client) -> None:
    sign_in(client, agent)
    assert len(PATHS) > 80
    wrong = []
    for path in [*PATHS, "/admin/", "/admin/tenants/user/", "/live/"]:
        for method in ("GET", "POST"):
            answer = client.generic(method, path)
            sent = (answer.status_code, answer.headers.get("Location"))
            closed = (403, None) if path.startswith(("/api/", "/live/")) else (302, reverse("security"))
            if sent != closed:
                wrong.append((method, path, sent))
    assert wrong == []


def test_the_refusals_say_what_to_do(agent: User, client: Client) -> None:
    sign_in(client, agent)
    api = client.get("/api/v1/cases/").json()["errors"][0]
    assert api["code"] == "second_factor_required"
    assert reverse("security") in api["detail"]
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"] == reverse("security")
    page = client.get(reverse("security"))
    assert page.status_code == 200
    assert b"One more step" in page.content
    assert b"ACME" not in page.content


def test_setting_one_up_opens_everything(agent: User, client: Client) -> None:
    sign_in(client, agent)
    set_up_app(client)
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/cases/").status_code == 200


def test_signing_out_is_always_possible(agent: User, client: Client) -> None:
    sign_in(client, agent)
    client.post(reverse("account_logout"))
    assert client.get("/")["Location"].startswith(reverse("account_login"))


def test_an_api_key_is_no_session(cast: Cast, agent: User, client: Client) -> None:
    now = timezone.now()
    key = keys.make(agent, name="laptop", scopes=None, days=30, actor=cast.actor(agent), now=now).key
    assert client.get("/api/v1/cases/", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_made_up_authorization_does_not_lift_the_wall(agent: User, client: Client) -> None:
    sign_in(client, agent)
    for header in ("Bearer nonsense", "Basic YTpi", "cos_x"):
        assert client.get("/api/v1/cases/", headers={"Authorization": header}).status_code in (401, 403), header
        assert client.get("/", headers={"Authorization": header}).status_code == 302
