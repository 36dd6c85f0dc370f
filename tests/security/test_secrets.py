"""Secrets at rest are encrypted, every one of them, and a rotation sets the old key free."""

from __future__ import annotations

import io
import re

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models
from encrypted_fields.fields import EncryptedFieldMixin, EncryptedTextField

from tenants import secrets
from tenants.models import Tenant
from tests.cast import Cast

SECRETIVE = re.compile(r"secret|token|password|passwd|credential|private|(^|_)key(_|$)|seed", re.IGNORECASE)
# Columns of such a name that are no secret or are kept otherwise, and why. A new one is encrypted, or comes here.
OTHERWISE = {
    "tenants.User.password": "hashed (Argon2)",
    "sessions.Session.session_key": "Django's own; ends by idling, and is revoked by its row",
    "account.EmailConfirmation.key": "not used: addresses are confirmed by signed links",
    "tenants.PortalVisit.key_digest": "SHA-256 of 256 random bits",
    "tenants.AuditSeal.key_name": "the name of a key, not the key",
    "cases.Runbook.resource_key": "which resource a runbook is about",
    "socialaccount.SocialToken.token": "never stored (SOCIALACCOUNT_STORE_TOKENS is off)",
    "socialaccount.SocialToken.token_secret": "never stored (SOCIALACCOUNT_STORE_TOKENS is off)",
    "socialaccount.SocialApp.secret": "not used: the provider's secret is in the environment",
    "socialaccount.SocialApp.key": "not used: the provider is in the environment",
    "usersessions.UserSession.session_key": "as the session it names",
}
HARMLESS = re.compile(
    r"^(key|idempotency_key|.*_key_ref|api_key|policy_key|object_key|path_key|catalogue_key|ordinal_key)$"
)


def columns() -> list[models.Field]:
    return [field for model in apps.get_models() for field in model._meta.local_fields]


def name_of(field: models.Field) -> str:
    return f"{field.model._meta.label}.{field.name}"


def test_what_sounds_like_a_secret_is_encrypted_or_says_why_not() -> None:
    told = [
        name_of(field)
        for field in columns()
        if SECRETIVE.search(field.name)
        and not isinstance(field, models.BooleanField | models.ForeignKey)
        and not isinstance(field, EncryptedFieldMixin)
        and not (HARMLESS.match(field.name) and field.model._meta.app_label not in ("socialaccount", "account"))
        and name_of(field) not in OTHERWISE
    ]
    assert told == [], "\n".join(told)


def test_the_database_holds_no_secret_in_clear(cast: Cast) -> None:
    cast.acme.telemetry_token = "clear-words-of-a-token"
    cast.acme.save()
    for place in secrets.places():
        if not place.names:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {place.column} FROM {place.model._meta.db_table}")
                assert all(value is None or value.startswith("gAAAA") for (value,) in cursor.fetchall()), str(place)
    assert {"tenants.Tenant.widget_secret", "tenants.Tenant.telemetry_token", "mfa.Authenticator.data"} <= set(
        map(str, secrets.places())
    )


def under(settings, *keys: str) -> None:
    """The process as it is after a restart with these keys."""
    settings.SALT_KEY = list(keys)
    for field in columns():
        if isinstance(field, EncryptedFieldMixin):
            for kept in ("keys", "f"):
                field.__dict__.pop(kept, None)


@pytest.fixture
def keys(settings, cast: Cast):
    before = settings.SALT_KEY
    yield lambda *keys: under(settings, *keys)
    under(settings, *before)


def rotated(**options: object) -> str:
    said = io.StringIO()
    call_command("rotate_secrets", stdout=said, **options)
    return said.getvalue()


def test_after_a_rotation_the_old_key_can_be_dropped(cast: Cast, keys, monkeypatch) -> None:
    monkeypatch.setattr(secrets, "BATCH", 1)  # both tenants, each in a batch of its own
    keys("old")
    for tenant in (cast.acme, cast.birch):
        tenant.widget_secret, tenant.telemetry_token = f"widget {tenant.slug}", None
        tenant.save()
    seed = EncryptedTextField().f.encrypt(b"totp seed").decode()
    Authenticator.objects.create(user=cast.agent, type="totp", data={"secret": seed, "other": "kept"})
    keys("new", "old")
    assert "tenants.Tenant.widget_secret: 2 held, 2 to re-encrypt" in rotated(dry_run=True)
    assert "tenants.Tenant.widget_secret: 2 held, 2 re-encrypted" in rotated()
    assert "tenants.Tenant.widget_secret: 2 held, 0 re-encrypted" in rotated(), "a second time there is nothing to do"
    keys("new")
    assert dict(Tenant.objects.values_list("slug", "widget_secret")) == {"acme": "widget acme", "birch": "widget birch"}
    kept = Authenticator.objects.get().data
    assert EncryptedTextField().f.decrypt(kept["secret"]) == b"totp seed"
    assert kept["other"] == "kept"


def test_what_no_key_opens_is_counted_and_left_alone(cast: Cast, keys) -> None:
    keys("lost")
    cast.acme.save()
    keys("new")
    cast.birch.save()
    with pytest.raises(CommandError, match="1 are opened by none"):
        rotated()
    keys("lost")
    assert Tenant.objects.get(slug="acme").widget_secret == cast.acme.widget_secret
