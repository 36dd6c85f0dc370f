"""Retention in the console: policies with their previews, legal holds, and runs. Every deed answers the page again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from companyos.web.errors import DomainError, NotFound
from companyos.web.gate import console_view, named
from tenants.models import LegalHold, Requester, RetentionRun, Tenant
from tenants.reauthentication import reauthenticated
from tenants.retention import holds, policies, runs
from tenants.retention.classes import classes

RUNS_SHOWN = 15


@console_view(GET="retention.read")
def retention(request: HttpRequest) -> HttpResponse:
    """The policies of one tenant, or the defaults; what is on hold; the latest runs."""
    return _page(request, _tenant(request.GET.get("tenant", "")))


@console_view(GET="retention.read", POST="retention.edit")
def policy_list(request: HttpRequest) -> HttpResponse:
    """Write a period down, as a draft."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("retention"))
    tenant = _tenant(named(request, "tenant"))

    def save() -> str:
        days = policies.days_from(named(request, "days"))
        data_class = named(request, "data_class")
        policy = policies.set_days(
            tenant, data_class, days, actor=request.actor, now=timezone.now(), seen=_seen(request)
        )
        return f"{classes()[policy.data_class].title}: {policy.days} days, {policy.get_state_display().lower()}."

    return _done(request, tenant, save)


@console_view(POST="retention.edit")
def preview(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Count what the policy would take."""
    policy = policies.get(policy_id, request.actor)

    def look() -> str:
        policies.preview(policy, actor=request.actor, now=timezone.now(), seen=_seen(request))
        return "Counted. Read what would go, then confirm."

    return _done(request, policy.tenant, look)


@console_view(POST="retention.edit")
@reauthenticated("put this policy in force")
def activation(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Confirm what the preview showed."""
    policy = policies.get(policy_id, request.actor)

    def confirm() -> str:
        policies.activate(policy, actor=request.actor, now=timezone.now(), seen=_seen(request))
        return "In force. The next run carries it out."

    return _done(request, policy.tenant, confirm)


@console_view(POST="retention.edit")
def suspension(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Stop a policy at once."""
    policy = policies.get(policy_id, request.actor)

    def stop() -> str:
        policies.suspend(policy, actor=request.actor, now=timezone.now(), seen=_seen(request))
        return "Stopped. Nothing more goes by this policy."

    return _done(request, policy.tenant, stop)


@console_view(POST="retention.edit")
def run_list(request: HttpRequest) -> HttpResponse:
    """Start a run for one tenant, or a dry one that only counts."""
    tenant = _named_tenant(request)

    def begin() -> str:
        run = runs.start(tenant, dry=named(request, "dry") == "1", actor=request.actor, now=timezone.now())
        return f"{'Counting' if run.dry else 'Running'} for {tenant}."

    return _done(request, tenant, begin)


@console_view(GET="retention.read")
def run(request: HttpRequest, retention_run_id: int) -> HttpResponse:
    """One run's progress, for the list that polls it."""
    found = RetentionRun.objects.select_related("tenant").filter(pk=retention_run_id).first()
    if found is None:
        raise NotFound("not_found", "There is no such run.")
    return render(request, "tenants/_retention_run.html", {"run": found, "lines": _lines(found)})


@console_view(POST="hold.edit")
def hold_list(request: HttpRequest) -> HttpResponse:
    """Place a hold on a tenant, a requester (by e-mail address) or a case (by reference)."""
    tenant = _named_tenant(request)

    def place() -> str:
        what, reason = named(request, "what").strip(), named(request, "reason")
        person = _person(tenant, what) if "@" in what else None
        hold = holds.place(
            tenant,
            reason=reason,
            requester=person,
            reference="" if person else what,
            actor=request.actor,
            now=timezone.now(),
        )
        return f"{hold}: nothing of it is deleted or erased."

    return _done(request, tenant, place)


@console_view(POST="hold.edit")
@reauthenticated("release this hold")
def release(request: HttpRequest, hold_id: int) -> HttpResponse:
    """End a hold."""
    hold = LegalHold.objects.select_related("tenant").filter(pk=hold_id).first()
    if hold is None:
        raise NotFound("not_found", "There is no such hold.")

    def end() -> str:
        holds.release(hold_id, reason=named(request, "reason"), actor=request.actor, now=timezone.now())
        return f"{hold} is released."

    return _done(request, hold.tenant, end)


def _tenant(slug: str) -> Tenant | None:
    """None for the defaults."""
    if not slug:
        return None
    found = Tenant.objects.filter(slug=slug.replace("\x00", "")).first()
    if found is None:
        raise NotFound("not_found", "There is no such tenant; choose one from the list.")
    return found


def _named_tenant(request: HttpRequest) -> Tenant:
    tenant = _tenant(named(request, "tenant"))
    if tenant is None:
        raise DomainError("required", "Choose a tenant first.", "tenant")
    return tenant


def _person(tenant: Tenant, email: str) -> Requester:
    found = list(Requester.objects.filter(tenant=tenant, email__iexact=email)[:2])
    if not found:
        raise DomainError("unknown_requester", f"{tenant} has no requester with the address {email[:100]}.", "what")
    if len(found) > 1:
        words = f"Several people of {tenant} have the address {email[:100]}; hold their cases, or all of {tenant}."
        raise DomainError("several_requesters", words, "what")
    return found[0]


def _seen(request: HttpRequest) -> int | None:
    text = named(request, "seen")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _done(request: HttpRequest, tenant: Tenant | None, deed: Callable[[], str]) -> HttpResponse:
    """Do it and go back to the page; a refusal shows the page with its message and what was typed."""
    try:
        messages.success(request, deed())
    except DomainError as error:
        if error.status == 403:
            raise
        return _page(request, tenant, error)
    query = f"?tenant={tenant.slug}" if tenant else ""
    return HttpResponseRedirect(f"{reverse('retention')}{query}")


def _page(request: HttpRequest, tenant: Tenant | None, error: DomainError | None = None) -> HttpResponse:
    found = RetentionRun.objects.select_related("tenant").order_by("-asked_at", "-id")
    found = found.filter(tenant=tenant) if tenant else found
    held = holds.in_force().order_by("-placed_at")
    context: dict[str, Any] = {
        "tenant": tenant,
        "tenants": Tenant.objects.order_by("name"),
        "policies": policies.of_tenant(tenant.pk if tenant else None),
        "holds": held.filter(tenant=tenant) if tenant else held,
        "runs": [(one, _lines(one)) for one in found[:RUNS_SHOWN]],
        "error": error,
        "typed": request.POST if error else {},
        "may_default": request.actor.tenant_ids is None,
        "place": "retention",
    }
    return render(request, "tenants/retention.html", context, status=error.status if error else 200)


def _lines(run: RetentionRun) -> list[dict[str, Any]]:
    return [
        {"title": one.title, "unit": one.unit, **run.counts[key]} for key, one in classes().items() if key in run.counts
    ]
