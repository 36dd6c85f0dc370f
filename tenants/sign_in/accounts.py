"""Accounts are made by operators, never by strangers; programs have keys and no door."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tenants import reauthentication
from tenants.models import User


class ClosedSignUp(DefaultAccountAdapter):
    """No self-service sign-up, one rule of what proof is recent, and nothing for service accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required and not (self.request and reauthentication.is_recent(self.request))

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:  # type: ignore[override]
        if user.is_service:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)  # type: ignore[no-any-return]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("security")


@receiver(post_save, sender=User)
def forget_former_addresses(instance: User, raw: bool = False, **kwargs: Any) -> None:
    """The library also knows people by the addresses that it has confirmed; only the operator's is to open anything."""
    if not raw:
        EmailAddress.objects.filter(user=instance).exclude(email__iexact=instance.email).delete()


class OwnPasswordReset(ResetPasswordForm):
    """A link for those who have a password to forget; the answer on the page is the same for everybody."""

    users: list[User]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.has_usable_password() and not user.is_service]
        return email
