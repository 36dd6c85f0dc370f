"""Sessions end: after a while without use, after a longest time whatever happens, and with the account."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from tenants import reauthentication
from tenants.models import User
from tenants.sign_in import lockout

SINCE, SEEN = "signed_in_at", "seen_at"
# How exact "last seen" is, and the most that an idle timeout is late; a write to the database each.
TOUCH_SECONDS = 60
BATCH = 1000
session_ended = Signal()  # request, session
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
           ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
            ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"))  # fmt: skip


class SessionLimitsMiddleware:
    """Ends a session that is too old or was unused for too long, before anybody asks who the user is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            now = time.time()
            if _is_over(request.session, now):
                logout(request)
            elif now - request.session.get(SEEN, 0) >= TOUCH_SECONDS:
                _touch(request, now)
        return self.get_response(request)


def _is_over(session: SessionBase | dict[str, Any], now: float) -> bool:
    """Too old, or unused for too long. One that does not say when it began was opened before there were limits."""
    since, seen = session.get(SINCE, 0), session.get(SEEN, 0)
    return bool(now - since > settings.SESSION_LONGEST_SECONDS or now - seen > settings.SESSION_IDLE_SECONDS)


def _touch(request: HttpRequest, now: float) -> None:
    request.session[SEEN] = now
    last = {"last_seen_at": timezone.now()}
    if address := lockout.address_of(request):
        last["ip"] = address  # type: ignore[assignment]
    known = UserSession.objects.filter(session_key=request.session.session_key).update(**last)
    if not known and request.user.is_authenticated:
        UserSession.objects.create_from_request(request)


@receiver(user_logged_in)
def begin(request: HttpRequest, **kwargs: Any) -> None:
    request.session[SINCE] = request.session[SEEN] = time.time()
    if waiting := getattr(request, "suspended_deed", None):
        request.session[reauthentication.SESSION_KEY] = waiting


@receiver(post_save, sender=User)
def end_with_the_account(instance: User, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Switched off: nothing of it is left that could wake up when it is switched on again."""
    if not created and not raw and not instance.is_active:
        end_all(instance)


def end_all(user: User) -> int:
    """End every listed session of the person; how many there were."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def end(request: HttpRequest, chosen: QuerySet[UserSession]) -> int:
    """End those of the chosen that are the person's own and not this very one; how many there were."""
    own = chosen.filter(user=request.user).exclude(session_key=request.session.session_key)
    found = list(own)
    for session in found:
        session.end()
        session_ended.send(sender=UserSession, request=request, session=session)
    return len(found)


def forget_ended(now: datetime) -> int:
    """Delete a batch of rows of sessions that are over; how many."""
    over = Session.objects.filter(expire_date__lt=now).values("pk")[:BATCH]
    gone, _ = Session.objects.filter(pk__in=over).delete()
    live = Session.objects.filter(session_key=OuterRef("session_key"))
    unlisted = UserSession.objects.filter(~Exists(live)).values("pk")[:BATCH]
    return gone + UserSession.objects.filter(pk__in=unlisted).delete()[0]


class Listed(NamedTuple):
    pk: int
    device: str
    address: str
    since: datetime
    seen: datetime
    current: bool


def of(request: HttpRequest) -> list[Listed]:
    """The person's sessions that still hold, this one first; two queries however many there are."""
    known = UserSession.objects.filter(user=request.user)
    kept = Session.objects.filter(session_key__in=known.values("session_key"), expire_date__gt=timezone.now())
    holding = {one.session_key for one in kept if _holds(one.get_decoded(), request.user)}  # type: ignore[arg-type]
    here = request.session.session_key
    listed = [
        Listed(one.pk, device(one.user_agent), one.ip, one.created_at, one.last_seen_at, one.session_key == here)
        for one in known
        if one.session_key in holding
    ]
    return sorted(listed, key=lambda one: (one.current, one.seen), reverse=True)


def _holds(session: dict[str, Any], user: User) -> bool:
    """Whether its next request would be let in: of the present password, and neither too old nor unused too long."""
    if _is_over(session, time.time()):
        return False
    known = str(session.get(HASH_SESSION_KEY, ""))
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(known, one) for one in hashes)


def device(user_agent: str) -> str:
    """The words of a browser in two: "Firefox on Windows"."""
    browser = next((name for mark, name in BROWSERS if f"{mark}/" in user_agent), "A program")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
