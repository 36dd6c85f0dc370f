"""What happens at the door goes into the audit log: entries of no tenant, about the person.

`additional_data.event` tells which: sign_in, sign_in_failed, locked_out, sign_out, code_refused, factor_added,
factor_removed, codes_renewed, password_changed, password_reset, session_ended.
"""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from allauth.usersessions.models import UserSession
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.contrib.contenttypes.models import ContentType
from django.dispatch import receiver
from django.http import HttpRequest

from companyos.events.log import request_id
from tenants.models import AuditEntry, User
from tenants.sign_in import factors, lockout, sso
from tenants.sign_in.sessions import device, session_ended


def note(event: str, user: User | None, request: HttpRequest, *, about: str = "", **told: Any) -> None:
    """One audit row. `user` is None where an address was typed that names nobody; `about` is what was typed."""
    AuditEntry.objects.create(
        kind=AuditEntry.Kind.SIGN_IN,
        actor_kind="agent" if user else "",
        actor_ref=user.pk if user else None,
        actor_name=str(user)[:200] if user else "",
        via="console",
        content_type=ContentType.objects.get_for_model(User),
        object_pk=str(user.pk) if user else "",
        object_id=user.pk if user else None,
        object_repr=(str(user) if user else about)[:200],
        action=AuditEntry.Action.ACCESS,
        actor=user if request.user.is_authenticated and user else None,
        remote_addr=lockout.address_of(request),
        cid=request_id(),
        additional_data={"event": event, **told},
    )


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    sociallogin = kwargs.get("sociallogin")
    request.session[factors.TRUSTED_SESSION_KEY] = sso.second_factor_of(sociallogin)
    records = get_authentication_records(request, user)
    by = ["passkey" if record.get("passwordless") else record.get("type", record["method"]) for record in records]
    note("sign_in", user, request, by=by)


@receiver(user_login_failed)
def refused(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    if request is None or lockout.was_locked_before(request):
        return  # what is tried meanwhile changes nothing and is not written down again
    typed = lockout.account_of(request, credentials)
    note("sign_in_failed", User.objects.filter(email__iexact=typed).first(), request, about=typed)


@receiver(user_locked_out)
def locked_out(request: HttpRequest, username: str, **kwargs: Any) -> None:
    if lockout.was_locked_before(request):
        return  # told once
    if username.startswith(lockout.CODES):
        user = User.objects.filter(pk=username.removeprefix(lockout.CODES)).first()
    else:
        user = User.objects.filter(email__iexact=username).first()
    note("locked_out", user, request, about=username, of="codes" if username.startswith(lockout.CODES) else "password")


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        note("sign_out", user, request)


@receiver(authentication_failed)
def code_refused(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note("code_refused", user, request, factor=authenticator.type)


@receiver(authenticator_added)
def factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note("factor_added", user, request, factor=authenticator.type)


@receiver(authenticator_removed)
def factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note("factor_removed", user, request, factor=authenticator.type)


@receiver(authenticator_reset)
def codes_renewed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    note("codes_renewed", user, request)


@receiver([password_changed, password_set])
def changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    note("password_changed", user, request)


@receiver(password_reset)
def reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    note("password_reset", user, request)


@receiver(session_ended)
def ended(request: HttpRequest, session: UserSession, **kwargs: Any) -> None:
    note("session_ended", session.user, request, device=device(session.user_agent), address=session.ip)
