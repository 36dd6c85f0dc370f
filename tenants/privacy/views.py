"""Exports and erasures: the support side's pages, and the portal's "Your data"."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from companyos.web.errors import DomainError, NotFound
from companyos.web.gate import console_view, named
from tenants import audit, console, isolation
from tenants.models import DataJob, Requester
from tenants.portal.gate import portal_view
from tenants.privacy import jobs
from tenants.reauthentication import reauthenticated
from tenants.retention import holds
from tenants.retention.classes import function

SHOWN = 50


# ── The support side ─────────────────────────────────────────────────────────
@console_view(GET="privacy.run")
def requests(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, what is under way, and what was."""
    found = DataJob.objects.select_related("tenant", "requester", "decided_by").order_by("-asked_at", "-id")
    context = {
        "waiting": found.filter(state="waiting").order_by("asked_at")[:SHOWN],
        "jobs": found.exclude(state="waiting")[:SHOWN],
        "place": "retention",
    }
    return render(request, "tenants/data_requests.html", context)


@console_view(GET="tenant.read")
def person(request: HttpRequest, slug: str, requester_id: int) -> HttpResponse:
    """A requester, what is on hold of them, and the exports and erasures so far."""
    requester = _requester(request, slug, requester_id)
    audit.viewed(requester)
    return _person_page(request, requester)


@console_view(POST="privacy.run")
@reauthenticated("export this person's data")
def export(request: HttpRequest, slug: str, requester_id: int) -> HttpResponse:
    requester = _requester(request, slug, requester_id)
    try:
        jobs.ask_export(requester, actor=request.actor, now=timezone.now())
    except DomainError as error:
        return _person_page(request, requester, error)
    messages.success(request, "The export is being made. It stays for seven days, for you alone.")
    return redirect("person", slug, requester_id)


@console_view(GET="privacy.run", POST="privacy.run")
@reauthenticated("erase this person")
def erasure(request: HttpRequest, slug: str, requester_id: int) -> HttpResponse:
    """The form that says what goes and what stays, and asks for the address to be typed."""
    requester = _requester(request, slug, requester_id)
    error = None
    if request.method == "POST":
        typed, reason = named(request, "typed"), named(request, "reason")
        try:
            jobs.ask_erasure(requester, actor=request.actor, now=timezone.now(), typed=typed, reason=reason)
        except DomainError as refused:
            error = refused
        else:
            messages.success(request, "The erasure has begun.")
            return redirect("person", slug, requester_id)
    context = {
        "requester": requester,
        "tenant": requester.tenant,
        "holds": holds.on_erasing(requester),
        "cases": function("COUNT_CASES")(requester),
        "error": error,
        "typed": request.POST,
        "place": "retention",
    }
    return render(request, "tenants/erasure.html", context, status=error.status if error else 200)


@console_view(GET="privacy.run")
def job(request: HttpRequest, job: UUID) -> HttpResponse:
    """One job's progress, for the page that polls it."""
    return render(request, "tenants/_data_job.html", {"job": jobs.get(job, request.actor)})


@console_view(GET="privacy.run")
@reauthenticated("download this export", pages=True)
def download(request: HttpRequest, job: UUID) -> HttpResponseBase:
    return _download(request, job)


@console_view(POST="privacy.run")
@reauthenticated("erase this person")
def confirmation(request: HttpRequest, job: UUID) -> HttpResponse:
    """Let what the portal asked for begin."""
    found = jobs.get(job, request.actor)
    try:
        jobs.confirm(found, actor=request.actor, now=timezone.now(), typed=named(request, "typed"))
    except DomainError as error:
        return _person_page(request, found.requester, error)
    messages.success(request, "Confirmed; the erasure has begun.")
    return redirect("person", found.tenant.slug, found.requester_id)


@console_view(POST="privacy.run")
def refusal(request: HttpRequest, job: UUID) -> HttpResponse:
    found = jobs.get(job, request.actor)
    try:
        jobs.refuse(found, actor=request.actor, now=timezone.now(), reason=named(request, "reason"))
    except DomainError as error:
        return _person_page(request, found.requester, error)
    messages.success(request, "Refused; they read why in their portal.")
    return redirect("person", found.tenant.slug, found.requester_id)


def _requester(request: HttpRequest, slug: str, requester_id: int) -> Requester:
    tenant = console.get_tenant(slug, request.actor, viewed=False, content=False)
    return jobs.get_requester(tenant, requester_id, request.actor)


def _person_page(request: HttpRequest, requester: Requester, error: DomainError | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "requester": requester,
        "tenant": requester.tenant,
        "holds": holds.on_erasing(requester),
        "cases": function("COUNT_CASES")(requester),
        "jobs": DataJob.objects.filter(requester=requester).select_related("decided_by").order_by("-asked_at")[:SHOWN],
        "error": error,
        "place": "retention",
    }
    return render(request, "tenants/person.html", context, status=error.status if error else 200)


# ── The portal ───────────────────────────────────────────────────────────────
@portal_view(GET="privacy.request_own")
def own_data(request: HttpRequest) -> HttpResponse:
    """What is asked for already, and the forms to ask."""
    return _own_page(request)


@portal_view(POST="privacy.request_own")
def own_export(request: HttpRequest) -> HttpResponse:
    try:
        jobs.ask_export(_about(request), actor=request.actor, now=timezone.now())
    except DomainError as error:
        return _own_page(request, error)
    messages.success(request, "Your copy is being made. Come back in a minute.")
    return redirect("portal_data")


@portal_view(POST="privacy.request_own")
def own_erasure(request: HttpRequest) -> HttpResponse:
    typed, reason = named(request, "typed"), named(request, "reason")
    try:
        jobs.ask_erasure(_about(request), actor=request.actor, now=timezone.now(), typed=typed, reason=reason)
    except DomainError as error:
        return _own_page(request, error)
    messages.success(request, "Asked. The support side confirms it, and you see here when it is done.")
    return redirect("portal_data")


@portal_view(GET="privacy.request_own")
def own_file(request: HttpRequest, job: UUID) -> HttpResponseBase:
    """The visit itself is the fresh proof: its link came from the person's own sign-in, at most an hour ago."""
    return _download(request, job)


def _about(request: HttpRequest) -> Requester:
    """Oneself, or for an administrator whoever of the tenant is chosen."""
    chosen = named(request, "requester")
    if not chosen or chosen == str(request.requester.pk):
        return request.requester
    request.actor.require("privacy.request")
    with isolation.whole_tenant(request.requester.tenant_id):
        own = Requester.objects.filter(tenant_id=request.requester.tenant_id)
        found = own.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 18 else None
    if found is None:
        raise NotFound("not_found", "There is no such person; choose one from the list.")
    return found


def _own_page(request: HttpRequest, error: DomainError | None = None) -> HttpResponse:
    people: list[Requester] = []
    if request.actor.can("privacy.request"):
        with isolation.whole_tenant(request.requester.tenant_id):
            own = Requester.objects.filter(tenant_id=request.requester.tenant_id, erased_at__isnull=True)
            people = list(own.order_by("name")[:500])
    # What an administrator sees of colleagues' jobs is the database's to say; their names need the wider scope.
    found = list(DataJob.objects.order_by("-asked_at")[:SHOWN])
    with isolation.whole_tenant(request.requester.tenant_id):
        names = dict(Requester.objects.filter(pk__in={one.requester_id for one in found}).values_list("pk", "name"))
    mine = ("requester", request.actor.requester_id)
    lines = [(one, names.get(one.requester_id, ""), (one.asked_by_kind, one.asked_by_id) == mine) for one in found]
    context = {"jobs": lines, "people": people, "error": error, "typed": request.POST, "place": "data"}
    return render(request, "portal/data.html", context, status=error.status if error else 200)


# ── Both ─────────────────────────────────────────────────────────────────────
def _download(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The ZIP, as a download and nothing else; a refusal goes back to the page with its reason."""
    now = timezone.now()
    try:
        with isolation.whole_tenant(request.requester.tenant_id) if _in_portal(request) else nullcontext():
            found = jobs.downloadable(_job(request, uuid), actor=request.actor, now=now)
            archive = found.file.open("rb")
            audit.exported("a requester's data", record=found.requester)
    except FileNotFoundError:
        messages.error(request, "The file is no longer in the storage. Ask for the export again.")
        return HttpResponseRedirect(_way_back(request))
    except DomainError as error:
        if error.status in (403, 404):
            raise
        messages.error(request, error.message)
        return HttpResponseRedirect(_way_back(request))
    response = FileResponse(archive, as_attachment=True, filename=f"data-{found.asked_at:%Y-%m-%d}.zip")
    response["Content-Type"] = "application/zip"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _way_back(request: HttpRequest) -> str:
    return reverse("portal_data" if _in_portal(request) else "data_requests")


def _in_portal(request: HttpRequest) -> bool:
    return bool(request.actor.kind == "requester")


def _job(request: HttpRequest, uuid: UUID) -> DataJob:
    """Found with the asker's own eyes, whatever the scope around."""
    with isolation.scope(request.actor):
        if not DataJob.objects.filter(uuid=uuid).exists():
            raise NotFound("not_found", "There is no such job.")
    return jobs.get(uuid, request.actor)
