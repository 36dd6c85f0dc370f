"""Single sign-on by OpenID Connect: it opens accounts that operators made, and makes none."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.shortcuts import render

from tenants import reauthentication
from tenants.access import STAFF_ROLES
from tenants.models import User


class KnownPeople(DefaultSocialAccountAdapter):
    """A person is known by the provider's subject, and the first time by an e-mail address that it has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise _refused(request)  # nobody joins identities by hand
        if not sociallogin.is_existing:
            user = _by_verified_address(sociallogin)
            if user is None:
                raise _refused(request)
            sociallogin.connect(request, user)
        if request.user == sociallogin.user:  # proves themselves anew, which ends this session
            request.suspended_deed = request.session.get(reauthentication.SESSION_KEY)  # type: ignore[attr-defined]
        assign_role(sociallogin.user, sociallogin.account.extra_data)


def _refused(request: HttpRequest) -> ImmediateHttpResponse:
    return ImmediateHttpResponse(render(request, "socialaccount/unknown.html", status=403))


def _by_verified_address(sociallogin: SocialLogin) -> User | None:
    """The account of the address, unless another subject of the provider holds it already: addresses are reused."""
    verified = [address.email for address in sociallogin.email_addresses if address.verified]
    if not verified or not settings.SSO_MATCH_BY_EMAIL:
        return None
    user: User | None = User.objects.filter(email__iexact=verified[0], is_active=True, is_service=False).first()
    if user is None or SocialAccount.objects.filter(user=user, provider=sociallogin.account.provider).exists():
        return None
    return user


def assign_role(user: User, told: dict[str, Any]) -> None:
    """Where SSO_ROLES maps the provider's groups, they decide the role at each sign-in; none fits: no role."""
    if not settings.SSO_ROLES:
        return
    groups = _claims(told).get(settings.SSO_ROLE_CLAIM) or []
    given = {
        settings.SSO_ROLES[name]
        for name in ([groups] if isinstance(groups, str) else groups)
        if name in settings.SSO_ROLES
    }
    role = next((role for role in STAFF_ROLES if role in given), None)
    wanted = Group.objects.filter(name=role)
    if set(user.groups.filter(name__in=STAFF_ROLES)) != set(wanted):
        user.groups.remove(*Group.objects.filter(name__in=STAFF_ROLES))
        user.groups.add(*wanted)


def second_factor_of(sociallogin: SocialLogin | None) -> bool:
    """Whether the provider says, in the token that it signed, that it asked for a second factor, and is trusted."""
    if sociallogin is None or not settings.SSO_TRUST_MFA:
        return False
    methods = (sociallogin.account.extra_data.get("id_token") or {}).get("amr") or []
    return bool(set(methods) & set(settings.SSO_MFA_METHODS))


def _claims(told: dict[str, Any]) -> dict[str, Any]:
    return {**(told.get("userinfo") or {}), **(told.get("id_token") or {})}
