"""Acknowledging and closing escalations, and one's own wish to be written to."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from cases.access import get_case
from cases.views.deeds import changed
from companyos.web.gate import console_view
from escalations import alerts, escalate
from escalations.models import Escalation


@console_view(POST="escalation.acknowledge")
def acknowledgements(request: HttpRequest, escalation_id: int) -> HttpResponse:
    """Take the escalation; who comes second is told who was first."""
    taken = escalate.acknowledge(escalate.get_escalation(escalation_id), actor=request.actor, now=timezone.now())
    mine = taken.acknowledged_by_id == request.actor.user_id
    return _answer(request, taken, "You have it." if mine else f"{taken.acknowledged_by} has it already.")


@console_view(POST="escalation.acknowledge")
def closures(request: HttpRequest, escalation_id: int) -> HttpResponse:
    closed = escalate.close(escalate.get_escalation(escalation_id), actor=request.actor, now=timezone.now())
    return _answer(request, closed, "Escalation closed.")


def _answer(request: HttpRequest, escalation: Escalation, words: str) -> HttpResponse:
    return changed(request, get_case(escalation.case.reference, request.actor, viewed=False), words)


@console_view(POST="console.use")
def alert_preferences(request: HttpRequest) -> HttpResponse:
    """Whether alerts come by e-mail, too."""
    wanted = request.POST.get("by_email") == "yes"
    alerts.set_by_email(request.user, wanted)
    messages.success(request, f"Alerts come {'by e-mail, too' if wanted else 'in the console alone'}.")
    return redirect("profile")
