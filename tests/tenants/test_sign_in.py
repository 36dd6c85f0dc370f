"""Ways in: the session, an API key; and what an account without a role finds behind the door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import User
from tests.cast import Cast, assemble
from tests.factories import UserFactory

PASSWORD = "correct-horse-battery"


@pytest.fixture
def people(db: None) -> Iterator[Cast]:
    cache.clear()
    with isolation.scope(SYSTEM):
        cast = assemble()
        cast.open_case()
        for person in (cast.agent, cast.operator):
            person.set_password(PASSWORD)
            person.save()
    yield cast


def sign_in(client: Client, email: str, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_the_right_password_opens_the_console(people: Cast, client: Client) -> None:
    assert client.get("/").status_code == 302
    answer = sign_in(client, people.agent.email)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_the_address_is_matched_whatever_its_case(people: Cast, client: Client) -> None:
    assert sign_in(client, people.agent.email.upper()).status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [("agent@support.example", "wrong"), ("nobody@support.example", PASSWORD), ("x", ""), ("a\x00b", PASSWORD)],
)
def test_anything_else_says_the_same_and_opens_nothing(people: Cast, client: Client, email: str, password: str) -> None:
    answer = sign_in(client, email, password)
    assert answer.status_code == 200
    assert client.get("/").status_code == 302


def test_an_inactive_person_does_not_get_in(people: Cast, client: Client) -> None:
    User.objects.filter(pk=people.agent.pk).update(is_active=False)
    sign_in(client, people.agent.email)
    assert client.get("/").status_code == 302


def test_a_person_made_inactive_is_out_at_the_next_request(people: Cast, client: Client) -> None:
    client.force_login(people.agent)
    assert client.get("/").status_code == 200
    User.objects.filter(pk=people.agent.pk).update(is_active=False)
    assert client.get("/").status_code == 302


def test_nobody_can_make_an_account(people: Cast, client: Client) -> None:
    before = User.objects.count()
    words = {"email": "new@evil.example", "password1": "A-long-passphrase-9", "password2": "A-long-passphrase-9"}
    client.post(reverse("account_signup"), words)
    assert User.objects.count() == before


def test_an_account_without_a_role_reaches_nothing(people: Cast, client: Client) -> None:
    client.force_login(UserFactory(email="bare@support.example"))
    for path in ("/", "/cases/ACME-1001/", "/tenants/acme/", "/reports/", "/incidents/"):
        assert client.get(path).status_code == 403, path
    assert client.get("/api/v1/cases/").status_code in (401, 403)


def test_signing_in_does_not_redirect_to_another_site(people: Cast, client: Client) -> None:
    answer = client.post(
        f"{reverse('account_login')}?next=https://evil.example/",
        {"login": people.agent.email, "password": PASSWORD, "next": "https://evil.example/"},
    )
    assert "evil" not in answer["Location"]


def test_only_the_roles_that_the_table_names_see_the_admin(people: Cast, client: Client) -> None:
    people.operator.is_staff = True
    people.operator.save(update_fields=["is_staff"])
    client.force_login(people.operator)
    assert client.get("/admin/").status_code == 200
    client.force_login(people.agent)
    assert client.get("/admin/").status_code == 302
