"""Sessions: fresh at sign-in, ended by time, by their person, with the password and with the account."""

from __future__ import annotations

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.models import User
from tenants.sign_in import sessions
from tenants.sign_in.sessions import device
from tenants.sign_in.tasks import forget_ended_sessions
from tests.cast import Cast
from tests.sign_in.hands import PASSWORD, give_password, noted, sign_in

NOON = "2026-03-10T12:00:00Z"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW = "a-quite-different-phrase"


def inside(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def two(person: User) -> tuple[Client, Client]:
    here, there = Client(), Client(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7")
    sign_in(here, person)
    sign_in(there, person)
    return here, there


def test_the_session_key_is_new_after_sign_in(agent: User, client: Client) -> None:
    client.get(reverse("account_login"))
    session = client.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    sign_in(client, agent)
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_an_unused_session_ends_and_a_used_one_goes_on_until_its_longest(agent: User, settings) -> None:
    settings.SESSION_IDLE_SECONDS, settings.SESSION_LONGEST_SECONDS = 3600, 7200
    with time_machine.travel(NOON, tick=False) as clock:
        busy, idle = two(agent)
        for _ in range(3):
            clock.shift(2000)
            assert inside(busy)
        assert not inside(idle)
        clock.shift(1300)
        assert not inside(busy)


def test_a_session_that_does_not_say_when_it_began_ends(agent: User, client: Client) -> None:
    sign_in(client, agent)
    session = client.session
    del session[sessions.SINCE]
    session.save()
    assert not inside(client)


def test_the_list_names_devices_and_each_can_be_signed_out(cast: Cast, agent: User) -> None:
    here, there = two(agent)
    stranger = Client()
    sign_in(stranger, give_password(cast.agent2))
    page = here.get(reverse("security")).content.decode()
    assert "Firefox on Linux" in page and "192.0.2.7" in page and "This one" in page
    row = UserSession.objects.get(user=agent, ip="192.0.2.7")
    stranger.post(reverse("end_session", args=[row.pk]))
    assert inside(there), "somebody else's session is not theirs to end"
    here.post(reverse("end_session", args=[row.pk]))
    assert not inside(there) and inside(here)
    assert "session_ended" in noted()


def test_the_list_costs_the_same_with_2_and_with_6_and_shows_what_holds(agent: User, settings) -> None:
    def listed(client: Client) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as seen:
            page = client.get(reverse("security")).content.decode()
        return len(seen), page.count("192.0.2.7")

    here, there = two(agent)
    listed(here)
    cost, _ = listed(here)
    for _ in range(4):
        sign_in(Client(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7"), agent)
    assert listed(here) == (cost, 5)
    unused = there.session
    unused[sessions.SEEN] -= settings.SESSION_IDLE_SECONDS + 1
    unused.save()
    assert listed(here) == (cost, 4)
    agent.set_password(NEW)
    agent.save()
    sign_in(here, agent, NEW)
    assert listed(here)[1] == 0, "those of the old password are over"


def test_what_is_over_is_forgotten_and_what_is_not_stays(agent: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        two(agent)
        clock.shift(6 * 86_400)
        two(agent)
        assert forget_ended_sessions() == 0
        clock.shift(2 * 86_400)
        assert forget_ended_sessions() == 4, "two sessions and their lines in the list"
        assert forget_ended_sessions() == 0
    assert UserSession.objects.filter(user=agent).count() == 2


def test_signing_out_everywhere_else(agent: User) -> None:
    here, there = two(agent)
    here.post(reverse("end_other_sessions"))
    assert inside(here) and not inside(there)


def test_a_changed_password_ends_the_others_and_tells_by_mail(agent: User, mailoutbox) -> None:
    here, there = two(agent)
    words = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post(reverse("account_change_password"), words)["Location"] == reverse("security")
    assert inside(here) and not inside(there)
    assert "password" in mailoutbox[-1].body.lower() and mailoutbox[-1].to == [agent.email]
    assert "password_changed" in noted()


def test_switching_an_account_off_and_on_wakes_nothing(agent: User) -> None:
    here, there = two(agent)
    agent.is_active = False
    agent.save()
    assert not inside(here)
    agent.is_active = True
    agent.save()
    assert not inside(here) and not inside(there)


def test_a_former_address_opens_nothing_and_gets_no_mail(agent: User, client: Client, mailoutbox) -> None:
    former = agent.email
    EmailAddress.objects.create(user=agent, email=former, verified=True, primary=True)
    agent.email = "amy.married@support.example"
    agent.save()
    assert sign_in(client, former).status_code == 200
    client.post(reverse("account_reset_password"), {"email": former})
    assert "/reset/key/" not in mailoutbox[0].body
    assert sign_in(client, agent).status_code == 302


@pytest.mark.parametrize("weak", ["password1234", "agent@support.example", "short-one"])
def test_weak_passwords_are_refused(agent: User, client: Client, weak: str, settings) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [
        {**one, "OPTIONS": {"min_length": 12}} if "Minimum" in one["NAME"] else one
        for one in settings.AUTH_PASSWORD_VALIDATORS
    ]
    sign_in(client, agent)
    words = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    assert client.post(reverse("account_change_password"), words).status_code == 200


def test_passwords_are_kept_by_argon2_and_older_ones_become_so_at_sign_in(agent: User, client: Client) -> None:
    assert agent.password.startswith("argon2$argon2id$")
    User.objects.filter(pk=agent.pk).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1000))
    assert sign_in(client, agent).status_code == 302
    agent.refresh_from_db()
    assert agent.password.startswith("argon2$argon2id$")


KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (FIREFOX, "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {KIT} Version/18.0 Safari/604.1", "Safari on iPhone"),
        (f"Mozilla/5.0 (Linux; Android 15) {KIT} Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("", "A program"),
    ],
)
def test_devices_are_named_in_words(words: str, said: str) -> None:
    assert device(words) == said
