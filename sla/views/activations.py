"""From a draft to a version: its preview with progress, its activation, taking over what was published meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_htmx.http import HttpResponseClientRedirect

from companyos.web.errors import DomainError
from companyos.web.gate import console_view, named
from sla import jobs
from sla.drafts import activation, drafting, preview
from sla.drafts.changes import changes
from sla.models import Draft, Job
from sla.templatetags.service_levels import draft_address
from sla.views.policies import PLACE, number


@console_view(POST="policy.edit")
def previews(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Ask for a preview of the draft as it stands."""
    row, seen, now = drafting.get(draft_id), number(request, "seen"), timezone.now()
    return _done(request, row, lambda: drafting.ask_preview(row.pk, seen=seen, actor=request.actor, now=now), "")


@console_view(POST="policy.edit")
def rebases(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Let the draft follow the version that was published since it was begun."""
    row, seen, now = drafting.get(draft_id), number(request, "seen"), timezone.now()
    words = "The draft follows the newest version now. Preview it again."
    return _done(request, row, lambda: drafting.rebase(row.pk, seen=seen, actor=request.actor, now=now), words)


@console_view(POST="policy.edit")
def removals(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Drop the draft."""
    row = drafting.get(draft_id)
    try:
        drafting.discard(row.pk, seen=number(request, "seen"), actor=request.actor)
    except DomainError as error:
        return _refused(request, row, error)
    messages.success(request, f"The draft of {row.key} is gone; nothing else changed.")
    return redirect("policies")


@console_view(GET="policy.edit", POST="policy.edit")
def activations(request: HttpRequest, draft_id: int) -> HttpResponse:
    """When and why; then the draft is a version."""
    row = drafting.get(draft_id)
    drafting.require_reach(request.actor, row.tenant_id)
    if request.method != "POST":
        return _dialog(request, row)
    now = timezone.now()
    try:
        active_from = _instant(request, now)
        made = activation.activate(
            row.pk,
            active_from=active_from,
            reason=named(request, "reason"),
            seen=number(request, "seen"),
            actor=request.actor,
            now=now,
        )
    except DomainError as error:
        if error.status == 403:
            raise
        return _dialog(request, row, error)
    when = "from now on" if active_from == now else f"from {timezone.localtime(active_from):%Y-%m-%d %H:%M %Z} on"
    what = ", ".join(f"{policy.name} version {policy.version}" for policy in made) or f"{row.kind} {row.key}"
    messages.success(request, f"{'Retired' if row.retires else 'In force'} {when}: {what}. Open clocks follow.")
    address = redirect("policy", row.key) if row.kind == drafting.POLICY else redirect("policies")
    return HttpResponseClientRedirect(address.url) if request.htmx else address


@console_view(GET="policy.read")
def run(request: HttpRequest, job_id: int) -> HttpResponse:
    """A preview's progress and outcome: a part of the page for the poll, else a page of its own."""
    job = jobs.get(job_id, kind=preview.KIND, actor=request.actor)
    if request.htmx:
        answer = render(request, "sla/_job.html", {"job": job})
        if job.state not in Job.OPEN:  # what the draft waits for has changed with it
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "sla/run.html", {"job": job, **PLACE})


@console_view(POST="policy.edit")
def cancellations(request: HttpRequest, job_id: int) -> HttpResponse:
    """Stop a preview at its next step."""
    jobs.cancel(job_id, kind=preview.KIND, actor=request.actor, now=timezone.now())
    return redirect("preview_run", job_id)


def _instant(request: HttpRequest, now: datetime) -> datetime:
    """When it is to hold from, read in the viewer's zone; "now" is this instant."""
    if named(request, "when") != "at":
        return now
    at = None
    with suppress(ValueError):  # well written, but no such day or hour
        at = parse_datetime(named(request, "at"))
    if at is None:
        raise DomainError("bad_instant", "Write a date and a time, such as 2026-12-01 09:00.", "at")
    return at if timezone.is_aware(at) else timezone.make_aware(at)


def _dialog(request: HttpRequest, row: Draft, error: DomainError | None = None) -> HttpResponse:
    base = drafting.newest(row.kind, row.key)
    context: dict[str, Any] = {
        "draft": row,
        "job": row.preview,
        "changes": changes(drafting.written(base), row.document) if base else [],
        "asked": request.POST,
        "error": error,
        **PLACE,
    }
    template = "sla/_activation.html" if request.htmx else "sla/activation.html"
    return render(request, template, context, status=error.status if error else 200)


def _done(request: HttpRequest, row: Draft, deed: Callable[[], object], words: str) -> HttpResponse:
    try:
        deed()
    except DomainError as error:
        return _refused(request, row, error)
    if words:
        messages.success(request, words)
    return redirect(f"{draft_address(row)}#draft-gate")


def _refused(request: HttpRequest, row: Draft, error: DomainError) -> HttpResponse:
    """Back to the draft with the words, which only then tells what is the matter."""
    if error.status in (403, 404):
        raise error
    messages.error(request, error.message)
    return redirect(draft_address(row))
