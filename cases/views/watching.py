"""Watching a case by its button."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cases import watching as verbs
from cases.access import get_case
from cases.views.deeds import changed
from companyos.web.gate import console_view


@console_view(POST="case.watch")
def watchers(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin to watch, or with watch=no end it; what holds already stays."""
    case = get_case(reference, request.actor, viewed=False)
    if request.POST.get("watch") == "no":
        verbs.unwatch(case, actor=request.actor)
        return changed(request, case, f"You watch {case.reference} no more.")
    verbs.watch(case, actor=request.actor, now=timezone.now())
    return changed(request, case, f"You watch {case.reference}: its alerts reach you, too.")
