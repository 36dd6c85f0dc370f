"""What the tests of signing in do with their hands."""

from __future__ import annotations

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

from tenants.models import User


def sign_in_at(client: Client, person: User, age: float = 0.0) -> None:
    """A session that was opened with the password `age` seconds ago: recent enough for sensitive deeds, or not."""
    client.force_login(person)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - age}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
