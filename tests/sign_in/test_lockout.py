"""Guessing passwords ends early, also while the cache forgets everything, and tells nothing."""

from __future__ import annotations

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tenants.models import User
from tests.cast import Cast
from tests.sign_in.hands import PASSWORD, give_password, noted, sign_in

NOON = "2026-03-10T12:00:00Z"


def guess(email: str, times: int, client: Client):
    for _ in range(times):
        cache.clear()
        answer = sign_in(client, email, "not-the-password")
    return answer


def test_five_wrong_passwords_lock_the_account_for_that_address(agent: User, client: Client) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert guess(agent.email, 4, client).status_code == 200
        assert guess(agent.email.upper(), 1, client).status_code == 429
        locked = sign_in(client, agent)
        assert (locked.status_code, locked["Retry-After"]) == (429, "900")
        assert b"15 minutes" in locked.content
        assert sign_in(Client(REMOTE_ADDR="192.0.2.9"), agent).status_code == 302, "its owner elsewhere is not shut out"
        clock.shift(840)
        assert b"1 minute," in sign_in(client, agent).content, "trying on does not prolong it"
        clock.shift(61)
        assert sign_in(client, agent).status_code == 302
    heard = noted()
    assert (heard.count("sign_in_failed"), heard.count("locked_out"), heard.count("sign_in")) == (5, 1, 2)


def test_an_unknown_address_is_treated_alike(agent: User, client: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        known, unknown = (
            [(answer.status_code, answer.content.replace(email.encode(), b"")) for answer in answers]
            for email, answers in (
                (email, [guess(email, 1, Client()), guess(email, 4, Client())])
                for email in ("agent@support.example", "nobody@support.example")
            )
        )
    assert known[1] == unknown[1] and known[1][0] == 429
    assert known[0][0] == unknown[0][0] == 200
    assert b"e-mail address and/or password" in known[0][1] or b"not correct" in known[0][1]


def test_many_addresses_together_lock_the_account_too(agent: User, client: Client, settings) -> None:
    settings.LOCKOUT_FAILURES_ANYWHERE = 8
    for number in range(4):
        guess(agent.email, 2, Client(REMOTE_ADDR=f"192.0.2.{number}"))
    assert sign_in(client, agent).status_code == 429


def test_what_was_typed_is_not_kept(agent: User, client: Client) -> None:
    guess(agent.email, 1, client)
    row = AccessAttempt.objects.get()
    assert "not-the-password" not in row.post_data + row.get_data
    assert agent.email not in row.post_data


def test_success_forgets_the_failures(agent: User, client: Client) -> None:
    guess(agent.email, 4, client)
    assert sign_in(client, agent).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_confirming_with_a_password_is_limited_alike(agent: User, client: Client) -> None:
    sign_in(client, agent)
    for _ in range(5):
        cache.clear()
        answer = client.post(reverse("account_reauthenticate"), {"password": "not-the-password"})
    assert answer.status_code == 429
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 429


def test_an_operator_unlocks(cast: Cast, agent: User, client: Client) -> None:
    guess(agent.email, 5, client)
    operator = give_password(cast.operator)
    operator.is_staff = True
    operator.save()
    admin = Client()
    sign_in(admin, operator)
    row = AccessAttempt.objects.get()
    assert admin.get(reverse("admin:axes_accessattempt_changelist")).status_code == 200
    assert admin.post(reverse("admin:axes_accessattempt_delete", args=[row.pk]), {"post": "yes"}).status_code == 302
    assert sign_in(client, agent).status_code == 302


def test_the_admins_door_is_the_same_door(agent: User, client: Client) -> None:
    answer = client.get("/admin/login/?next=/admin/")
    assert answer["Location"].startswith(reverse("account_login"))
    assert client.post("/admin/login/", {"username": agent.email, "password": PASSWORD}).status_code == 302
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("known", [True, False])
def test_asking_for_a_new_password_says_the_same_to_everybody(agent: User, client: Client, mailoutbox, known) -> None:
    email = agent.email if known else "nobody@support.example"
    answer = client.post(reverse("account_reset_password"), {"email": email}, follow=True)
    assert answer.redirect_chain == [(reverse("account_reset_password_done"), 302)]
    assert email not in answer.content.decode()
    assert [mail.to for mail in mailoutbox] == [[email]]
    assert ("/accounts/password/reset/key/" in mailoutbox[0].body) is known


def test_a_service_account_gets_no_password_by_mail(cast: Cast, client: Client, mailoutbox) -> None:
    robot = User(email="robot@support.example", username="robot", is_service=True)
    robot.set_unusable_password()
    robot.save()
    client.post(reverse("account_reset_password"), {"email": robot.email})
    assert "/reset/key/" not in mailoutbox[0].body
