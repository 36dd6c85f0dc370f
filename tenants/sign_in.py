"""Accounts are made by operators, never by strangers."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):
    """No self-service sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
