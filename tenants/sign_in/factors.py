"""Second factors: how their secrets are kept, how often codes may be guessed, and who must have one."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from cryptography.fernet import Fernet, MultiFernet
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from encrypted_fields.fields import EncryptedTextField

from tenants.models import User
from tenants.sign_in import lockout

# Set in a session that was opened by single sign-on, when the provider's own second factor is trusted.
TRUSTED_SESSION_KEY = "sso_second_factor"
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# No code is taken twice; seconds for which a used one could still be valid, with the tolerance on both sides.
CODE_LIFETIME = 120


@cache
def _keys() -> Fernet | MultiFernet:
    """The keys of the fields encrypted at rest, so that one rotation covers both. Deriving them is slow."""
    return EncryptedTextField().f


class SealedSecrets(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes are encrypted in the database."""

    def get_totp_issuer(self) -> str:
        return "CompanyOS"

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _keys().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}" if number > 1 else "Passkey"

    def _get_site_name(self) -> str:
        return "CompanyOS"


class _Guarded:
    """Guesses are counted and used codes remembered in PostgreSQL, one at a time for each person."""

    user: User

    def clean_code(self) -> str:
        refusal: forms.ValidationError | None = None
        with transaction.atomic():
            # The lock is what keeps parallel guesses from slipping past the count.
            list(Authenticator.objects.select_for_update().filter(user=self.user).order_by("pk"))
            lockout.refuse_more_codes(self.user)
            try:
                code = str(super().clean_code())  # type: ignore[misc]
                self._use_once(code)
            except forms.ValidationError as error:
                refusal = error  # raised after the commit, or the count would be undone with it
        if refusal is not None:
            lockout.code_refused(self.user)
            raise refusal
        lockout.code_accepted(self.user)
        return code

    def _use_once(self, code: str) -> None:
        factor: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if factor.type != Authenticator.Type.TOTP:
            return
        now = time.time()
        used = {word: at for word, at in factor.data.get("used", {}).items() if now - at < CODE_LIFETIME}
        word = "".join(code.split())
        if word in used:
            raise forms.ValidationError("This code was used already. Wait for the next one.", code="code_used")
        factor.data["used"] = used | {word: now}
        factor.save(update_fields=["data"])


class CodeForm(_Guarded, AuthenticateForm):
    """A code at sign-in."""


class CodeAgainForm(_Guarded, ReauthenticateForm):
    """A code to confirm that it is still the same person."""


class PasskeyForm(AddWebAuthnForm):
    """A passkey signs in by itself; without that, it is asked for after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = self.fields["passwordless"]
        alone.label, alone.initial = "Sign in with it alone, without the password", True
        alone.help_text = "Your device then asks for its PIN, your finger or your face."


def has_one(user: User) -> bool:
    return bool(is_mfa_enabled(user, FACTORS))


def missing(request: HttpRequest) -> bool:
    """Whether this session must get a second factor before it reaches anything else."""
    if not settings.MFA_REQUIRED or not request.user.is_authenticated:
        return False
    return not request.session.get(TRUSTED_SESSION_KEY) and not has_one(request.user)  # type: ignore[arg-type]
