"""Channels of alerts: the list with the last test of each, one channel, testing and removing it."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from companyos.web.errors import DomainError
from companyos.web.gate import console_view
from escalations.alert_rules import may_edit
from escalations.models import Channel
from integrations import channels as verbs
from integrations.forms import ChannelForm
from tenants import audit

MOST = 200
PLACE = {"place": "service-levels", "tab": "alerts"}


@console_view(GET="policy.read")
def channels(request: HttpRequest) -> HttpResponse:
    rows = list(Channel.objects.select_related("tenant").prefetch_related("rules").order_by("name")[:MOST])
    audit.listed(rows)
    tested = verbs.last_tests(rows)
    shown = [(row, tested.get(row.pk), may_edit(request.actor, row.tenant_id)) for row in rows]
    return render(request, "integrations/channels.html", {"rows": shown, **PLACE})


@console_view(GET="policy.edit", POST="policy.edit")
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@console_view(GET="policy.edit", POST="policy.edit")
def channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    found = verbs.get_channel(channel_id)
    audit.viewed(found)
    return _form(request, found)


def _form(request: HttpRequest, found: Channel | None) -> HttpResponse:
    initial = {"version": found.version if found else 0}
    posted = request.POST if request.method == "POST" else None
    form = ChannelForm(posted, instance=found, initial=initial, actor=request.actor)
    status = 200
    if posted is not None:
        status = _saved(request, form, found)
        if status == 200:
            messages.success(request, "Channel saved. Send a test to see that it arrives.")
            return redirect("channels")
    may = found is None or may_edit(request.actor, found.tenant_id)
    context = {"form": form, "channel": found, "may": may, **PLACE}
    return render(request, "integrations/channel.html", context, status=status)


def _saved(request: HttpRequest, form: ChannelForm, found: Channel | None) -> int:
    """200, or the status of the refusal, which the form then shows."""
    if not form.is_valid():
        return 422
    typed, seen = form.cleaned_data["addresses"], form.cleaned_data["version"] or 0
    try:
        with transaction.atomic():
            verbs.save(found, form.values(), typed, actor=request.actor, seen=seen)
    except DomainError as error:
        form.refuse(error)
        return error.status
    return 200


@console_view(POST="policy.edit")
def tests(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Send a test; the list tells what became of it."""
    found = verbs.get_channel(channel_id)
    verbs.test(found, actor=request.actor, now=timezone.now())
    messages.success(request, f"A test is on its way to “{found.name}”. Reload to see whether it arrived.")
    return redirect("channels")


@console_view(GET="policy.edit", POST="policy.edit")
def removals(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Asks first."""
    found, error = verbs.get_channel(channel_id), None
    if request.method == "POST":
        seen = request.POST.get("version", "")
        try:
            with transaction.atomic():
                verbs.remove(found, actor=request.actor, seen=int(seen) if seen.isdecimal() and len(seen) < 9 else 0)
        except DomainError as refused:
            error = refused
        else:
            messages.success(request, f"“{found.name}” is removed.")
            return redirect("channels")
    context = {"channel": verbs.get_channel(channel_id), "error": error, **PLACE}
    return render(request, "integrations/channel_removal.html", context, status=error.status if error else 200)
