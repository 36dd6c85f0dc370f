"""One's own API keys, and for operators the service accounts with theirs. A key is shown once, by the deed's answer."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from companyos.web.errors import DomainError
from companyos.web.gate import console_view
from tenants import keys, reach
from tenants.access import SERVICE
from tenants.keys import accounts as service_accounts
from tenants.keys.forms import AccountForm, KeyForm, RotationForm
from tenants.models import ApiKey, User
from tenants.reauthentication import reauthenticated

ENDED_SHOWN = 10


def _listed(user: User) -> dict[str, object]:
    """The live keys, soonest end first, and the last that ended."""
    now = timezone.now()
    rows = [(row, row.state(now)) for row in user.api_keys.order_by("expires_at")]
    ended = [(row, state) for row, state in reversed(rows) if state != "live"]
    return {"live": [row for row, state in rows if state == "live"], "ended": ended[:ENDED_SHOWN]}


def _made(request: HttpRequest, made: keys.Made, back: str) -> HttpResponse:
    """The page that shows the key. It is nowhere else: nothing may keep the page."""
    answer = render(request, "tenants/key_made.html", {"made": made, "back": back, "place": "profile"})
    add_never_cache_headers(answer)
    return answer


# ── One's own ────────────────────────────────────────────────────────────────
@console_view(GET="key.own", POST="key.own")
@reauthenticated("make an API key")
def own_keys(request: HttpRequest) -> HttpResponse:
    """One's own keys; POST makes one."""
    form = KeyForm(request.actor.role, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = keys.make(request.user, **form.asked(), actor=request.actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            return _made(request, made, reverse("keys"))
    page = {"form": form, "place": "profile", "action": reverse("keys"), **_listed(request.user)}
    return render(request, "tenants/keys.html", page, status=422 if form.errors else 200)


@console_view(GET="key.own", POST="key.own")
def own_revocation(request: HttpRequest, key_id: int) -> HttpResponse:
    """Asks whether to end the key, and ends it."""
    return _revocation(request, keys.key_of(request.user, key_id), reverse("keys"))


@console_view(GET="key.own", POST="key.own")
@reauthenticated("rotate this key")
def own_rotation(request: HttpRequest, key_id: int) -> HttpResponse:
    """Asks how long the old key goes on, and makes the new one."""
    return _rotation(request, keys.key_of(request.user, key_id), reverse("keys"))


def _revocation(request: HttpRequest, row: ApiKey, back: str) -> HttpResponse:
    if request.method == "POST":
        keys.revoke(row, actor=request.actor, now=timezone.now())
        messages.success(request, f"{row.name} is revoked: it opens nothing any more.")
        return redirect(back)
    return _asked(request, {"deed": "revocation", "key": row, "back": back})


def _rotation(request: HttpRequest, row: ApiKey, back: str) -> HttpResponse:
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = keys.rotate(row, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            return _made(request, made, back)
    status = 422 if form.errors else 200
    return _asked(request, {"deed": "rotation", "key": row, "back": back, "form": form}, status)


def _asked(request: HttpRequest, asked: dict[str, object], status: int = 200) -> HttpResponse:
    """The question: in the dialog for htmx, else as a page of its own. Its answer is a plain form."""
    template = "tenants/_key_deed.html" if request.htmx else "tenants/key_deed.html"
    return render(request, template, asked | {"place": "profile"}, status=status)


# ── Service accounts ─────────────────────────────────────────────────────────
@console_view(GET="key.manage", POST="key.manage")
def accounts(request: HttpRequest) -> HttpResponse:
    """The service accounts; POST makes one."""
    form = AccountForm(None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = service_accounts.make(**form.asked(), actor=request.actor)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{made} is there. Now make it a key.")
            return redirect("service-account", made.pk)
    page = {"rows": service_accounts.with_reach(request.actor), "form": form, "place": "service-accounts"}
    return render(request, "tenants/service_accounts.html", page, status=422 if form.errors else 200)


@console_view(GET="key.manage", POST="key.manage")
@reauthenticated("change this service account")
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """One service account with its keys; POST changes name, purpose, reach, or whether it works."""
    found = service_accounts.get(account_id, request.actor)
    form = AccountForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            changed = service_accounts.change(found, **form.asked(), actor=request.actor)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{changed} saved.")
            return redirect("service-account", changed.pk)
    return _account_page(request, found, form, KeyForm(SERVICE))


@console_view(POST="key.manage")
@reauthenticated("make a key for this service account")
def account_keys(request: HttpRequest, account_id: int) -> HttpResponse:
    """Makes a key for the service account."""
    found = service_accounts.get(account_id, request.actor)
    form = KeyForm(SERVICE, request.POST)
    if form.is_valid():
        try:
            made = keys.make(found, **form.asked(), actor=request.actor, now=timezone.now())
        except DomainError as error:
            form.refuse(error)
        else:
            return _made(request, made, reverse("service-account", args=[found.pk]))
    return _account_page(request, found, AccountForm(found), form)


def _account_page(request: HttpRequest, found: User, form: AccountForm, key_form: KeyForm) -> HttpResponse:
    page = {"account": found, "form": form, "key_form": key_form, "reach": reach.words(found.pk)}
    page |= {"place": "service-accounts", "action": reverse("service-account-keys", args=[found.pk]), **_listed(found)}
    refused = form.errors or key_form.errors
    return render(request, "tenants/service_account.html", page, status=422 if refused else 200)


def _of_account(request: HttpRequest, account_id: int, key_id: int, asked: Callable[..., HttpResponse]) -> HttpResponse:
    found = service_accounts.get(account_id, request.actor)
    return asked(request, keys.key_of(found, key_id), reverse("service-account", args=[found.pk]))


@console_view(GET="key.manage", POST="key.manage")
def account_revocation(request: HttpRequest, account_id: int, key_id: int) -> HttpResponse:
    return _of_account(request, account_id, key_id, _revocation)


@console_view(GET="key.manage", POST="key.manage")
@reauthenticated("rotate this key")
def account_rotation(request: HttpRequest, account_id: int, key_id: int) -> HttpResponse:
    return _of_account(request, account_id, key_id, _rotation)
