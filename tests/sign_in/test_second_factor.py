"""Authenticator apps and recovery codes: asked for, taken once, guessed seldom, kept secret."""

from __future__ import annotations

import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from tenants.models import User
from tenants.sign_in import factors
from tests.cast import Cast
from tests.sign_in.hands import code, give_password, noted, recovery_codes, set_up_app, sign_in

NOON = "2026-03-10T12:00:00Z"


def test_a_code_is_asked_for_after_the_password_and_taken_once(agent: User, client: Client) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, agent)
        secret = set_up_app(client)
        clock.shift(300)
        other, third = Client(), Client()
        assert sign_in(other, agent)["Location"] == reverse("mfa_authenticate")
        assert other.get("/").status_code == 302, "the password alone opens nothing"
        used = code(secret)
        assert other.post(reverse("mfa_authenticate"), {"code": used})["Location"] == "/"
        assert other.get("/").status_code == 200
        # Its marker in the cache is gone by then, the code would still be in the tolerance.
        clock.shift(31)
        sign_in(third, agent)
        assert third.post(reverse("mfa_authenticate"), {"code": used}).status_code == 200
        assert third.get("/").status_code == 302
        assert third.post(reverse("mfa_authenticate"), {"code": code(secret, 1)})["Location"] == "/"
    assert noted().count("factor_added") == 2, "the app and its recovery codes"
    assert noted().count("sign_in") == 3


def test_five_wrong_codes_lock_codes_from_everywhere_and_without_the_cache(agent: User, client: Client) -> None:
    with time_machine.travel(NOON, tick=False) as clock, override_settings(ACCOUNT_RATE_LIMITS=False):
        sign_in(client, agent)
        secret = set_up_app(client)
        clock.shift(300)
        for number in range(5):
            guesser = Client(REMOTE_ADDR=f"192.0.2.{number}")
            sign_in(guesser, agent)
            answer = guesser.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert answer.status_code == 429
        sign_in(client := Client(), agent)
        refused = client.post(reverse("mfa_authenticate"), {"code": code(secret)})
        assert (refused.status_code, refused["Retry-After"]) == (429, "900")
        assert client.get("/").status_code == 302
        clock.shift(901)
        sign_in(client := Client(), agent)
        assert client.post(reverse("mfa_authenticate"), {"code": code(secret)})["Location"] == "/"
    assert noted().count("locked_out") == 1


def test_a_recovery_code_opens_once_and_is_shown_once(agent: User, client: Client) -> None:
    sign_in(client, agent)
    set_up_app(client)
    codes = recovery_codes(client)
    assert len(codes) == 10
    client.get(reverse("security"))
    for expected in (302, 200):
        other = Client()
        sign_in(other, agent)
        assert other.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == expected


def test_secrets_are_encrypted_and_outlive_a_rotation_of_the_keys(agent: User, client: Client) -> None:
    sign_in(client, agent)
    secret = set_up_app(client)
    kept = Authenticator.objects.get(user=agent, type="totp").data["secret"]
    assert secret not in kept
    factors._keys.cache_clear()
    try:
        with override_settings(SALT_KEY=["new-key", *settings.SALT_KEY]):
            assert factors.SealedSecrets().decrypt(kept) == secret
            fresh = factors.SealedSecrets().encrypt(secret)
        factors._keys.cache_clear()
        with override_settings(SALT_KEY=["new-key"]):
            assert factors.SealedSecrets().decrypt(fresh) == secret
    finally:
        factors._keys.cache_clear()


def test_a_factor_is_removed_only_with_recent_proof(agent: User, client: Client) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, agent)
        set_up_app(client)
        clock.shift(400)
        asked = client.post(reverse("mfa_deactivate_totp"))
        assert asked["Location"].startswith(reverse("account_reauthenticate"))
        assert Authenticator.objects.filter(user=agent, type="totp").exists()


def test_a_code_is_proof_too_and_its_guessing_is_limited(agent: User, client: Client) -> None:
    with time_machine.travel(NOON, tick=False) as clock, override_settings(ACCOUNT_RATE_LIMITS=False):
        sign_in(client, agent)
        secret = set_up_app(client)
        clock.shift(400)
        page = f"{reverse('mfa_reauthenticate')}?next=/profile/"
        assert client.post(page, {"code": code(secret)})["Location"] == "/profile/"
        clock.shift(400)
        for _ in range(5):
            answer = client.post(page, {"code": "000000"})
        assert answer.status_code == 429


def test_an_operator_frees_someone_who_lost_every_factor(cast: Cast, agent: User, client: Client) -> None:
    sign_in(client, agent)
    set_up_app(client)
    root = give_password(User.objects.create_superuser("root@support.example", "root@support.example", "x"))
    admin = Client()
    sign_in(admin, root)
    for factor in Authenticator.objects.filter(user=agent):
        answer = admin.post(reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"})
        assert answer.status_code == 302
    assert sign_in(Client(), agent)["Location"] == "/"
