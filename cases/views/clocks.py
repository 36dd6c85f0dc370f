"""One clock of a case, explained: why it is due then, as it stood at the instant that the reader picks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cases import dials
from cases.access import get_case
from cases.explaining import causes as clock_causes
from cases.explaining import drawing as clock_drawing
from cases.explaining import words as why
from cases.explaining.reading import explained, find_clock
from companyos.web.errors import DomainError
from companyos.web.gate import console_view
from sla.explaining.explain import Explanation
from sla.models import Clock


class InstantForm(forms.Form):
    """The instant to look at, on the reader's wall clock; links give it with its offset."""

    at = forms.DateTimeField(
        required=False,
        label="As it stood at",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
    )


@console_view(GET="case.read")
def clock(request: HttpRequest, reference: str, clock_id: int) -> HttpResponse:
    """The page. An instant that cannot be told of is said so (422), beside the clock as it is now."""
    case = get_case(reference, request.actor, content=False)
    found, now = find_clock(case, clock_id), timezone.now()
    form = InstantForm(request.GET)
    at = form.cleaned_data["at"] if form.is_valid() else None
    try:
        told = explained(case, found, request.actor, at, now)
    except DomainError as error:
        form.add_error("at", error.message)
        at, told = None, explained(case, found, request.actor, None, now)
    page = _shown(told) | {
        "case": case,
        "clock": found,
        "clocks": _siblings(found),
        "form": form,
        "picked": timezone.localtime(told.at),
        "is_now": at is None,
        "places": clock_causes.places(case, told, request.actor),
        "place": "cases",
    }
    return render(request, "cases/clock.html", page, status=422 if form.errors else 200)


def _shown(told: Explanation) -> dict[str, Any]:
    here = timezone.get_current_timezone()
    return {
        "told": told,
        "dial": dials.dial(told.reading),
        "because": why.because(told, here),
        "drawing": clock_drawing.draw(told, here),
    }


def _siblings(clock: Clock) -> list[Clock]:
    """Every clock of the case: all metrics, cycles and rounds."""
    order = list(dials.METRIC_NAMES)
    found = Clock.objects.filter(clock_set_id=clock.clock_set_id)
    return sorted(found, key=lambda one: (one.cycle, order.index(one.metric), one.round))
