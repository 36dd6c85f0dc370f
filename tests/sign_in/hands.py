"""What the tests of signing in do with their hands."""

from __future__ import annotations

import re
import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core import context
from allauth.mfa.totp.internal import auth as totp
from django.test import Client, TestCase
from django.urls import reverse

from tenants.models import AuditEntry, User

PASSWORD = "correct-horse-battery"


def sign_in_at(client: Client, person: User, age: float = 0.0) -> None:
    """A session that was opened with the password `age` seconds ago: recent enough for sensitive deeds, or not."""
    client.force_login(person)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - age}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


def give_password(person: User) -> User:
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(client: Client, person: User | str, password: str = PASSWORD):
    email = person if isinstance(person, str) else person.email
    return client.post(reverse("account_login"), {"login": email, "password": password})


def code(secret: str, periods: int = 0) -> str:
    """What an authenticator app shows now, or some periods of 30 seconds later."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + periods))


def set_up_app(client: Client) -> str:
    """Switch on the authenticator app for whoever is signed in; its secret."""
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    # The test's own transaction never commits, so what waits for it is called here.
    with TestCase.captureOnCommitCallbacks() as waiting:
        answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    with context.request_context(answer.wsgi_request):
        for callback in waiting:
            callback()
    assert answer.status_code == 302, answer.content.decode()
    return str(secret)


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r'<li class="ref">(\d+)</li>', client.get(reverse("mfa_view_recovery_codes")).content.decode())


def noted() -> list[str]:
    """What the audit log has heard from the door, oldest first."""
    rows = AuditEntry.objects.filter(additional_data__has_key="event").order_by("pk")
    return [row.additional_data["event"] for row in rows]
