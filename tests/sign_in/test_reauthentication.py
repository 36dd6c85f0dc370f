"""Sensitive deeds ask for fresh proof, and lose nothing that was typed."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path, reverse

from companyos.web.gate import console_view
from tenants.models import User
from tenants.reauthentication import demand, reauthenticated
from tests.cast import Cast
from tests.sign_in.hands import PASSWORD, give_password, sign_in_at

WORDS = {"reason": "ACME-1 cannot wait\nsecond line", "minutes": "30"}
done: list[dict[str, str]] = []


@console_view(GET="console.use", POST="console.use")
@reauthenticated("approve this access")
def deed(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        done.append(request.POST.dict())
    return HttpResponse("the form")


@console_view(POST="console.use")
def strict(request: HttpRequest) -> HttpResponse:
    demand(request)
    return HttpResponse("done")


urlpatterns = [path("deed/", deed), path("strict/", strict), path("", include("companyos.urls"))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


def test_someone_who_just_signed_in_is_not_asked(agent: User, client: Client) -> None:
    sign_in_at(client, agent, age=200)
    assert client.post("/deed/", WORDS).status_code == 200
    assert len(done) == 1


def test_an_old_session_is_asked_and_comes_back_with_all_that_was_typed(agent: User, client: Client) -> None:
    sign_in_at(client, agent, age=400)
    assert client.get("/deed/").content == b"the form"
    asked = client.post("/deed/?of=7", WORDS, headers={"Referer": "http://testserver/deed/?of=7"})
    assert asked.status_code == 302
    assert done == []
    confirmed = client.post(asked["Location"], {"password": PASSWORD})
    assert confirmed["Location"] == reverse("continuation")
    page = client.get(confirmed["Location"]).content.decode()
    assert 'action="/deed/?of=7"' in page
    assert "Go on: approve this access" in page
    kept = dict(re.findall(r'type="hidden" name="(reason|minutes)" value="([^"]*)"', page))
    assert kept == WORDS
    assert client.post("/deed/?of=7", kept).status_code == 200
    assert client.get(reverse("continuation")).status_code == 302, "what was done is not offered again"


def test_a_wrong_password_is_no_proof(agent: User, client: Client) -> None:
    sign_in_at(client, agent, age=400)
    asked = client.post("/deed/", WORDS)
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert client.get(reverse("continuation"))["Location"] == asked["Location"]


def test_an_htmx_post_takes_the_whole_page_there(agent: User, client: Client) -> None:
    sign_in_at(client, agent, age=400)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/cases/ACME-1001/"}
    answer = client.post("/deed/", WORDS, headers=headers)
    assert answer["HX-Redirect"].startswith(reverse("account_reauthenticate"))
    client.post(answer["HX-Redirect"], {"password": PASSWORD})
    assert 'href="/cases/ACME-1001/"' in client.get(reverse("continuation")).content.decode()


def test_a_typed_password_is_never_kept(agent: User, client: Client) -> None:
    sign_in_at(client, agent, age=400)
    asked = client.post(
        "/deed/", {"new_password1": "hunter-two-hunter"}, headers={"Referer": "http://testserver/deed/"}
    )
    assert "hunter" not in str(dict(client.session))
    confirmed = client.post(asked["Location"], {"password": PASSWORD})
    assert client.get(confirmed["Location"])["Location"] == "/deed/"


def test_the_way_back_never_leads_to_another_site(agent: User, client: Client) -> None:
    sign_in_at(client, agent, age=400)
    client.post("/deed/", {"password": "x"}, headers={"Referer": "https://evil.example/deed/"})
    sent = client.session["suspended_deed"]
    assert sent["back"] == "/"


def test_where_there_is_no_page_the_refusal_says_what_to_do(agent: User, client: Client) -> None:
    sign_in_at(client, agent, age=400)
    answer = client.post("/strict/")
    assert answer.status_code == 403
    assert reverse("security") in answer.content.decode()
    with override_settings(ACCOUNT_REAUTHENTICATION_TIMEOUT=900):
        assert client.post("/strict/").status_code == 200


def test_the_admin_asks_before_a_role_changes_and_before_a_secret_is_made(cast: Cast, client: Client) -> None:
    give_password(cast.operator)
    User.objects.filter(pk=cast.operator.pk).update(is_staff=True)
    sign_in_at(client, cast.operator, age=400)
    secret = cast.acme.widget_secret
    chosen = {"action": "rotate_widget_secret", "_selected_action": [cast.acme.pk]}
    asked = client.post(reverse("admin:tenants_tenant_changelist"), chosen)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    account = reverse("admin:tenants_user_change", args=[cast.agent.pk])
    assert client.get(account).status_code == 200
    asked = client.post(account, {"email": cast.agent.email, "groups": [Group.objects.get(name="operator").pk]})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    cast.acme.refresh_from_db()
    assert cast.acme.widget_secret == secret
    assert [group.name for group in cast.agent.groups.all()] == ["agent"]
    client.post(asked["Location"], {"password": PASSWORD})
    assert f'action="{account}"' in client.get(reverse("continuation")).content.decode()
